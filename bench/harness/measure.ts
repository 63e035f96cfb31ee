/** Runs a figure: every arm once, then every arm again, so that a drift of the machine's speed meets all of them. */

import type { Figure } from './figure.ts'
import type { Readings } from './row.ts'
import { runArm } from './run-arm.ts'

/** Measures each arm `runs` times; `tell` hears every reading as it comes. */
export async function measure(figure: Figure, runs: number, tell: (line: string) => void): Promise<Readings> {
  const readings = new Map<string, number[]>(armNames(figure).map(arm => [arm, []]))
  for (let run = 1; run <= runs; run++) {
    for (const arm of orderOf([...readings.keys()], run)) {
      const reading = await runArm(figure.name, arm)
      // Not on this machine: it will not be there in the next run either.
      if (reading === null) readings.delete(arm)
      else readings.get(arm)?.push(reading)
      tell(`${figure.name} run ${run} of ${runs}: ${arm} ${reading === null ? 'absent' : reading.toPrecision(4)}`)
    }
  }
  return readings
}

function armNames(figure: Figure): string[] {
  return ['ours', ...Object.keys(figure.peers)]
}

// Forth and back: nobody always goes first.
function orderOf(arms: string[], run: number): string[] {
  return run % 2 === 1 ? arms : arms.reverse()
}
