// One flow from end to end: what senders give on one side, cut into parts and put together again on the other.
import { createHash } from 'node:crypto'
import { hasCode, type Node, type Signal, SignalDecoder, SignalEncoder, startNode } from '@barrel-actors/runtime'
import { changed, cut, cuts, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { limits } from '../limits.ts'
import { partHead } from './frames.ts'
import { IncomingFlow, type IncomingOwner } from './incoming-flow.ts'
import { IncomingFlows, type IncomingFlowsOwner } from './incoming-flows.ts'
import { type FlowOwner, OutgoingFlow } from './outgoing-flow.ts'
import { ParcelBuffers } from './parcel-buffers.ts'
import { sharedFlow, signalStreamsCount } from './streams.ts'

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

/** The bytes that wait in one stream. */
class Queue {
  queued: Buffer[] = []
  /** What was handed over, until it is taken out whole. */
  #handed: { readonly end: number; readonly taken: () => void }[] = []
  #written = 0
  #taken = 0

  get bytes(): number {
    return this.queued.reduce((sum, bytes) => sum + bytes.length, 0)
  }

  add(bytes: Buffer, taken?: () => void): void {
    this.queued.push(bytes)
    this.#written += bytes.length
    if (taken !== undefined) this.#handed.push({ end: this.#written, taken })
  }

  /** Takes up to that many bytes out of it. */
  take(bytesMax: number): Buffer {
    const all = Buffer.concat(this.queued)
    this.#drop(Math.min(bytesMax, all.length))
    return all.subarray(0, bytesMax)
  }

  #drop(bytes: number): void {
    this.#taken += bytes
    for (let left = bytes; left > 0; ) {
      const [first] = this.queued as [Buffer]
      if (first.length > left) this.queued[0] = first.subarray(left)
      else this.queued.shift()
      left -= Math.min(left, first.length)
    }
    while (this.#handed[0] !== undefined && this.#handed[0].end <= this.#taken) this.#handed.shift()?.taken()
  }
}

/** The streams of a flow, its own and the shared one, which the test empties as it likes. */
class Stream implements FlowOwner {
  readonly underWay: { bytes: number } = { bytes: 0 }
  readonly waiting: { bytes: number } = { bytes: 0 }
  readonly buffers: ParcelBuffers = new ParcelBuffers()
  readonly queues: readonly Queue[] = Array.from({ length: signalStreamsCount }, () => new Queue())

  createEncoder(): SignalEncoder {
    return new SignalEncoder(a)
  }

  write(flow: number, bytes: Uint8Array, start: number, end: number): void {
    this.queues[flow]?.add(Buffer.from(bytes.subarray(start, end)))
  }

  hand(flow: number, head: Uint8Array, bytes: Uint8Array, taken?: () => void): void {
    this.queues[flow]?.add(Buffer.from(head))
    // Not copied: what is written over before it is taken arrives broken.
    this.queues[flow]?.add(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), taken)
  }

  queuedBytesOf(flow?: number): number {
    const queues = flow === undefined ? this.queues : [this.queues[flow] as Queue]
    return queues.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Up to that many bytes of what was written: of the shared stream first, of the others then. */
  take(bytesMax: number): Buffer {
    const parts: Buffer[] = []
    let left = bytesMax
    for (const queue of [...this.queues].reverse()) {
      const part = queue.take(left)
      left -= part.length
      parts.push(part)
    }
    return Buffer.concat(parts)
  }
}

class Receiver implements IncomingOwner, IncomingFlowsOwner {
  isReading = true
  readonly assembling: { bytes: number } = { bytes: 0 }
  readonly signals: Signal[] = []
  assemblingMax = 0
  /** Streams that are read, and flows that are to leave. */
  readonly read = new Set<number>([sharedFlow])
  readonly asked: number[] = []

  createDecoder(): SignalDecoder {
    return new SignalDecoder(b, a)
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
    this.signals.push(signal)
    this.assemblingMax = Math.max(this.assemblingMax, this.assembling.bytes)
  }
}

interface Note {
  readonly sender: number
  readonly count: number
  readonly bytes?: Uint8Array
  readonly text?: string
}

const noteOf = (signal: Signal) => (signal as { message: unknown }).message as Note
const send = (flow: OutgoingFlow, message: Note) =>
  flow.send({ kind: 'send', from: a.pid, to: b.pid, message }, message.sender)

// Comparing the bytes one by one would take longer than everything else.
const summary = ({ sender, count, bytes, text = '' }: Note) =>
  `${sender} ${count} ${createHash('sha256')
    .update(bytes ?? text)
    .digest('hex')}`

/** Brings up to that many bytes of the streams that are read to the other end; `order` says which of them first. */
function arrive(stream: Stream, receiver: Receiver, incoming: IncomingFlows, bytesMax: number, order = 0): void {
  const streams = [...stream.queues.keys()].filter(flow => receiver.read.has(flow) && stream.queuedBytesOf(flow) > 0)
  const flow = streams[order % streams.length]
  if (flow !== undefined) expect(incoming.receive(flow, (stream.queues[flow] as Queue).take(bytesMax))).toBeUndefined()
}

const KiB = 1024
const size = fc.oneof(fc.nat(200), fc.nat(70 * KiB), fc.integer({ min: 60 * KiB, max: 400 * KiB }))
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ sender: fc.nat(4), size, isText: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 300 * KiB }) }) },
)

