import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { ParcelBuffers } from './parcel-buffers.ts'

const MiB = 1024 * 1024

test('what was given is used again for about as much, and for nothing else', () => {
  const buffers = new ParcelBuffers()
  const buffer = buffers.take(MiB)
  expect(buffer.length).toBeGreaterThanOrEqual(MiB)
  buffers.give(buffer)
  expect(buffers.take(MiB / 4) === buffer).toBe(false)
  expect(buffers.take(2 * MiB) === buffer).toBe(false)
  expect(buffers.take(MiB - 1000) === buffer).toBe(true)
  expect(buffers.take(MiB - 1000) === buffer).toBe(false)
})

test('no more is kept than its limit: those unused longest are given back, the one used last is taken first', () => {
  const buffers = new ParcelBuffers()
  const kept = limits.parcelBytesFreeMax / MiB
  const all = Array.from({ length: kept + 2 }, () => buffers.take(MiB))
  for (const buffer of all) buffers.give(buffer)
  expect(all.map(() => all.indexOf(buffers.take(MiB)))).toEqual([...all.keys()].slice(2).reverse().concat(-1, -1))
  expect(all.map(buffer => buffer.length === 0)).toEqual(all.map((_, at) => at < 2))
  const large = buffers.take(limits.parcelBytesFreeMax + 1)
  buffers.give(large)
  expect(buffers.take(limits.parcelBytesFreeMax + 1) === large).toBe(false)
})
