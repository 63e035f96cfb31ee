/**
 * Further addresses of processes, which they can take back: what is sent to one that is taken back vanishes. After
 * `alias/1` of Erlang.
 */

import type { Ref } from '../ref.ts'
import type { Process } from './process.ts'

interface Active {
  readonly process: Process
  /** Whether the first message takes it back. */
  readonly once: boolean
}

export class Aliases {
  readonly #active = new Map<number, Active>()
  readonly #idsOf = new Map<Process, Set<number>>()

  /** Whether nobody has one. */
  get isEmpty(): boolean {
    return this.#active.size === 0 && this.#idsOf.size === 0
  }

  /** A ref of this life of the node leads to that process from now on. */
  add(ref: Ref, process: Process, once: boolean): void {
    this.#active.set(ref.id, { process, once })
    const ids = this.#idsOf.get(process)
    if (ids === undefined) this.#idsOf.set(process, new Set([ref.id]))
    else ids.add(ref.id)
  }

  /** Takes one back; whether it led to that process. */
  remove(ref: Ref, process: Process): boolean {
    if (this.#active.get(ref.id)?.process !== process) return false
    this.#remove(ref.id, process)
    return true
  }

  /** Where a message to a ref of this life of the node goes; undefined where it vanishes. */
  take(id: number): Process | undefined {
    const active = this.#active.get(id)
    if (active?.once === true) this.#remove(id, active.process)
    return active?.process
  }

  /** The process has ended. */
  forget(process: Process): void {
    if (this.#idsOf.size === 0) return
    for (const id of this.#idsOf.get(process) ?? []) this.#active.delete(id)
    this.#idsOf.delete(process)
  }

  #remove(id: number, process: Process): void {
    this.#active.delete(id)
    const ids = this.#idsOf.get(process)
    ids?.delete(id)
    if (ids?.size === 0) this.#idsOf.delete(process)
  }
}
