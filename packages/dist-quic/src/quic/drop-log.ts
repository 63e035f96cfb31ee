/** Tells the log what was dropped, and why, without letting a flood of packets become a flood of lines. */
import type { Clock, Log } from '@barrel-actors/runtime'

const intervalMs = 10_000

export class DropLog {
  readonly #clock: Clock
  readonly #log: Log
  #counts = new Map<string, number>()
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Counts one. `why` is one of a few constant texts. At most one line in ten seconds, with all counts since. */
  count(why: string): void {
    this.#counts.set(why, (this.#counts.get(why) ?? 0) + 1)
    const now = this.#clock.now()
    if (now - this.#toldAt < intervalMs) return
    this.#toldAt = now
    this.#log.warn('quic.dropped', Object.fromEntries(this.#counts))
    this.#counts = new Map()
  }
}
