/**
 * Two real nodes in two OS processes: everything that the quic.* figures need to know of the API. `a` measures;
 * `b`, started by quic-other.ts, has a server under the name `sink` that takes what is sent to it.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenServer, type Node, Quic, type Self, type ServerPid, startNode } from 'barrel-actors'
import type { Arm } from '../harness/figure.ts'
import { startOther } from '../harness/other-process.ts'
import { roundTripMs, stepsPerSecond } from '../harness/pace.ts'
import type { Flow } from '../workload.ts'
import { inProcess } from './in-process.ts'

/** What the other OS process says when its node is up: how to reach it. */
export interface QuicReady {
  readonly address: string
}

const sinkName = 'sink'

interface SinkProtocol {
  /** `'who'` is answered with its pid, everything else with itself: the round trip. */
  call: ((request: 'who') => Self['pid']) | ((request: object) => object)
  cast: { readonly acknowledgeTo: Self['pid']; readonly every: number }
  info: unknown
}

class Sink extends GenServer<SinkProtocol> {
  #acknowledgeTo: Self['pid'] | undefined
  #every = 1
  #taken = 0

  override handleCall(request: 'who' | object) {
    return request === 'who' ? this.pid : request
  }

  override handleCast({ acknowledgeTo, every }: SinkProtocol['cast']) {
    this.#acknowledgeTo = acknowledgeTo
    this.#every = every
  }

  override handleInfo() {
    this.#taken++
    if (this.#taken % this.#every === 0 && this.#acknowledgeTo !== undefined) this.send(this.#acknowledgeTo, 'taken')
  }
}

/** The other side: a node with the sink, until the OS process ends. */
export async function startSinkNode(dataDir: string): Promise<QuicReady> {
  const node = await startBenchNode('b', dataDir, [])
  node.register(sinkName, node.spawn(Sink))
  return { address: `${node.name}:${node.extension(Quic).address.port}` }
}

/** Messages per second, one way, from one process to the sink. */
export function quicFlow(flow: Flow, message: (count: number) => unknown): Arm {
  return () =>
    withSink(async (self, sink) => {
      self.cast(sink, { acknowledgeTo: self.pid, every: flow.messagesPerBatch })
      let count = 0
      let batchesOnTheWay = 0
      const acknowledged = async (left: number) => {
        while (batchesOnTheWay > left) {
          await self.receive()
          batchesOnTheWay--
        }
      }
      const step = async () => {
        await acknowledged(flow.batchesMax - 1)
        batchesOnTheWay++
        for (let sent = 0; sent < flow.messagesPerBatch; sent++) self.send(sink, message(count++))
      }
      return (await stepsPerSecond(step, () => acknowledged(0))) * flow.messagesPerBatch
    })
}

/** The time in milliseconds within which that share of one caller's calls to the sink were answered. */
export function quicRoundTrip(share: number, request: (count: number) => object): Arm {
  return () =>
    withSink((self, sink) => {
      let count = 0
      return roundTripMs(share, () => self.call(sink, request(count++)))
    })
}

type Measure = (self: Self, sink: ServerPid<SinkProtocol>) => Promise<number>

async function withSink(measure: Measure): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
  try {
    const other = await startOther<QuicReady>(new URL('./quic-other.js', import.meta.url), [join(folder, 'b')])
    const node = await startBenchNode('a', join(folder, 'a'), [other.ready.address])
    const value = await measureFrom(node, other.ready, measure)
    await node.stop()
    await other.stop()
    return value
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function measureFrom(node: Node, { address }: QuicReady, measure: Measure): Promise<number> {
  const [otherName] = address.split(':')
  return inProcess(node, async self => {
    const sink = await self.call({ name: sinkName, node: otherName as string }, 'who')
    return measure(self, sink as ServerPid<SinkProtocol>)
  })
}

function startBenchNode(name: string, dataDir: string, addresses: readonly string[]): Promise<Node> {
  const quic = { listenPort: 0, address: '127.0.0.1' }
  return startNode({ name: `${name}@127.0.0.1`, dataDir, quic, addresses })
}
