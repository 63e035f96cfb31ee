import { changed, cut, cuts, fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { FrameReader, type FrameSink, frameHeadBytes, partHead, writeFrameHead } from './frames.ts'

type Sent =
  | { readonly kind: 'whole'; readonly body: Uint8Array }
  | { readonly kind: 'part'; readonly message: number; readonly size: number | undefined; readonly body: Uint8Array }

function framed(frame: Sent): Buffer {
  if (frame.kind === 'part') {
    return Buffer.concat([partHead(frame.message, frame.body.length, frame.size), frame.body])
  }
  const bytes = Buffer.concat([Buffer.alloc(frameHeadBytes), frame.body])
  writeFrameHead(bytes, 0, bytes.length)
  return bytes
}

/** Puts the pieces of each part together again. */
class Collector implements FrameSink {
  readonly seen: Sent[] = []

  whole(bytes: Uint8Array, start: number, end: number): void {
    this.seen.push({ kind: 'whole', body: Uint8Array.from(bytes.subarray(start, end)) })
  }

  part(message: number, size: number | undefined): undefined {
    this.seen.push({ kind: 'part', message, size, body: new Uint8Array() })
  }

  piece(message: number, bytes: Uint8Array, start: number, end: number): undefined {
    const last = this.seen.at(-1)
    if (last?.kind !== 'part' || last.message !== message) throw new Error('a piece of no part')
    this.seen[this.seen.length - 1] = { ...last, body: Buffer.concat([last.body, bytes.subarray(start, end)]) }
  }
}

/** What comes out of a reader when the stream arrives in pieces of those sizes, the last one taking the rest. */
function readAll(stream: Buffer, sizes: readonly number[]): Sent[] {
  const reader = new FrameReader()
  const collector = new Collector()
  let at = 0
  for (const size of [...sizes, stream.length]) {
    // A copy that is overwritten: nothing may refer to the bytes after the call.
    const piece = Buffer.from(stream.subarray(at, at + size))
    expect(reader.push(piece, collector)).toBeUndefined()
    piece.fill(0xee)
    at += size
  }
  return collector.seen
}

const plain = (frames: readonly Sent[]) =>
  frames.map(frame => ({ ...frame, body: Buffer.from(frame.body).toString('hex') }))

const word = fc.nat(0xffffffff)
const frame: fc.Arbitrary<Sent> = fc.oneof(
  fc.record({ kind: fc.constant('whole' as const), body: fc.uint8Array({ maxLength: 9000 }) }),
  fc.record({
    kind: fc.constant('part' as const),
    message: word,
    size: fc.option(word, { nil: undefined }),
    body: fc.uint8Array({ minLength: 1, maxLength: 9000 }),
  }),
)
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5000 })), { maxLength: 60 })

test('frames come out whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), sizes, (sent, cuts) => {
      expect(plain(readAll(Buffer.concat(sent.map(framed)), cuts))).toEqual(plain(sent))
    }),
  )
})

test('a stream that comes byte by byte loses nothing', () => {
  const sent: Sent[] = [
    { kind: 'whole', body: Buffer.from('one') },
    { kind: 'whole', body: Buffer.alloc(0) },
    { kind: 'part', message: 7, size: 0xfffffff0, body: Buffer.from('two') },
    { kind: 'part', message: 7, size: undefined, body: Buffer.from('three') },
  ]
  const stream = Buffer.concat(sent.map(framed))
  expect(plain(readAll(stream, Array(stream.length).fill(1)))).toEqual(plain(sent))
})

const refused: readonly [what: string, head: number, bytes: number][] = [
  ['a frame over the limit', limits.frameBytesMax + 1, 0],
  ['a first part without bytes', 0x40000000 + 8, 8],
  ['a first part that is too long', 0x40000000 + 8 + limits.partBytesMax + 1, 8],
  ['a next part without its number', 0x80000000 + 3, 3],
  ['a next part that is too long', 0x80000000 + 4 + limits.partBytesMax + 1, 4],
  ['a frame of an unknown kind', 0xc0000001, 1],
]

test.each(refused)('%s is refused, wherever its head is cut', (_, word, bytes) => {
  for (let cut = 0; cut <= frameHeadBytes; cut++) {
    const head = Buffer.alloc(frameHeadBytes + bytes)
    head.writeUInt32BE(word)
    const reader = new FrameReader()
    const sink = new Collector()
    expect(reader.push(head.subarray(0, cut), sink) ?? reader.push(head.subarray(cut), sink)).toMatch(/frame|part/)
    expect(sink.seen).toEqual([])
  }
})

test('a frame over the limit is refused also where all of it has come', () => {
  const whole = framed({ kind: 'whole', body: Buffer.alloc(limits.frameBytesMax + 1) })
  const sink = new Collector()
  expect(new FrameReader().push(whole, sink)).toMatch('a frame of more than')
  expect(sink.seen).toEqual([])
})

/** What is wrong with a stream that arrives in these pieces, and what came out of it until then. */
function outcomeOf(pieces: readonly Uint8Array[]): { problem: string | undefined; seen: Sent[] } {
  const reader = new FrameReader()
  const collector = new Collector()
  for (const piece of pieces) {
    const problem = reader.push(piece, collector)
    if (problem !== undefined) return { problem, seen: collector.seen }
  }
  return { problem: undefined, seen: collector.seen }
}

const recorded = Buffer.concat(
  [
    { kind: 'whole', body: Buffer.from('a small one') },
    { kind: 'part', message: 7, size: 300, body: Buffer.alloc(150, 1) },
    { kind: 'whole', body: Buffer.alloc(60, 2) },
    { kind: 'part', message: 7, size: undefined, body: Buffer.alloc(150, 3) },
  ].map(sent => framed(sent as Sent)),
)

test('whatever comes as frames is refused or comes out within the bounds, the same however it is cut', () => {
  const streams = fc.oneof(fc.uint8Array({ maxLength: 100 }), changed([recorded]))
  return fuzz('frames', fc.tuple(streams, cuts), ([stream, sizes]) => {
    const [whole, pieces] = [outcomeOf([stream]), outcomeOf(cut(stream, sizes))]
    expect({ ...pieces, seen: plain(pieces.seen) }).toEqual({ ...whole, seen: plain(whole.seen) })
    for (const { kind, body } of whole.seen) {
      expect(body.length).toBeLessThanOrEqual(kind === 'whole' ? limits.frameBytesMax : limits.partBytesMax)
    }
    return whole.problem === undefined ? 'accepted' : 'refused'
  })
})

test('a length that is only announced takes no memory', () => {
  const head = Buffer.alloc(frameHeadBytes + 1)
  head.writeUInt32BE(limits.frameBytesMax)
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 100 }, () => new FrameReader())
  for (const reader of readers) reader.push(head, new Collector())
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan((readers.length * limits.frameBytesMax) / 8)
  expect(readers).toHaveLength(100)
})

test('what was kept of a large frame is let go once it is whole', () => {
  const lengths: number[] = []
  const sink = { whole: (bytes: Uint8Array) => void lengths.push(bytes.length), part: () => '', piece: () => '' }
  const reader = new FrameReader()
  for (const body of [60_000, 100]) {
    const stream = framed({ kind: 'whole', body: new Uint8Array(body) })
    reader.push(stream.subarray(0, 50), sink)
    reader.push(stream.subarray(50), sink)
  }
  expect(lengths[0]).toBeGreaterThan(60_000)
  expect(lengths[1]).toBeLessThan(10_000)
})
