/**
 * The one timer of a connection: loss detection and idle time-out as the native connection asks, keep-alive, and
 * the deadline of an accepted handshake. It is re-armed only to fire earlier; when it fires too early it looks
 * again. So a busy connection, whose deadlines move later with every packet, hardly touches it.
 */
import type { Clock, Timer } from '@barrel-actors/runtime'
import type { NativeConnection } from './native.ts'

export interface Timing {
  readonly clock: Clock
  readonly idleTimeoutMs: number
  readonly keepAliveMs: number
}

export class ConnectionTimer {
  readonly #native: Pick<NativeConnection, 'timeout'>
  readonly #timing: Timing
  readonly #expire: (quiet: boolean) => void
  #timer: Timer | undefined
  #dueAt = Number.POSITIVE_INFINITY
  #sentAt: number
  #sent = false
  #giveUpAt = Number.POSITIVE_INFINITY

  /** `expire` learns whether nothing was sent for the keep-alive time. Must not throw. */
  constructor(native: Pick<NativeConnection, 'timeout'>, timing: Timing, expire: (quiet: boolean) => void) {
    this.#native = native
    this.#timing = timing
    this.#expire = expire
    this.#sentAt = timing.clock.now()
  }

  /** Whether the handshake's time is over. */
  get overdue(): boolean {
    return this.#timing.clock.now() >= this.#giveUpAt
  }

  /** Sets the handshake's deadline, or lifts it. */
  giveUpAfter(delayMs: number | undefined): void {
    this.#giveUpAt = delayMs === undefined ? Number.POSITIVE_INFINITY : this.#timing.clock.now() + delayMs
  }

  /** A packet went out. */
  sent(): void {
    this.#sent = true
  }

  /** Sees to it that it fires in time; after every flush. */
  arm(open: boolean): void {
    const now = this.#timing.clock.now()
    if (this.#sent) {
      this.#sent = false
      this.#sentAt = now
    }
    const dueAt = this.#nextAt(now, open)
    if (dueAt >= this.#dueAt) return
    this.#timer?.cancel()
    this.#set(dueAt, now)
  }

  /** For good. */
  stop(): void {
    this.#timer?.cancel()
  }

  #nextAt(now: number, open: boolean): number {
    const nativeMs = this.#native.timeout()
    // The library cuts off part of a millisecond: one more, or it is not due when we come.
    const nativeAt = nativeMs === null ? Number.POSITIVE_INFINITY : now + nativeMs + 1
    const keepAliveAt = open ? this.#sentAt + this.#timing.keepAliveMs : Number.POSITIVE_INFINITY
    return Math.min(nativeAt, keepAliveAt, this.#giveUpAt)
  }

  #set(dueAt: number, now: number): void {
    this.#dueAt = dueAt
    if (dueAt === Number.POSITIVE_INFINITY) return
    this.#timer = this.#timing.clock.setTimer(Math.max(1, dueAt - now), () => this.#fired())
  }

  #fired(): void {
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#expire(this.#timing.clock.now() >= this.#sentAt + this.#timing.keepAliveMs)
  }
}
