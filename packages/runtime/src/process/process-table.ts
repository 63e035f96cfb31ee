/** The live processes of a node: a list of all, and by serial those whose pids have left the node. */

import type { Process } from './process.ts'

export class ProcessTable {
  #newest: Process | undefined
  // A pid that stays on its node leads to its process by itself: most processes are never in here.
  readonly #exported = new Map<number, Process>()

  add(process: Process): void {
    process.older = this.#newest
    if (this.#newest !== undefined) this.#newest.newer = process
    this.#newest = process
  }

  remove(process: Process): void {
    const { older, newer } = process
    if (older !== undefined) older.newer = newer
    if (newer !== undefined) newer.older = older
    else if (this.#newest === process) this.#newest = older
    process.older = undefined
    process.newer = undefined
    if (process.exported) this.#exported.delete(process.pid.serial)
  }

  /** Its pid leaves the node. */
  export(process: Process): void {
    if (process.exported || !process.alive) return
    process.exported = true
    this.#exported.set(process.pid.serial, process)
  }

  /** The live process with that serial, if its pid has ever left the node. */
  bySerial(serial: number): Process | undefined {
    return this.#exported.get(serial)
  }

  /** All, the newest first. */
  newestFirst(): Process[] {
    const list: Process[] = []
    for (let process = this.#newest; process !== undefined; process = process.older) list.push(process)
    return list
  }
}
