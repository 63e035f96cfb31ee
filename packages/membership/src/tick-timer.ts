/** The one timer of a core: the last time that it asked for holds. */
import type { Clock, Timer } from '@barrel-actors/runtime'

export class TickTimer {
  readonly #clock: Pick<Clock, 'now' | 'setTimer'>
  readonly #tick: () => void
  #timer: Timer | undefined

  constructor(clock: Pick<Clock, 'now' | 'setTimer'>, tick: () => void) {
    this.#clock = clock
    this.#tick = tick
  }

  setFor(atMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.setTimer(atMs - this.#clock.now(), this.#tick)
  }

  cancel(): void {
    this.#timer?.cancel()
  }
}
