import type { Signal } from '@barrel-actors/runtime'
import { type Node, SignalDecoder, SignalEncoder, startNode } from '@barrel-actors/runtime'
import { changed, cut, cuts, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { partHead } from './frames.ts'
import { IncomingFlows, type IncomingFlowsOwner } from './incoming-flows.ts'
import { type FlowOwner, OutgoingFlow } from './outgoing-flow.ts'
import { ParcelBuffers } from './parcel-buffers.ts'
import { leaveFrame, SharedReader, sharedHeadBytes, writeSharedHead } from './shared-stream.ts'
import { flowsCount, sharedFlow, signalStreamsCount } from './streams.ts'

let a: Node
let b: Node

beforeAll(async () => {
  a = await startNode({ name: 'a@host' })
  b = await startNode({ name: 'b@host' })
})

afterAll(async () => {
  await a.stop()
  await b.stop()
})

const KiB = 1024

/** Both ends of all signal streams of a channel; the test brings bytes to the other end as it likes. */
class Pair implements FlowOwner, IncomingFlowsOwner {
  readonly underWay: { bytes: number } = { bytes: 0 }
  readonly waiting: { bytes: number } = { bytes: 0 }
  readonly buffers: ParcelBuffers = new ParcelBuffers()
  readonly queues: Buffer[] = Array.from({ length: signalStreamsCount }, () => Buffer.alloc(0))
  readonly outgoing: OutgoingFlow[]
  readonly incoming: IncomingFlows = new IncomingFlows(this)
  readonly got: [sender: number, count: number][] = []
  readonly read = new Set<number>([sharedFlow])
  /** Flows that were asked to leave; the sender has not heard it yet. */
  readonly asked: number[] = []
  readonly isReading = true
  readonly counts = new Map<number, number>()

  constructor() {
    this.outgoing = Array.from({ length: flowsCount }, (_, flow) => new OutgoingFlow(flow, this))
  }

  createEncoder(): SignalEncoder {
    return new SignalEncoder(a)
  }

  createDecoder(): SignalDecoder {
    return new SignalDecoder(b, a)
  }

  write(flow: number, bytes: Uint8Array, start: number, end: number): void {
    this.queues[flow] = Buffer.concat([this.queues[flow] as Buffer, bytes.subarray(start, end)])
  }

  hand(flow: number, head: Uint8Array, bytes: Uint8Array): void {
    this.queues[flow] = Buffer.concat([this.queues[flow] as Buffer, head, bytes])
  }

  queuedBytesOf(flow: number): number {
    return this.queues[flow]?.length ?? 0
  }

  pauseStream(flow: number): void {
    this.read.delete(flow)
  }

  resumeStream(flow: number): void {
    this.read.add(flow)
  }

  askToLeave(flow: number): void {
    this.asked.push(flow)
  }

  received(signal: Signal): void {
    const { sender, count } = (signal as { message: unknown }).message as { sender: number; count: number }
    this.got.push([sender, count])
  }

  /** The next message of that sender. */
  send(sender: number, bytes = 0): void {
    const count = this.counts.get(sender) ?? 0
    this.counts.set(sender, count + 1)
    const message = { sender, count, bytes: new Uint8Array(bytes) }
    const flow = this.outgoing[sender % flowsCount] as OutgoingFlow
    flow.send({ kind: 'send', from: a.pid, to: b.pid, message }, sender)
  }

  /** Brings up to so many bytes of one stream to the other end, where that reads it. */
  arrive(stream: number, bytesMax = Number.POSITIVE_INFINITY): void {
    if (!this.read.has(stream)) return
    const queue = this.queues[stream] as Buffer
    this.queues[stream] = queue.subarray(bytesMax)
    expect(this.incoming.receive(stream, queue.subarray(0, bytesMax))).toBeUndefined()
    for (const flow of this.outgoing) flow.feed()
  }

  arriveAll(): void {
    for (let before = -1; before !== this.got.length + this.read.size; ) {
      before = this.got.length + this.read.size
      for (const stream of this.queues.keys()) this.arrive(stream)
    }
  }

  hear(): void {
    for (const flow of this.asked.splice(0)) this.outgoing[flow]?.leave()
  }

  gotOf(sender: number): number[] {
    return this.got.filter(([from]) => from === sender).map(([, count]) => count)
  }
}

describe('the shared stream', () => {
  test('carries small signals of all flows', () => {
    const pair = new Pair()
    for (let sender = 0; sender < 8; sender++) pair.send(sender)
    expect(pair.queues.map(({ length }) => length > 0)).toEqual([false, false, false, false, true])
    pair.arriveAll()
    expect(pair.got).toEqual(Array.from({ length: 8 }, (_, sender) => [sender, 0]))
  })

  test('is left by a flow with a large signal, and by no other', () => {
    const pair = new Pair()
    pair.send(1)
    pair.send(1, 100 * KiB)
    pair.send(1)
    pair.send(2)
    expect(pair.queues.map(({ length }) => length > 0)).toEqual([false, true, false, false, true])
    pair.arriveAll()
    expect(pair.gotOf(1)).toEqual([0, 1, 2])
    expect(pair.gotOf(2)).toEqual([0])
  })

  test('is left by a flow that fills it, so that it delays the others by no more than 64 KiB', () => {
    const pair = new Pair()
    for (let count = 0; count < 1_000; count++) pair.send(1, 200)
    expect(pair.queuedBytesOf(sharedFlow)).toBeLessThan(limits.sharedBytesMax + KiB)
    expect(pair.queuedBytesOf(1)).toBeGreaterThan(limits.sharedBytesMax)
    pair.arrive(sharedFlow)
    pair.send(2)
    expect(pair.queuedBytesOf(2)).toBe(0)
    pair.arriveAll()
    expect(pair.gotOf(1)).toEqual(Array.from({ length: 1_000 }, (_, count) => count))
  })

  test('is left by a flow that is not to be read: the others go on, and it goes on when it may', () => {
    const pair = new Pair()
    pair.send(1)
    pair.arriveAll()
    pair.incoming.pause(1)
    expect(pair.asked).toEqual([1])
    pair.send(1)
    pair.hear()
    for (const sender of [1, 1, 2]) pair.send(sender)
    pair.arriveAll()
    // A signal that was on its way comes all the same.
    expect([pair.gotOf(1), pair.gotOf(2)]).toEqual([[0, 1], [0]])
    expect(pair.incoming.hasPaused).toBe(true)
    pair.incoming.resume(1)
    pair.arriveAll()
    expect(pair.gotOf(1)).toEqual([0, 1, 2, 3])
  })

  test('a flow that may be read again before it has left is read in both streams', () => {
    const pair = new Pair()
    pair.incoming.pause(1)
    pair.incoming.resume(1)
    pair.hear()
    pair.send(1)
    pair.incoming.pause(1)
    pair.incoming.resume(1)
    pair.arriveAll()
    expect(pair.gotOf(1)).toEqual([0])
    expect(pair.asked).toEqual([])
  })

  test('is not read any more where a flow goes on in it that was asked to leave, until that may be read', () => {
    const pair = new Pair()
    pair.incoming.pause(1)
    const bytes = 50 * KiB
    for (let sent = 0; sent < 2 * limits.overshootBytesMax; sent += bytes) {
      pair.send(1, bytes)
      pair.arrive(sharedFlow)
    }
    expect(pair.gotOf(1).length * bytes).toBeLessThan(1.1 * limits.overshootBytesMax)
    expect(pair.read.has(sharedFlow)).toBe(false)
    pair.incoming.resume(1)
    pair.arriveAll()
    expect(pair.gotOf(1)).toHaveLength(pair.counts.get(1) as number)
  })

  test('each sender’s signals arrive in its order, whatever leaves, is paused and is read when', () => {
    const step = fc.oneof(
      fc.record({ send: fc.nat(7), bytes: fc.constantFrom(0, 0, 0, 500, 30 * KiB, 70 * KiB, 200 * KiB) }),
      fc.record({ arrive: fc.nat(signalStreamsCount - 1), most: fc.integer({ min: 1, max: 100 * KiB }) }),
      fc.record({ pause: fc.nat(flowsCount - 1) }),
      fc.record({ resume: fc.nat(flowsCount - 1) }),
      fc.constant({ hear: true }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const pair = new Pair()
        for (const each of steps) {
          if ('send' in each) pair.send(each.send, each.bytes)
          else if ('arrive' in each) pair.arrive(each.arrive, each.most)
          else if ('pause' in each) pair.incoming.pause(each.pause)
          else if ('resume' in each) pair.incoming.resume(each.resume)
          else pair.hear()
        }
        pair.hear()
        for (let flow = 0; flow < flowsCount; flow++) pair.incoming.resume(flow)
        pair.arriveAll()
        for (const [sender, count] of pair.counts) {
          expect(pair.gotOf(sender)).toEqual(Array.from({ length: count }, (_, place) => place))
        }
        expect([pair.waiting.bytes, pair.underWay.bytes, pair.incoming.assembling.bytes]).toEqual([0, 0, 0])
      }),
      { numRuns: 150 },
    )
  })
})

