import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { FrameReader, FrameWriter } from './frames.ts'

const messages = [
  { n: 1, text: 'one' },
  { n: 2, text: 'two' },
  'taken',
  new Uint8Array(70_000).fill(7),
  { n: 3, text: '' },
]

async function written(): Promise<Buffer[]> {
  const writes: Buffer[] = []
  const stream = new Writable({
    write: (bytes, _encoding, done) => {
      writes.push(bytes)
      done()
    },
  })
  const writer = new FrameWriter(stream)
  for (const message of messages) writer.write(message)
  await new Promise(resolve => setImmediate(resolve))
  return writes
}

function read(chunks: readonly Buffer[]): unknown[] {
  const received: unknown[] = []
  const reader = new FrameReader(message => received.push(message))
  for (const chunk of chunks) reader.push(chunk)
  return received
}

test('small messages of one turn go out in one write, a big one takes along what waited before it', async () => {
  expect(await written()).toHaveLength(2)
})

test.each([1, 3, 1_000, 1_000_000])('messages arrive whole, in order, in chunks of %i bytes', async size => {
  const bytes = Buffer.concat(await written())
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
  const received = read(chunks)
  expect(received.map(message => (Buffer.isBuffer(message) ? new Uint8Array(message) : message))).toEqual(messages)
})
