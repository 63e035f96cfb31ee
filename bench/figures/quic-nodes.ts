/**
 * Two real nodes in two OS processes. `a` measures; `b`, started by quic-other.ts, has servers under the names
 * `sink` and `other sink` that take what is sent to them.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenServer, type Node, Quic, type Self, type ServerPid, startNode } from 'barrel-actors'
import type { Arm } from '../harness/figure.ts'
import { startOther } from '../harness/other-process.ts'
import { callsPerSecond, roundTripMs, stepsPerSecond } from '../harness/pace.ts'
import {
  bulkFlow,
  bulkMessage,
  callersAtOnce,
  checkBesideBulk,
  checkRoundTrip,
  countsUnderBulk,
  type Flow,
  roundTripMessage,
} from '../workload.ts'
import { inProcess } from './in-process.ts'

/** What the other OS process says when its node is up: how to reach it. */
export interface QuicReady {
  readonly address: string
}

const sinkName = 'sink'
const otherSinkName = 'other sink'

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

/** The other side: a node with the sinks, until the OS process ends. */
export async function startSinkNode(dataDir: string, packetBytesMax: number | undefined): Promise<QuicReady> {
  const node = await startBenchNode('b', dataDir, [], packetBytesMax)
  for (const name of [sinkName, otherSinkName]) node.register(name, node.spawn(Sink))
  return { address: `${node.name}:${node.extension(Quic).address.port}` }
}

/** Messages per second, one way, from one process to the sink; in packets of that size, or of the carrier's choice. */
export function quicFlow(flow: Flow, message: (count: number) => unknown, packetBytesMax?: number): Arm {
  return () =>
    withSink(packetBytesMax, async (self, sink) => {
      const { step, finish } = sending(self, sink, flow, message)
      return (await stepsPerSecond(step, finish)) * flow.messagesPerBatch
    })
}

/** The time in milliseconds within which that share of one caller's calls to the sink were answered. */
export function quicRoundTrip(share: number): Arm {
  return () => withSink(undefined, (self, sink) => roundTripMs(share, caller(self, sink)))
}

/** The same while another process of the same node sends 1 MiB messages to the other sink. */
export function quicRoundTripUnderBulk(share: number): Arm {
  return () =>
    withSink(undefined, async (self, sink, node) => {
      let isOver = false
      const bulk = inProcess(node, async sender => {
        const bytes = bulkMessage()
        const otherSink = await sinkOf(sender, sink.node, otherSinkName)
        const { step, finish } = sending(sender, otherSink, bulkFlow, () => bytes)
        const startMs = performance.now()
        let messages = 0
        for (; !isOver; messages++) await step()
        await finish()
        checkBesideBulk(messages, performance.now() - startMs)
      })
      const tripMs = await roundTripMs(share, caller(self, sink), countsUnderBulk)
      isOver = true
      await bulk
      return tripMs
    })
}

/** Calls per second of many processes at once, each awaiting its reply before it calls again. */
export function quicCalls(): Arm {
  return () =>
    withSink(undefined, async (_, sink, node) => {
      const callers: (() => Promise<void>)[] = []
      for (let started = 0; started < callersAtOnce; started++) {
        callers.push(caller(await processOf(node), sink))
      }
      return callsPerSecond(callers)
    })
}

// What a process does that sends in batches, with so many on their way.
function sending(self: Self, sink: ServerPid<SinkProtocol>, flow: Flow, message: (count: number) => unknown) {
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
  return { step, finish: () => acknowledged(0) }
}

function caller(self: Self, sink: ServerPid<SinkProtocol>): () => Promise<void> {
  let count = 0
  return async () => {
    const sent = count++
    checkRoundTrip(sent, await self.call(sink, roundTripMessage(sent)))
  }
}

/** A process that lives as long as the node, and acts as it is told from outside. */
function processOf(node: Node): Promise<Self> {
  return new Promise(resolve => {
    node.spawn(async (self: Self) => {
      resolve(self)
      await self.receive()
    })
  })
}

type Measure = (self: Self, sink: ServerPid<SinkProtocol>, node: Node) => Promise<number>

async function withSink(packetBytesMax: number | undefined, measure: Measure): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
  try {
    const args = [join(folder, 'b'), String(packetBytesMax ?? '')]
    const other = await startOther<QuicReady>(new URL('./quic-other.js', import.meta.url), args)
    const node = await startBenchNode('a', join(folder, 'a'), [other.ready.address], packetBytesMax)
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
  return inProcess(node, async self => measure(self, await sinkOf(self, otherName as string, sinkName), node))
}

async function sinkOf(self: Self, node: string, name: string): Promise<ServerPid<SinkProtocol>> {
  return (await self.call({ name, node }, 'who')) as ServerPid<SinkProtocol>
}

function startBenchNode(
  name: string,
  dataDir: string,
  addresses: readonly string[],
  packetBytesMax: number | undefined,
): Promise<Node> {
  const quic = { listenPort: 0, address: '127.0.0.1', ...(packetBytesMax === undefined ? {} : { packetBytesMax }) }
  return startNode({ name: `${name}@127.0.0.1`, dataDir, quic, addresses })
}
