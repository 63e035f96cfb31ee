import { expect, test } from 'vitest'
import { framed, LengthReader } from './length-frames.ts'

const messages = [Buffer.from('one'), Buffer.alloc(70_000, 7), Buffer.from('x'), Buffer.alloc(16 * 1024, 9)]

test('a small message is one piece with its length, a large one is not copied', () => {
  expect(messages.map(message => framed(message).length)).toEqual([1, 2, 1, 1])
})

test.each([1, 3, 1_000, 1_000_000])('messages arrive whole, in order, in chunks of %i bytes', size => {
  const bytes = Buffer.concat(messages.flatMap(framed))
  const received: Buffer[] = []
  const reader = new LengthReader(message => received.push(message))
  for (let at = 0; at < bytes.length; at += size) reader.push(Buffer.from(bytes.subarray(at, at + size)))
  expect(received).toEqual(messages)
})
