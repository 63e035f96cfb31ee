import { expect, test } from 'vitest'
import { percentile, roundTripMs } from './pace.ts'

test('a percentile is a value that was measured, whatever the order', () => {
  const values = Float64Array.from({ length: 100 }, (_, index) => 100 - index)
  expect([0.5, 0.99, 1].map(share => percentile(values, share))).toEqual([50, 99, 100])
})

test('round trips are made before those that are timed, one after another', async () => {
  let made = 0
  let onTheWay = 0
  const call = async () => {
    made++
    expect(++onTheWay).toBe(1)
    await Promise.resolve()
    onTheWay--
  }
  expect(await roundTripMs(0.5, call, { before: 3, measured: 5 })).toBeGreaterThanOrEqual(0)
  expect(made).toBe(8)
})

test('slow round trips are timed a hundred times, however short the time', async () => {
  let made = 0
  const call = async () => made++
  await roundTripMs(0.99, call, { before: 0, measured: 1_000, forMs: -1 })
  expect(made).toBe(100)
})
