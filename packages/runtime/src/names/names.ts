/** The names that processes of one node hold: its own ones, and those that extensions look after. */

import { describeDestination, type RegisteredName, type ViaDestination, viaOf } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import { describe } from '../exit-reason.ts'
import type { AnyPid, Pid } from '../pid.ts'
import type { Process } from '../process/process.ts'
import type { NameResolver } from './name-resolver.ts'

const nameCharsMax = 255

export class Names {
  readonly #held = new Map<string, Process>()
  readonly #resolvers = new Map<string, NameResolver>()
  readonly #heldVia = new Map<Process, ViaDestination[]>()

  /**
   * Gives a name to the process of a pid; undefined for one that has ended or is not of this node.
   * @throws E_NAME_TAKEN, E_NAME_INVALID, E_PROCESS_NAMED, E_PROCESS_DEAD, E_VIA_UNKNOWN, E_VIA_READ_ONLY
   */
  register(name: RegisteredName, pid: AnyPid, process: Process | undefined): void {
    const via = viaOf(name)
    if (via === undefined) this.#registerHere(name, pid, process)
    else this.#registerVia(via, pid, process)
  }

  /** Frees a name; whether it was held. Of a name that an extension looks after, only a holder on this node counts. */
  unregister(name: RegisteredName): boolean {
    const via = viaOf(name)
    if (via !== undefined) return this.#unregisterVia(via)
    checkName(name)
    if (isReserved(name)) return false
    const process = this.#held.get(name)
    if (process !== undefined) process.name = undefined
    return this.#held.delete(name)
  }

  /** @throws E_VIA_UNKNOWN, E_NAME_INVALID */
  whereis(name: RegisteredName): Pid | undefined {
    const via = viaOf(name)
    if (via !== undefined) return this.resolve(via)
    checkName(name)
    return this.#held.get(name)?.pid
  }

  /** The process of this node that holds one of its own names. */
  get(name: string): Process | undefined {
    return this.#held.get(name)
  }

  /** @throws E_VIA_UNKNOWN */
  resolve({ via, name }: ViaDestination): Pid | undefined {
    return this.#resolver(via).whereis(name)
  }

  /** Gives one of the runtime's own processes a name that users cannot take. */
  reserve(name: string, process: Process): void {
    process.name = name
    this.#held.set(name, process)
  }

  /** Frees what an ended process held. */
  forget(process: Process): void {
    if (process.name !== undefined) this.#held.delete(process.name)
    if (this.#heldVia.size === 0) return
    const held = this.#heldVia.get(process)
    this.#heldVia.delete(process)
    for (const { via, name } of held ?? []) {
      try {
        this.#resolvers.get(via)?.unregister?.(name, process.pid)
      } catch (error) {
        // Whoever learns of the end must learn of it all the same.
        process.node.log.error('a name could not be freed', { via, name, problem: describe(error) })
      }
    }
  }

  /** The node's own names, sorted. */
  list(): string[] {
    return [...this.#held.keys()].sort()
  }

  /** @throws E_EXTENSION_INVALID */
  addResolver(via: string, resolver: NameResolver): void {
    if (this.#resolvers.has(via)) {
      throw runtimeError('E_EXTENSION_INVALID', { extension: via, problem: 'its via is resolved already' })
    }
    this.#resolvers.set(via, resolver)
  }

  #registerHere(name: unknown, pid: AnyPid, process: Process | undefined): void {
    if (!isValid(name) || isReserved(name)) throw runtimeError('E_NAME_INVALID', { name: describeDestination(name) })
    const holder = this.#held.get(name)
    if (holder !== undefined) throw runtimeError('E_NAME_TAKEN', { name, pid: holder.pid })
    if (process === undefined) throw runtimeError('E_PROCESS_DEAD', { pid })
    if (process.name !== undefined) throw runtimeError('E_PROCESS_NAMED', { pid, name: process.name })
    process.name = name
    this.#held.set(name, process)
  }

  #registerVia(destination: ViaDestination, pid: AnyPid, process: Process | undefined): void {
    const { via, name } = destination
    const resolver = this.#resolver(via)
    if (resolver.register === undefined) throw runtimeError('E_VIA_READ_ONLY', { via, name })
    const text = describeDestination(destination)
    if (!isValid(name)) throw runtimeError('E_NAME_INVALID', { name: text })
    if (process === undefined) throw runtimeError('E_PROCESS_DEAD', { pid })
    if (!resolver.register(name, process.pid)) {
      throw runtimeError('E_NAME_TAKEN', { name: text, pid: resolver.whereis(name) ?? 'another process' })
    }
    this.#heldVia.set(process, [...(this.#heldVia.get(process) ?? []), destination])
  }

  #unregisterVia({ via, name }: ViaDestination): boolean {
    const resolver = this.#resolver(via)
    for (const [process, held] of this.#heldVia) {
      const others = held.filter(each => each.via !== via || each.name !== name)
      if (others.length === held.length) continue
      if (others.length === 0) this.#heldVia.delete(process)
      else this.#heldVia.set(process, others)
      resolver.unregister?.(name, process.pid)
      return true
    }
    return false
  }

  #resolver(via: string): NameResolver {
    const resolver = this.#resolvers.get(via)
    if (resolver === undefined) throw runtimeError('E_VIA_UNKNOWN', { via })
    return resolver
  }
}

function checkName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw runtimeError('E_NAME_INVALID', { name: describeDestination(name) })
}

function isValid(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.length <= nameCharsMax
}

/** Names of the runtime's own processes. */
export function isReserved(name: string): boolean {
  return name.startsWith('$')
}
