import { textOf } from './errors.ts'
import { describe } from './exit-reason.ts'
import type { NodeName } from './node-name.ts'
import { type AnyPid, Pid } from './pid.ts'
import type { Protocol } from './protocol.ts'

/** A process by its registered name on a node. */
export interface NamedDestination {
  readonly name: string
  readonly node: NodeName
}

/** A process by a name that an extension resolves. */
export interface ViaDestination {
  readonly via: string
  readonly name: string
}

/** A process by a name that holds on every node: `{ via: 'global', name }`, for the extension that gives such names. */
export interface GlobalDestination {
  readonly global: string
}

/** A name that a process can hold: on its node, or behind an extension. */
export type RegisteredName = string | ViaDestination | GlobalDestination

/** A destination whose process is not known as a type: a name on this node, on another, or behind an extension. */
export type NameDestination = RegisteredName | NamedDestination

/** What a message can be sent to. */
export type Destination<Message = unknown> = Pid<Message, Protocol> | NameDestination

/** What can be watched: a pid, a name on this node, a name on another. */
export type Watchable = AnyPid | string | NamedDestination

export function isNamed(destination: unknown): destination is NamedDestination {
  const { name, node } = (destination ?? {}) as Partial<NamedDestination>
  return typeof name === 'string' && typeof node === 'string'
}

/** What an extension resolves; undefined for every other destination. */
export function viaOf(destination: unknown): ViaDestination | undefined {
  const { name, via, global } = (destination ?? {}) as Partial<ViaDestination & GlobalDestination>
  if (typeof global === 'string') return { via: 'global', name: global }
  return typeof name === 'string' && typeof via === 'string' ? (destination as ViaDestination) : undefined
}

/** A destination in a few words, for errors and logs. Never throws, whatever was given. */
export function describeDestination(destination: unknown): string {
  try {
    return textOfDestination(destination)
  } catch {
    return textOf(destination)
  }
}

function textOfDestination(destination: unknown): string {
  if (typeof destination === 'string') return `${destination} on this node`
  if (destination instanceof Pid) return destination.toString()
  if (isNamed(destination)) return `${destination.name} on ${destination.node}`
  const via = viaOf(destination)
  if (via !== undefined) return `${via.name} via ${via.via}`
  return describe(destination)
}
