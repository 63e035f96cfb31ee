/** What something has to do waits here while it stands still, and takes its time while it is slow; in order. */

import type { Clock } from '@barrel-actors/runtime'

export class Gate {
  readonly #clock: Clock
  #waiting: (() => void)[] = []
  #isShut = false
  #isBusy = false
  /** How long each thing takes before it is done. */
  stepMs = 0
  /** How many things have been done. */
  steps = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isShut(): boolean {
    return this.#isShut
  }

  /** Runs it now, or after all that came before it. */
  enter(run: () => void): void {
    if (!this.#isShut && !this.#isBusy && this.stepMs === 0) {
      this.steps++
      return run()
    }
    this.#waiting.push(run)
    this.#next()
  }

  shut(): void {
    this.#isShut = true
  }

  open(): void {
    this.#isShut = false
    this.#next()
  }

  // One at a time, so that whatever each brings about happens before the next.
  #next(): void {
    if (this.#isShut || this.#isBusy || this.#waiting.length === 0) return
    this.#isBusy = true
    this.#clock.setTimer(this.stepMs, () => {
      this.#isBusy = false
      if (this.#isShut) return
      // Before it runs: what it asks for comes after the others.
      const run = this.#waiting.shift() as () => void
      this.#isBusy = this.#waiting.length > 0
      this.steps++
      run()
      this.#isBusy = false
      this.#next()
    })
  }
}
