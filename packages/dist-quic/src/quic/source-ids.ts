/**
 * The connection ids that a peer may address one of our connections by. It is given a few spare ones, because each
 * new path takes one (RFC 9000 9.5), and another whenever it begins to use one. A connection gives out no more than
 * `connectionIdsMax` in its life, so a peer that retires them in a loop comes to the end of them, and the library
 * ends a connection whose peer retires its last id.
 */
import type { Entropy } from '@barrel-actors/runtime'
import { limits } from './limits.ts'
import type { NativeConnection } from './native.ts'
import { connectionIdBytes, keyOf } from './packet-head.ts'

type Native = Pick<NativeConnection, 'newSourceCid' | 'retiredScidNext' | 'sourceCidsLeft'>

/** The table in which datagrams find their connection. */
export interface IdTable {
  add(key: string): void
  remove(key: string): void
}

const resetTokenBytes = 16

export class SourceIds {
  readonly #native: Native
  readonly #entropy: Entropy
  readonly #table: IdTable
  /** Ids that the peer has not used yet. */
  readonly #spare = new Set<string>()
  readonly #used = new Set<string>()
  #given = 1

  /** `firstId` is the one that the connection began with. */
  constructor(native: Native, entropy: Entropy, table: IdTable, firstId: Uint8Array) {
    this.#native = native
    this.#entropy = entropy
    this.#table = table
    const key = keyOf(firstId)
    this.#used.add(key)
    table.add(key)
  }

  /** Ids that are in the table. */
  get size(): number {
    return this.#used.size + this.#spare.size
  }

  /** A datagram came with that id. Whether the peer had not used it before. */
  use(key: string): boolean {
    if (!this.#spare.delete(key)) return false
    this.#used.add(key)
    return true
  }

  /** Forgets what the peer retired, and sees to it that it has spare ids. Only once TLS is done. */
  refresh(): void {
    for (let id = this.#native.retiredScidNext(); id !== null; id = this.#native.retiredScidNext()) {
      const key = keyOf(id)
      this.#spare.delete(key)
      this.#used.delete(key)
      this.#table.remove(key)
    }
    while (this.#spare.size < limits.connectionIdsSpare && this.#mayGive()) this.#give()
  }

  /** Takes all of them out of the table. */
  clear(): void {
    for (const key of this.#used) this.#table.remove(key)
    for (const key of this.#spare) this.#table.remove(key)
    this.#used.clear()
    this.#spare.clear()
  }

  #mayGive(): boolean {
    return this.#given < limits.connectionIdsMax && this.#native.sourceCidsLeft() > 0
  }

  #give(): void {
    const id = Buffer.from(this.#entropy.bytes(connectionIdBytes))
    // We never send a stateless reset, so nobody has to know the token again (RFC 9000 21.11).
    const token = Buffer.from(this.#entropy.bytes(resetTokenBytes)).toString('hex')
    this.#native.newSourceCid(id, BigInt(`0x${token}`), false)
    this.#given++
    const key = keyOf(id)
    this.#spare.add(key)
    this.#table.add(key)
  }
}
