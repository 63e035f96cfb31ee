// One flow from end to end: what senders give on one side, cut into parts and put together again on the other.
import { createHash } from 'node:crypto'
import { type Node, type Signal, SignalDecoder, SignalEncoder, startNode } from '@barrel-actors/runtime'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { IncomingFlow, type IncomingOwner } from './incoming-flow.ts'
import { type FlowOwner, OutgoingFlow } from './outgoing-flow.ts'

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

/** A stream of bytes, which the test empties as it likes. */
class Stream implements FlowOwner {
  readonly underWay: { bytes: number } = { bytes: 0 }
  queued: Buffer[] = []

  createEncoder(): SignalEncoder {
    return new SignalEncoder(a)
  }

  write(_: number, bytes: Uint8Array): void {
    this.queued.push(Buffer.from(bytes))
  }

  queuedBytesOf(): number {
    return this.queued.reduce((sum, bytes) => sum + bytes.length, 0)
  }

  /** Takes up to that many bytes out of it. */
  take(bytesMax: number): Buffer {
    const all = Buffer.concat(this.queued)
    this.queued = all.length > bytesMax ? [all.subarray(bytesMax)] : []
    return all.subarray(0, bytesMax)
  }
}

class Receiver implements IncomingOwner {
  isReading = true
  readonly assembling: { bytes: number } = { bytes: 0 }
  readonly signals: Signal[] = []
  assemblingMax = 0

  createDecoder(): SignalDecoder {
    return new SignalDecoder(b, a)
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
      const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlow(0, receiver)]
      const sent = new Map<number, Note[]>()
      const arrive = (bytesMax: number) => {
        expect(incoming.push(stream.take(bytesMax))).toBeUndefined()
        outgoing.feed()
      }
      for (const each of steps) {
        if ('take' in each) arrive(each.take)
        else {
          const notes = sent.get(each.sender) ?? []
          sent.set(each.sender, notes)
          const body = each.isText ? { text: '\u20ac'.repeat(each.size) } : { bytes: new Uint8Array(each.size).fill(7) }
          const note = { sender: each.sender, count: notes.length, ...body }
          notes.push(note)
          send(outgoing, note)
        }
      }
      while (stream.queuedBytesOf() > 0) arrive(100 * KiB)
      for (const [sender, notes] of sent) {
        const got = receiver.signals.map(noteOf).filter(note => note.sender === sender)
        expect(got.map(summary)).toEqual(notes.map(summary))
      }
      expect([outgoing.waitingBytes, stream.underWay.bytes, receiver.assembling.bytes]).toEqual([0, 0, 0])
    }),
    { numRuns: 40 },
  )
})

test('a small message of another sender gets past a large one, and the next of the same sender does not', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlow(0, receiver)]
  send(outgoing, { sender: 1, count: 0, bytes: new Uint8Array(10_000 * KiB) })
  send(outgoing, { sender: 1, count: 1 })
  send(outgoing, { sender: 2, count: 0 })
  while (stream.queuedBytesOf() > 0) {
    incoming.push(stream.take(64 * KiB))
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
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlow(0, receiver)]
  const senders = limits.messagesUnderWayMax * 3
  for (let sender = 0; sender < senders; sender++) {
    send(outgoing, { sender, count: 0, bytes: new Uint8Array(2_000 * KiB) })
  }
  while (stream.queuedBytesOf() > 0) {
    expect(incoming.push(stream.take(64 * KiB))).toBeUndefined()
    outgoing.feed()
  }
  expect(receiver.signals).toHaveLength(senders)
  expect(receiver.assemblingMax).toBeLessThanOrEqual(limits.messagesUnderWayMax * 2_100 * KiB)
})

test('a message that is too large is refused where it is sent, and what comes after it arrives', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlow(0, receiver)]
  const huge = { sender: 1, count: 0, bytes: new Uint8Array(limits.messageBytesMax) }
  expect(() => send(outgoing, huge)).toThrow(/more than/)
  send(outgoing, { sender: 1, count: 1 })
  incoming.push(stream.take(KiB))
  expect(receiver.signals.map(noteOf)).toEqual([{ sender: 1, count: 1 }])
})

test('what a peer does wrong with parts is told, and holds no memory that was only announced', () => {
  const problemOf = (...parts: [message: number, size: number | undefined, bytes: number][]) => {
    const receiver = new Receiver()
    const incoming = new IncomingFlow(0, receiver)
    for (const [message, size, bytes] of parts) {
      const problem = incoming.part(message, size) ?? incoming.piece(message, Buffer.alloc(bytes), 0, bytes)
      if (problem !== undefined) return problem
    }
    return `nothing, and ${receiver.assembling.bytes} bytes`
  }
  expect(problemOf([1, undefined, 5])).toMatch('has not begun')
  expect(problemOf([1, 9, 5], [1, 9, 4])).toMatch('begins twice')
  expect(problemOf([1, 9, 5], [1, undefined, 5])).toMatch('longer than it said')
  expect(problemOf([1, limits.messageBytesMax + 1, 5])).toMatch('more than')
  expect(problemOf([1, 0, 5])).toMatch('more than')
  const many = Array.from({ length: limits.messagesUnderWayMax + 1 }, (_, message): [number, number, number] => [
    message,
    10,
    1,
  ])
  expect(problemOf(...many)).toMatch('too many')
  expect(problemOf([1, limits.messageBytesMax, 5])).toBe(`nothing, and ${1024 * KiB} bytes`)
})

test('all flows of a channel share what may be under way, at either end', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlow(0, receiver)]
  stream.underWay.bytes = limits.underWayBytesMax
  send(outgoing, { sender: 1, count: 0, bytes: new Uint8Array(100 * KiB) })
  expect(stream.queuedBytesOf()).toBe(0)
  stream.underWay.bytes = 0
  outgoing.feed()
  expect(stream.queuedBytesOf()).toBeGreaterThan(100 * KiB)
  receiver.assembling.bytes = limits.assemblyBytesMax - 1024 * KiB
  expect([incoming.part(1, 1100 * KiB), incoming.part(2, 10)]).toEqual([
    undefined,
    expect.stringContaining('of more than'),
  ])
  const piece = Buffer.alloc(64 * KiB)
  const problems = Array.from({ length: 17 }, () => incoming.piece(1, piece, 0, piece.length))
  expect(problems.slice(15)).toEqual([undefined, expect.stringContaining('of more than')])
})

test('what comes after the end of the channel is read by nobody, whole or in parts', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlow(0, receiver)]
  send(outgoing, { sender: 1, count: 0 })
  send(outgoing, { sender: 2, count: 0, bytes: new Uint8Array(70 * KiB) })
  receiver.isReading = false
  incoming.push(stream.take(100 * KiB))
  expect([receiver.signals, receiver.assembling.bytes]).toEqual([[], 0])
})

test('bytes that come in a part of their own are no window into other memory', () => {
  const [stream, receiver] = [new Stream(), new Receiver()]
  const [outgoing, incoming] = [new OutgoingFlow(0, stream), new IncomingFlow(0, receiver)]
  send(outgoing, { sender: 1, count: 0, bytes: new Uint8Array(300 * KiB) })
  send(outgoing, { sender: 1, count: 1, bytes: new Uint8Array(3 * KiB) })
  while (stream.queuedBytesOf() > 0) {
    incoming.push(stream.take(64 * KiB))
    outgoing.feed()
  }
  const [, small] = receiver.signals.map(noteOf)
  expect(small?.bytes?.buffer.byteLength).toBeLessThan(3 * KiB + 100)
})
