/**
 * Moves a channel to another local address. QUIC lets only the end that dialed move, so the other one asks it to.
 *
 *   dialer                     acceptor
 *   migrate()                  migrate() --migrate--> the dialer does; migrated, or notMigrated, comes back
 */
import type { Clock, NodeName, Timer } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import type { QuicConnection } from '../quic/contract.ts'
import { type Word, word } from './words.ts'

/** What a migration needs of its session. */
export interface MigrationLink {
  readonly connection: QuicConnection
  say(said: Word): void
}

/** Longest time for which the dialer tries when the other end asks. */
const askedTimeoutMs = 5_000

export class Migration {
  readonly #link: MigrationLink
  readonly #clock: Clock
  readonly #node: NodeName
  #asked: { readonly promise: Promise<void>; readonly settle: (error?: Error) => void } | undefined
  #timer: Timer | undefined
  /** It moves because the other end asked. */
  #isObliging = false

  constructor(link: MigrationLink, clock: Clock, node: NodeName) {
    this.#link = link
    this.#clock = clock
    this.#node = node
  }

  /** Settles when the new path is validated. While one is under way it is that one. */
  async migrate(timeoutMs: number): Promise<void> {
    const { connection } = this.#link
    if (connection.dialed) await connection.migrate(timeoutMs)
    else await this.#ask(timeoutMs)
  }

  /** The other end asks, or answers. */
  said(said: Word): void {
    if (said === word.migrate) void this.#oblige()
    else if (said === word.migrated) this.#asked?.settle()
    else if (said === word.notMigrated) {
      this.#asked?.settle(quicError('E_MIGRATION_REFUSED', { node: this.#node, reason: 'its end could not move' }))
    }
  }

  /** The channel has ended. */
  ended(cause: Error): void {
    this.#asked?.settle(cause)
  }

  #ask(timeoutMs: number): Promise<void> {
    if (this.#asked !== undefined) return this.#asked.promise
    let settle!: (error?: Error) => void
    const promise = new Promise<void>((resolve, reject) => {
      settle = error => {
        this.#timer?.cancel()
        this.#asked = undefined
        if (error === undefined) resolve()
        else reject(error)
      }
    })
    this.#asked = { promise, settle }
    this.#timer = this.#clock.setTimer(timeoutMs, () => {
      settle(quicError('E_MIGRATION_TIMEOUT', { node: this.#node, address: '(of its choice)', timeoutMs }))
    })
    this.#link.say(word.migrate)
    return promise
  }

  async #oblige(): Promise<void> {
    // Who asks again before the answer gets that one.
    if (this.#isObliging) return
    this.#isObliging = true
    const { connection } = this.#link
    try {
      await connection.migrate(askedTimeoutMs)
      this.#link.say(word.migrated)
    } catch {
      this.#link.say(word.notMigrated)
    } finally {
      this.#isObliging = false
    }
  }
}
