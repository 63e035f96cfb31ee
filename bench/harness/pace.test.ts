import { expect, test } from 'vitest'
import { percentile } from './pace.ts'

test('a percentile is a value that was measured, whatever the order', () => {
  const values = Float64Array.from({ length: 100 }, (_, index) => 100 - index)
  expect([0.5, 0.99, 1].map(share => percentile(values, share))).toEqual([50, 99, 100])
})