test('each sender’s messages arrive whole and in its order, however large, and however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const [stream, receiver] = [new Stream(), new Receiver()]
      const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlows(receiver)]
      const sent = new Map<number, Note[]>()
      const arriveSome = (bytesMax: number) => {
        arrive(stream, receiver, incoming, bytesMax, bytesMax)
        outgoing.feed()
      }
      for (const each of steps) {
        if ('take' in each) arriveSome(each.take)
        else {
          const notes = sent.get(each.sender) ?? []
          sent.set(each.sender, notes)
          const body = each.isText
            ? { text: '\u20ac'.repeat(each.size) }
            : { bytes: new Uint8Array(each.size).fill(each.sender + 5 * notes.length) }
          const note = { sender: each.sender, count: notes.length, ...body }
          notes.push(note)
          send(outgoing, note)
        }
      }
      while (stream.queuedBytesOf() > 0) arriveSome(100 * KiB)
      for (const [sender, notes] of sent) {
        const got = receiver.signals.map(noteOf).filter(note => note.sender === sender)
        expect(got.map(summary)).toEqual(notes.map(summary))
      }
      expect([stream.waiting.bytes, stream.underWay.bytes, incoming.assembling.bytes]).toEqual([0, 0, 0])
    }),
    { numRuns: 40 },
  )
})

test('a small message of another sender gets past a large one, and the next of the same sender does not', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlows(receiver)]
  send(outgoing, { sender: 1, count: 0, bytes: new Uint8Array(10_000 * KiB) })
  send(outgoing, { sender: 1, count: 1 })
  send(outgoing, { sender: 2, count: 0 })
  while (stream.queuedBytesOf() > 0) {
    arrive(stream, receiver, incoming, 64 * KiB)
    outgoing.feed()
  }
  expect(receiver.signals.map(noteOf).map(({ sender, count }) => [sender, count])).toEqual([
    [2, 0],
    [1, 0],
    [1, 1],
  ])
})

test('no more large messages are under way at a time than the other end puts together', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlows(receiver)]
  const senders = limits.messagesUnderWayMax * 3
  for (let sender = 0; sender < senders; sender++) {
    send(outgoing, { sender, count: 0, bytes: new Uint8Array(2_000 * KiB) })
  }
  while (stream.queuedBytesOf() > 0) {
    arrive(stream, receiver, incoming, 64 * KiB)
    outgoing.feed()
  }
  expect(receiver.signals).toHaveLength(senders)
  expect(receiver.assemblingMax).toBeLessThanOrEqual(limits.messagesUnderWayMax * 2_100 * KiB)
})

