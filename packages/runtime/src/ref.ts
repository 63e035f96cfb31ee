import { inspect } from 'node:util'
import type { NodeName } from './node-name.ts'

declare const accepts: unique symbol

/** A unique token: names one monitor, one call, one timer, one alias. Equal only to itself, also over a channel. */
export class Ref {
  readonly node: NodeName
  readonly creation: number
  readonly id: number

  /** @internal */
  constructor(node: NodeName, creation: number, id: number) {
    this.node = node
    this.creation = creation
    this.id = id
  }

  /** Whether both are the same token: refs that came over a channel are equal without being identical. */
  equals(other: unknown): boolean {
    return other instanceof Ref && other.id === this.id && other.creation === this.creation && other.node === this.node
  }

  /** `#Ref<name@host.creation.id>`, the same for equal refs: usable as a key. */
  toString(): string {
    return `#Ref<${this.node}.${this.creation}.${this.id}>`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

/** A ref that messages can be sent to, until the process that made it takes it back. */
export type Alias<Message = unknown> = Ref & { readonly [accepts]?: (message: Message) => void }
