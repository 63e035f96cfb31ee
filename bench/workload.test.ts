import { expect, test } from 'vitest'
import { bulkBytes, bulkMessage, checkRoundTrip, measurement, roundTripMessage } from './workload.ts'

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

test('a reply is taken for the request that it answers only, and only whole', () => {
  const reply = roundTripMessage(7)
  expect(reply.length).toBe(64)
  expect(() => checkRoundTrip(7, Buffer.from(reply))).not.toThrow()
  expect(() => checkRoundTrip(8, reply)).toThrow('request 8')
  expect(() => checkRoundTrip(7, reply.subarray(0, 63))).toThrow('request 7')
  expect(() => checkRoundTrip(7, 'taken')).toThrow('request 7')
})
