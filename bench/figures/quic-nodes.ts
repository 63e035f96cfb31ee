/**
 * Two real nodes in two OS processes. `a` measures; `b`, started by quic-other.ts, has servers under the names
 * `sink` and `other sink` that take what is sent to them.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenServer, type Node, type Self, type ServerPid, startNode } from 'barrel-actors'
import type { Arm } from '../harness/figure.ts'
import { type OtherProcess, startOther } from '../harness/other-process.ts'
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

export const sinkName = 'sink'
export const otherSinkName = 'other sink'

export interface SinkProtocol {
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

/** What is not the same for every node of these figures. */
export interface BenchNodeOptions {
  /** Default: of the system's choice. */
  readonly listenPort?: number
  /** Default: of the carrier's choice. */
  readonly packetBytesMax?: number
  /** Where it finds the other one. */
  readonly addresses?: readonly string[]
}

/** The other side: a node with the sinks, until it is stopped or the OS process ends. */
export async function startSinkNode(folder: string, options: BenchNodeOptions): Promise<Node> {
  const node = await startBenchNode('b', folder, options)
  for (const name of [sinkName, otherSinkName]) node.register(name, node.spawn(Sink))
  return node
}

/** The same in an OS process of its own. */
export function startSinkProcess(folder: string, options: BenchNodeOptions): Promise<OtherProcess<QuicReady>> {
  return startOther<QuicReady>(new URL('./quic-other.js', import.meta.url), [folder, JSON.stringify(options)])
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

function withSink(packetBytesMax: number | undefined, measure: Measure): Promise<number> {
  return inFolder(async folder => {
    const options = packetBytesMax === undefined ? {} : { packetBytesMax }
    const other = await startSinkProcess(folder, options)
    const node = await startBenchNode('a', folder, { ...options, addresses: [other.ready.address] })
    const value = await measureFrom(node, other.ready, measure)
    await node.stop()
    await other.stop()
    return value
  })
}

/** Gives it a folder of its own, which is removed afterwards. */
export async function inFolder<Value>(run: (folder: string) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
  try {
    return await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function measureFrom(node: Node, { address }: QuicReady, measure: Measure): Promise<number> {
  const [otherName] = address.split(':')
  return inProcess(node, async self => measure(self, await sinkOf(self, otherName as string, sinkName), node))
}

export async function sinkOf(self: Self, node: string, name: string): Promise<ServerPid<SinkProtocol>> {
  return (await self.call({ name, node }, 'who')) as ServerPid<SinkProtocol>
}

/** A node on loopback with its data in that folder. */
export function startBenchNode(name: string, folder: string, options: BenchNodeOptions): Promise<Node> {
  const { listenPort = 0, addresses = [], packetBytesMax } = options
  const quic = { listenPort, address: '127.0.0.1', ...(packetBytesMax !== undefined && { packetBytesMax }) }
  return startNode({ name: `${name}@127.0.0.1`, dataDir: join(folder, name), quic, addresses })
}
