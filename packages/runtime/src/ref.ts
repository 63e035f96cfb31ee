import { inspect } from 'node:util'
import type { NodeName } from './node-name.ts'
import type { Entropy } from './random.ts'

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

/**
 * @internal A ref that leads to a process. Another node reaches it by its key, which is drawn when the alias first
 * leaves its node: until then nobody outside can address it, and afterwards nobody can guess it.
 */
export class AliasRef extends Ref {
  /** The key, or the source that it will be drawn from. */
  #key: bigint | Entropy

  constructor(node: NodeName, creation: number, id: number, key: bigint | Entropy) {
    super(node, creation, id)
    this.#key = key
  }

  /** The key as other nodes must give it. Draws it if the alias has not left its node yet. */
  static exportKey(alias: AliasRef): bigint {
    if (typeof alias.#key !== 'bigint') alias.#key = drawKey(alias.#key)
    return alias.#key
  }

  /** Whether `ref` is that alias, or a copy of it that came back from another node. */
  static isSame(alias: AliasRef, ref: Ref): boolean {
    if (ref === alias) return true
    return ref instanceof AliasRef && typeof ref.#key === 'bigint' && ref.#key === alias.#key
  }
}

function drawKey(entropy: Entropy): bigint {
  const bytes = entropy.bytes(aliasKeyBytes)
  return new DataView(bytes.buffer, bytes.byteOffset, aliasKeyBytes).getBigUint64(0, true)
}

/** 64 bits: one guess in 2^64 meets a given alias. */
export const aliasKeyBytes = 8

/** A ref that messages can be sent to, until the process that made it takes it back. */
export type Alias<Message = unknown> = Ref & { readonly [accepts]?: (message: Message) => void }
