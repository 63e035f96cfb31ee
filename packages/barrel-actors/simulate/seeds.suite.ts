/** What every scenario of whole nodes has to hold with the seeds of `npm test`; `npm run simulate` plays thousands. */

import { seedsFrom, simulate, simulateSeeds } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import type { Scenario } from './scenario.ts'

// Whole minutes, on a slow machine.
const timeout = 900_000

export interface Counts {
  readonly seeds: number
  readonly replays: number
}

export function holdsUnderFaults(name: string, promise: string, scenario: Scenario, counts: Counts): void {
  const play = scenario.play.bind(scenario)

  test(`whatever breaks and crashes, ${promise}`, { timeout }, async () => {
    const durations: number[] = []
    const sizes = new Set<number>()
    const report = await simulateSeeds(
      {
        ...scenario,
        seeds: seedsFrom(1, counts.seeds),
        command: `npm run simulate -- ${name}`,
        onRun: ({ virtualMs, nodes, reached }) => {
          durations.push(virtualMs)
          sizes.add(nodes)
          // No run is without these.
          for (const fault of ['fault: split', 'fault: crash', 'fault: restart'])
            expect(reached.get(fault)).toBeGreaterThan(0)
        },
      },
      play,
    )
    expect(report.runs).toBe(counts.seeds)
    expect(Math.min(...durations)).toBeGreaterThanOrEqual(60_000)
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([3, 16])
  })

  test('seeds replay with the same trace, and no two are the same', { timeout }, async () => {
    const hashes = new Set<string>()
    for (const seed of seedsFrom(1, counts.replays)) {
      const [first, again] = [await simulate({ ...scenario, seed }, play), await simulate({ ...scenario, seed }, play)]
      expect(again).toEqual(first)
      hashes.add(first.traceHash)
    }
    expect(hashes.size).toBe(counts.replays)
  })
}
