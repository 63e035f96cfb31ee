import { expect, test } from 'vitest'
import { bulkBytes, bulkMessage, measurement } from './workload.ts'

test('the small message is one of about a hundred bytes, and no two are the same', () => {
  expect(JSON.stringify(measurement(0)).length).toBeGreaterThan(85)
  expect(JSON.stringify(measurement(1_000_000_003)).length).toBeLessThan(115)
  expect(measurement(1)).not.toEqual(measurement(2))
})

test('the bulk message is 1 MiB and does not repeat itself', () => {
  const bytes = bulkMessage()
  expect(bytes.length).toBe(bulkBytes)
  expect(new Set(bytes).size).toBe(256)
  expect(bytes.subarray(0, 4096)).not.toEqual(bytes.subarray(4096, 8192))
})
