/** How many words the other end may say. It counts and compares, and neither sends nor waits. */
import type { Clock } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'

export class WordAllowance {
  readonly #clock: Clock
  #left: number = limits.wordsMax
  #at: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#at = clock.now()
  }

  /** It said so many more, known or not. Whether that is within bounds. */
  take(words: number): boolean {
    const now = this.#clock.now()
    const earned = ((now - this.#at) * limits.wordsPerSecond) / 1_000
    this.#at = now
    this.#left = Math.min(limits.wordsMax, this.#left + earned) - words
    return this.#left >= 0
  }
}
