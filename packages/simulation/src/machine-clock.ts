/** What the clocks of one machine show: they may be off, run fast or slow, and jump. */

import type { Clock } from '@barrel-actors/runtime'

// Of a clock that is not exact, a timer is a trifle late: never early, and never at the same time again and again.
const ticksPerMs = 1024

export class MachineClock {
  readonly #clock: Clock
  #skewMs = 0
  #rate = 1
  #sinceMs = 0
  #shownMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#isExact ? this.#clock.now() : this.#shownMs + (this.#clock.now() - this.#sinceMs) * this.#rate
  }

  wall(): number {
    return this.#clock.wall() + (this.now() - this.#clock.now()) + this.#skewMs
  }

  /** How long a time of this machine takes in truth. */
  truthOf(ms: number): number {
    return this.#isExact ? ms : Math.ceil((ms / this.#rate) * ticksPerMs + 1) / ticksPerMs
  }

  // One that was off keeps what it gained, and rounds.
  get #isExact(): boolean {
    return this.#rate === 1 && this.#shownMs === this.#sinceMs
  }

  jumpWall(byMs: number): void {
    this.#skewMs += byMs
  }

  /** From now on it runs that much faster than true time: 0.05 is three seconds a minute. */
  drift(rate: number): void {
    if (!(rate > -1 && rate < Infinity)) throw new RangeError(`a clock cannot drift by ${rate}: more than -1 is needed`)
    const shownMs = this.now()
    this.#sinceMs = this.#clock.now()
    this.#shownMs = shownMs
    this.#rate = 1 + rate
  }
}