test('a message that is too large is refused where it is sent, and what comes after it arrives', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlows(receiver)]
  const huge = { sender: 1, count: 0, bytes: new Uint8Array(limits.messageBytesMax) }
  expect(() => send(outgoing, huge)).toThrow(/more than/)
  send(outgoing, { sender: 1, count: 1 })
  arrive(stream, receiver, incoming, KiB)
  expect(receiver.signals.map(noteOf)).toEqual([{ sender: 1, count: 1 }])
})

test('the memory of a large message is used again, once its last byte is taken and no sooner', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlows(receiver)]
  const notes = [1, 2, 3].map(sender => ({ sender, count: 0, bytes: new Uint8Array(200 * KiB).fill(sender) }))
  const memory = vi.spyOn(stream.buffers, 'give')
  send(outgoing, notes[0] as Note)
  arrive(stream, receiver, incoming, KiB)
  arrive(stream, receiver, incoming, 150 * KiB)
  expect(memory).not.toHaveBeenCalled()
  send(outgoing, notes[1] as Note)
  arrive(stream, receiver, incoming, 100 * KiB)
  expect(memory).toHaveBeenCalledTimes(1)
  send(outgoing, notes[2] as Note)
  for (; stream.queuedBytesOf() > 0; outgoing.feed()) arrive(stream, receiver, incoming, 100 * KiB)
  expect(receiver.signals.map(signal => summary(noteOf(signal)))).toEqual(notes.map(summary))
  expect(memory).toHaveBeenCalledTimes(3)
})

/** What a flow brought that carried small messages and two large ones at a time. */
function recordedFlow(): Buffer {
  const stream = new Stream()
  const outgoing = new OutgoingFlow(0, stream)
  outgoing.leave()
  for (let sender = 0; sender < 2; sender++) {
    send(outgoing, { sender, count: 0, text: 'small' })
    send(outgoing, { sender, count: 1, bytes: new Uint8Array(90 * KiB) })
    send(outgoing, { sender: sender + 2, count: 0, bytes: new Uint8Array(10) })
  }
  return (stream.queues[0] as Queue).take(400 * KiB)
}

/** A signal in parts of a few bytes each, whose heads are often what changes. */
function smallParts(): Buffer {
  const encoder = new SignalEncoder(a)
  const signal = encoder.encodeAlone({ kind: 'send', from: a.pid, to: b.pid, message: 'in parts' })
  const parts = [signal.subarray(0, 9), signal.subarray(9)]
  return Buffer.concat(
    parts.flatMap((part, index) => [partHead(3, part.length, index === 0 ? signal.length : undefined), part]),
  )
}

