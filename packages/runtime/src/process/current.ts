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
