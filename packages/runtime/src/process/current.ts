/** Whose callback is running synchronously: for whom the module functions act. */

import type { Process } from './process.ts'

let running: Process | undefined

export function currentProcess(): Process | undefined {
  return running
}

/** Says whose callback runs from now on; returns whose ran before, to be restored. */
export function enter(process: Process | undefined): Process | undefined {
  const before = running
  running = process
  return before
}

let outside: (to: unknown) => Process = () => {
  throw new Error('No default node has been set up.')
}

/** Says who acts outside every callback; `to` is what is acted upon, where that matters. Set by what knows nodes. */
export function actOutside(as: (to: unknown) => Process): void {
  outside = as
}

/** For whom a module function acts that is given `to`. */
export function actingTowards(to: unknown): Process {
  return running ?? outside(to)
}
