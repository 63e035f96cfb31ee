import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { FrameReader, frameHeadBytes, writeFrameHead } from './frames.ts'

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.concat([Buffer.alloc(frameHeadBytes), body])
  writeFrameHead(frame)
  return frame
}

/** What comes out of a reader when the stream arrives in pieces of those sizes, the last one taking the rest. */
function readAll(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const reader = new FrameReader()
  const frames: Buffer[] = []
  let at = 0
  for (const size of [...sizes, stream.length]) {
    // A copy that is overwritten: nothing may refer to the bytes after the call.
    const piece = Buffer.from(stream.subarray(at, at + size))
    const problem = reader.push(piece, (bytes, start, end) => frames.push(Buffer.from(bytes.subarray(start, end))))
    expect(problem).toBeUndefined()
    piece.fill(0xee)
    at += size
  }
  return frames
}

const bodies = fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 12 })
const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 60 })

test('frames come out whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(bodies, sizes, (sent, cuts) => {
      const frames = readAll(Buffer.concat(sent.map(framed)), cuts)
      expect(frames.map(frame => frame.toString('hex'))).toEqual(sent.map(body => Buffer.from(body).toString('hex')))
    }),
  )
})

test('a stream that comes byte by byte loses nothing', () => {
  const sent = [Buffer.from('one'), Buffer.alloc(0), Buffer.from('three')]
  const stream = Buffer.concat(sent.map(framed))
  expect(readAll(stream, Array(stream.length).fill(1))).toEqual(sent)
})

test.each([0, 1, 2, 3, 4])('a frame over the limit is refused, also when its head is cut after %i bytes', cut => {
  const head = Buffer.alloc(frameHeadBytes + 1)
  head.writeUInt32BE(limits.frameBytesMax + 1)
  const reader = new FrameReader()
  const never = () => expect.unreachable()
  const problem = reader.push(head.subarray(0, cut), never) ?? reader.push(head.subarray(cut), never)
  expect(problem).toMatch(/more than/)
})

test('a length that is only announced takes no memory', () => {
  const head = Buffer.alloc(frameHeadBytes)
  head.writeUInt32BE(limits.frameBytesMax)
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 100 }, () => new FrameReader())
  for (const reader of readers) reader.push(head, () => expect.unreachable())
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(limits.frameBytesMax)
  expect(readers).toHaveLength(100)
})
