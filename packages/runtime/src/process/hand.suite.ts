import type { Clock, Timer } from '../clock/clock.ts'
import type { Turns } from '../turns.ts'

/** Turns that are given by hand, and a clock that moves when it is told to. */
export class Hand implements Turns, Clock {
  ms = 0
  readonly #soon: (() => void)[] = []
  readonly #later: (() => void)[] = []
  soon = (run: () => void) => void this.#soon.push(run)
  later = (run: () => void) => void this.#later.push(run)
  now = () => this.ms
  wall = () => 1_000_000
  setTimer = (): Timer => ({ cancel() {}, keepAlive() {} })

  /** What runs before the event loop goes on, with the microtasks between. */
  async slice(microtasks = 20) {
    do {
      for (const run of this.#soon.splice(0)) run()
      for (let microtask = 0; microtask < microtasks; microtask++) await null
    } while (this.#soon.length > 0)
  }

  /** The event loop has its turn. */
  async turn(microtasks = 20) {
    for (const run of this.#later.splice(0)) run()
    await this.slice(microtasks)
  }
}
