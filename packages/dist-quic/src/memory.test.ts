import { expect, test } from 'vitest'
import { release } from './memory.ts'

const bytes = 1024 * 1024

test('memory that is released is gone at once, and so is what could be seen of it', () => {
  const before = process.memoryUsage().arrayBuffers
  const views: Uint8Array[] = []
  for (let count = 0; count < 64; count++) {
    const buffer = Buffer.allocUnsafeSlow(bytes)
    views.push(buffer, buffer.subarray(10))
    release(buffer)
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * bytes)
  expect(views.every(view => view.length === 0)).toBe(true)
})
