/** Why a run failed, and all that is needed to see it again. */

import { limits } from './limits.ts'

export interface FailedRun {
  readonly seed: number
  /** When it was found, in virtual time. */
  readonly virtualMs: number
  /** The invariant that broke; undefined where the scenario itself failed. */
  readonly invariant: string | undefined
  /** What runs it again. */
  readonly command: string
  readonly trace: readonly string[]
}

export class SimulationFailure extends Error implements FailedRun {
  override readonly name = 'SimulationFailure'
  readonly seed: number
  readonly virtualMs: number
  readonly invariant: string | undefined
  readonly command: string
  /** All that happened, as far as it was kept. */
  readonly trace: readonly string[]

  constructor(cause: unknown, { seed, virtualMs, invariant, command, trace }: FailedRun) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    const what = invariant === undefined ? 'the scenario failed' : `the invariant "${invariant}" does not hold`
    const last = trace.slice(-limits.failureLinesMax)
    const lines = [
      `${what}: ${problem}`,
      `  seed ${seed}, at ${virtualMs} virtual ms`,
      `  again: ${command}`,
      `  the last ${last.length} of ${trace.length} lines of what happened:`,
      ...last.map(line => `    ${line}`),
    ]
    super(lines.join('\n'), { cause })
    this.seed = seed
    this.virtualMs = virtualMs
    this.invariant = invariant
    this.command = command
    this.trace = trace
  }
}

/** Thrown by the check of an invariant: which one it was. */
export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken'
  readonly invariant: string

  constructor(invariant: string, problem: string, cause: unknown) {
    super(problem, { cause })
    this.invariant = invariant
  }
}
