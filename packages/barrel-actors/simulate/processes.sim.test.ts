/** The scenario of processes with the seeds of `npm test`; `npm run simulate` plays it with thousands. */

import { seedsFrom, simulate, simulateSeeds } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { scenario } from './processes/scenario.ts'

const command = 'npm run simulate -- processes'
const play = scenario.play.bind(scenario)
const seedsCount = 40

/** It takes hundreds of seeds. */
const rare = 'packet: lost with its channel'

test('whatever breaks and crashes, processes see what Erlang promises', async () => {
  const durations: number[] = []
  const report = await simulateSeeds(
    {
      ...scenario,
      seeds: seedsFrom(1, seedsCount),
      command,
      sometimes: scenario.sometimes.filter(name => name !== rare),
      onRun: ({ virtualMs, reached }) => {
        durations.push(virtualMs)
        // No run is without these.
        for (const name of ['fault: split', 'fault: crash', 'fault: restart'])
          expect(reached.get(name)).toBeGreaterThan(0)
      },
    },
    play,
  )
  expect(report.runs).toBe(seedsCount)
  expect(Math.min(...durations)).toBeGreaterThanOrEqual(60_000)
})

test('twenty seeds replay with the same trace, and no two are the same', async () => {
  const hashes = new Set<string>()
  for (const seed of seedsFrom(1, 20)) {
    const [first, again] = [await simulate({ ...scenario, seed }, play), await simulate({ ...scenario, seed }, play)]
    expect(again).toEqual(first)
    hashes.add(first.traceHash)
  }
  expect(hashes.size).toBe(20)
})
