import { expect, test } from 'vitest'
import { scenario as membership } from './membership/scenario.ts'
import { scenario as processes } from './processes/scenario.ts'
import { holdsUnderFaults } from './seeds.suite.ts'

holdsUnderFaults(
  'membership',
  'what nodes are told of the overlay is true, and they are one overlay again',
  membership,
  {
    seeds: 70,
    replays: 8,
  },
)

test('at least sixty rare points are counted', () => {
  expect(new Set([...membership.sometimes, ...processes.sometimes]).size).toBeGreaterThanOrEqual(60)
})
