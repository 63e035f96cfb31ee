import { expect, test } from 'vitest'
import { bulkMessage } from '../workload.ts'
import { type Line, performTask } from './line.ts'

function lineTo(written: unknown[]): Line {
  return { write: message => written.push(message), drained: async () => {} }
}

test('whoever takes acknowledges every batch, and none that is not whole', () => {
  const written: unknown[] = []
  const take = performTask(['take', '3'], lineTo(written))
  const counts = Array.from({ length: 7 }, (_, message) => {
    take(message)
    return written.length
  })
  expect(counts).toEqual([0, 0, 1, 1, 1, 2, 2])
})

test('whoever echoes sends each message back', () => {
  const written: unknown[] = []
  const echo = performTask(['echo'], lineTo(written))
  for (const message of ['a', 'b']) echo(message)
  expect(written).toEqual(['a', 'b'])
})

test('whoever does both acknowledges bulk and sends the rest back', () => {
  const written: unknown[] = []
  const both = performTask(['both'], lineTo(written))
  for (const message of ['a', bulkMessage(), Buffer.from('b')]) both(message)
  expect(written.map(String)).toEqual(['a', 'taken', 'b'])
})