/** A frame of the shared stream. */
function frame(flow: number, body: string): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(sharedHeadBytes), Buffer.from(body)])
  writeSharedHead(bytes, 0, bytes.length, flow)
  return bytes
}

function outcomeOf(pieces: readonly Uint8Array[]): { problem: string | undefined; seen: string[] } {
  const seen: string[] = []
  const reader = new SharedReader({
    whole: (flow, bytes, start, end) =>
      void seen.push(`${flow} ${Buffer.from(bytes.subarray(start, end)).toString('hex')}`),
    left: flow => void seen.push(`${flow} left`),
  })
  for (const piece of pieces) {
    const problem = reader.push(piece)
    if (problem !== undefined) return { problem, seen }
  }
  return { problem: undefined, seen }
}

test.each([
  ['a flow that there is not', frame(flowsCount, 'x')],
  ['a frame without a flow', Buffer.alloc(4)],
  ['a flow that there is not, and leaves', leaveFrame(flowsCount)],
  ['a flow that leaves twice', Buffer.concat([leaveFrame(1), leaveFrame(1)])],
  ['a flow that goes on after it has left', Buffer.concat([leaveFrame(1), frame(1, 'x')])],
  ['a flow that leaves with a signal', frame(0x81, 'x')],
  ['a part', Buffer.concat([partHead(1, 1, 1), Buffer.from('x')])],
])('%s is refused in the shared stream', (_, bytes) => {
  const { problem, seen } = outcomeOf([frame(2, 'before'), bytes])
  expect(problem).toEqual(expect.any(String))
  expect(seen.filter(what => !what.endsWith('left'))).toEqual(['2 6265666f7265'])
  expect(outcomeOf([...bytes].map(byte => Buffer.of(byte))).problem).toEqual(expect.any(String))
})

test('whatever comes in the shared stream is refused or read the same, however it is cut', () => {
  const recorded = Buffer.concat([frame(0, 'one'), frame(3, 'two'), leaveFrame(0), frame(1, ''), leaveFrame(1)])
  const streams = fc.oneof(fc.uint8Array({ maxLength: 60 }), changed([recorded]))
  return fuzz('shared stream', fc.tuple(streams, cuts), ([stream, sizes]) => {
    const whole = outcomeOf([stream])
    expect(outcomeOf(cut(stream, sizes))).toEqual(whole)
    return whole.problem === undefined ? 'accepted' : 'refused'
  })
})
