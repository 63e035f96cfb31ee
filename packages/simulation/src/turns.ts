import type { Turns } from '@barrel-actors/runtime'

/** Turns that wait until they are run, in the order in which they were asked for: first every `soon`, then `later`. */
export class VirtualTurns implements Turns {
  #soon: (() => void)[] = []
  #later: (() => void)[] = []

  soon(run: () => void): void {
    this.#soon.push(run)
  }

  later(run: () => void): void {
    this.#later.push(run)
  }

  /**
   * Runs what waits as `soon` now, or where nothing does, as `later`; what they ask for waits for the next time.
   * Between two rounds, promise continuations must have run. Returns how many turns it ran.
   */
  runRound(): number {
    const isSoon = this.#soon.length > 0
    const round = isSoon ? this.#soon : this.#later
    if (isSoon) this.#soon = []
    else this.#later = []
    for (const run of round) run()
    return round.length
  }
}