test('whatever comes in a flow is refused or becomes signals, and holds no more memory than came, and two mebibytes a message', () => {
  const [parts, flow] = [smallParts(), recordedFlow()]
  const streams = fc.oneof(
    { weight: 8, arbitrary: changed([parts, Buffer.concat([parts, parts]), flow.subarray(0, 300)]) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  )
  const receive = (pieces: readonly Uint8Array[]) => {
    const receiver = new Receiver()
    const problem = problemOfFlow(new IncomingFlow(0, receiver), pieces)
    return { problem, signals: receiver.signals.length, assembling: receiver.assembling.bytes }
  }
  return fuzz('flows', fc.tuple(streams, cuts), ([stream, sizes]) => {
    const whole = receive([stream])
    expect(receive(cut(stream, sizes))).toEqual(whole)
    expect(whole.assembling).toBeLessThanOrEqual(2 * stream.length + 2 * limits.messagesUnderWayMax * KiB * KiB)
    return whole.problem === undefined ? 'accepted' : 'refused'
  })
})

function problemOfFlow(incoming: IncomingFlow, pieces: readonly Uint8Array[]): string | undefined {
  try {
    for (const piece of pieces) {
      const problem = incoming.push(piece)
      if (problem !== undefined) return problem
    }
    return undefined
  } catch (error) {
    if (!hasCode(error, 'E_SIGNAL_INVALID')) throw error
    return error.message
  }
}

test('a part that goes on behind the end of its message is refused, wherever it is cut', () => {
  const parts = smallParts()
  // The second part says that it has five bytes more than there is room for.
  const longer = Buffer.concat([parts, Buffer.alloc(5)])
  const second = partHead(3, 1, 1).length + 9
  longer.writeUInt32BE(longer.readUInt32BE(second) + 5, second)
  for (let size = 1; size <= longer.length; size++) {
    const incoming = new IncomingFlow(0, new Receiver())
    expect(problemOfFlow(incoming, cut(longer, [size]))).toBe('a message that is longer than it said')
  }
})

test('what a peer does wrong with parts is told, and holds no memory that was only announced', () => {
  const problemOf = (...parts: [message: number, size: number | undefined, bytes: number][]) => {
    const receiver = new Receiver()
    const incoming = new IncomingFlow(0, receiver)
    for (const [message, size, bytes] of parts) {
      const problem = incoming.part(message, size, bytes) ?? incoming.piece(message, Buffer.alloc(bytes), 0, bytes)
      if (problem !== undefined) return problem
    }
    return `nothing, and ${receiver.assembling.bytes} bytes`
  }
  expect(problemOf([1, undefined, 5])).toMatch('has not begun')
  expect(problemOf([1, 9, 5], [1, 9, 4])).toMatch('begins twice')
  expect(problemOf([1, 9, 5], [1, undefined, 5])).toMatch('longer than it said')
  expect(problemOf([1, 9, 10])).toMatch('longer than it said')
  expect(problemOf([1, limits.messageBytesMax + 1, 5])).toMatch('more than')
  expect(problemOf([1, 0, 5])).toMatch('more than')
  const many = Array.from({ length: limits.messagesUnderWayMax + 1 }, (_, message): [number, number, number] => [
    message,
    10,
    1,
  ])
  expect(problemOf(...many)).toMatch('too many')
  expect(problemOf([1, limits.messageBytesMax, 5])).toBe(`nothing, and ${2048 * KiB} bytes`)
})

test('all flows of a channel share what may be under way, at either end', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlow(0, receiver)]
  stream.underWay.bytes = limits.underWayBytesMax
  send(outgoing, { sender: 1, count: 0, bytes: new Uint8Array(100 * KiB) })
  expect(stream.queuedBytesOf(0)).toBe(0)
  stream.underWay.bytes = 0
  outgoing.feed()
  expect(stream.queuedBytesOf(0)).toBeGreaterThan(100 * KiB)
  receiver.assembling.bytes = limits.assemblyBytesMax - 2048 * KiB
  expect([incoming.part(1, 2100 * KiB, 1), incoming.part(2, 10, 1)]).toEqual([
    undefined,
    expect.stringContaining('of more than'),
  ])
  const piece = Buffer.alloc(64 * KiB)
  const problems = Array.from({ length: 33 }, () => incoming.piece(1, piece, 0, piece.length))
  expect(problems.slice(31)).toEqual([undefined, expect.stringContaining('of more than')])
})

test('what comes after the end of the channel is read by nobody, whole or in parts', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlows(receiver)]
  send(outgoing, { sender: 1, count: 0 })
  send(outgoing, { sender: 2, count: 0, bytes: new Uint8Array(70 * KiB) })
  receiver.isReading = false
  arrive(stream, receiver, incoming, 100 * KiB)
  expect([receiver.signals, receiver.assembling.bytes]).toEqual([[], 0])
})

test('bytes that come in a part of their own are no window into other memory', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlows(receiver)]
  send(outgoing, { sender: 1, count: 0, bytes: new Uint8Array(300 * KiB) })
  send(outgoing, { sender: 1, count: 1, bytes: new Uint8Array(3 * KiB) })
  while (stream.queuedBytesOf() > 0) {
    arrive(stream, receiver, incoming, 64 * KiB)
    outgoing.feed()
  }
  const [, small] = receiver.signals.map(noteOf)
  expect(small?.bytes?.buffer.byteLength).toBeLessThan(3 * KiB + 100)
})
