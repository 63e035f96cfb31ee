/**
 * Further addresses of processes, which they can take back: what is sent to one that is taken back vanishes. After
 * `alias/1` of Erlang.
 */

import { AliasRef, type Ref } from '../ref.ts'
import type { Process } from './process.ts'

interface Active {
  readonly alias: AliasRef
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

  /** An alias of this life of the node leads to that process from now on. */
  add(alias: AliasRef, process: Process, once: boolean): void {
    this.#active.set(alias.id, { alias, process, once })
    const ids = this.#idsOf.get(process)
    if (ids === undefined) this.#idsOf.set(process, new Set([alias.id]))
    else ids.add(alias.id)
  }

  /** Takes one back; whether it led to that process. */
  remove(ref: Ref, process: Process): boolean {
    if (this.#find(ref)?.process !== process) return false
    this.#remove(ref.id, process)
    return true
  }

  /** Where a message to a ref of this life of the node goes; undefined where it vanishes. */
  take(ref: Ref): Process | undefined {
    const active = this.#find(ref)
    if (active?.once === true) this.#remove(ref.id, active.process)
    return active?.process
  }

  /** The process has ended. */
  forget(process: Process): void {
    if (this.#idsOf.size === 0) return
    for (const id of this.#idsOf.get(process) ?? []) this.#active.delete(id)
    this.#idsOf.delete(process)
  }

  // A ref that came from another node may name an alias that it was never given.
  #find(ref: Ref): Active | undefined {
    const active = this.#active.get(ref.id)
    return active !== undefined && AliasRef.isSame(active.alias, ref) ? active : undefined
  }

  #remove(id: number, process: Process): void {
    this.#active.delete(id)
    const ids = this.#idsOf.get(process)
    ids?.delete(id)
    if (ids?.size === 0) this.#idsOf.delete(process)
  }
}
