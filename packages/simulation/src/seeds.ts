/** Many runs of one scenario, and what they came to together. */

import { type RunResult, type Scenario, type SimulateOptions, simulate } from './simulate.ts'
import { SimulationFailure } from './simulation-failure.ts'

export interface SeedsOptions extends Omit<SimulateOptions, 'seed'> {
  readonly seeds: Iterable<number>
  /** Points that must be reached, each in at least one of the runs. */
  readonly sometimes?: readonly string[]
  /** Is told of each run that went well. */
  readonly onRun?: (result: RunResult) => void
  /** Is told of each run that failed, and the next seed follows. Without it, the first failure is thrown. */
  readonly onFailure?: (failure: SimulationFailure) => void
}

export interface SeedsReport {
  readonly runs: number
  readonly failedSeeds: readonly number[]
  readonly virtualMs: number
  /** How many runs reached each point. */
  readonly reached: ReadonlyMap<string, number>
  /** Of `sometimes`, those that none has reached. */
  readonly missing: readonly string[]
}

/**
 * Runs a scenario with one seed after another.
 * @throws SimulationFailure of the first run that failed; an error when a point of `sometimes` was never reached
 */
export async function simulateSeeds(options: SeedsOptions, scenario: Scenario): Promise<SeedsReport> {
  const { seeds, sometimes = [], onRun, onFailure, ...each } = options
  const reached = new Map<string, number>()
  const failedSeeds: number[] = []
  let [runs, virtualMs] = [0, 0]
  for (const seed of seeds) {
    runs++
    try {
      const result = await simulate({ ...each, seed }, scenario)
      virtualMs += result.virtualMs
      for (const name of result.reached.keys()) reached.set(name, (reached.get(name) ?? 0) + 1)
      onRun?.(result)
    } catch (error) {
      if (onFailure === undefined || !(error instanceof SimulationFailure)) throw error
      failedSeeds.push(seed)
      virtualMs += error.virtualMs
      onFailure(error)
    }
  }
  const missing = sometimes.filter(name => !reached.has(name))
  if (missing.length > 0 && onFailure === undefined) {
    throw new Error(`in ${runs} runs these points were never reached: ${missing.join(', ')}`)
  }
  return { runs, failedSeeds, virtualMs, reached, missing }
}

/** The seeds from one to another, both included. */
export function* seedsFrom(first: number, last: number): Generator<number> {
  for (let seed = first; seed <= last; seed++) yield seed
}
