import type { Clock } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'

export interface AnswerCacheOptions {
  readonly clock: Clock
  /** How long an answer is used again. */
  readonly ttlMs: number
  /** The same, where the answer was that nothing is known. */
  readonly negativeTtlMs: number
}

interface Kept<Answer> {
  readonly answer: Answer | undefined
  readonly untilMs: number
}

/**
 * Answers kept for a while, and one question at a time for each key: who asks meanwhile gets the same answer. Both are
 * bounded, see {@link limits}.
 */
export class AnswerCache<Answer> {
  readonly #options: AnswerCacheOptions
  /** The one longest unused first. */
  readonly #kept = new Map<string, Kept<Answer>>()
  readonly #asked = new Map<string, Promise<Answer | undefined>>()
  #turnedAway = 0

  constructor(options: AnswerCacheOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#kept.size
  }

  /** How many questions were not asked, because too many were under way. */
  get turnedAway(): number {
    return this.#turnedAway
  }

  /**
   * The answer that is kept, or what `ask` answers; undefined where nothing is known. `ask` must not reject; it calls
   * `doubt` where its answer is not worth more than no answer.
   */
  get(key: string, ask: (doubt: () => void) => Promise<Answer | undefined>): Promise<Answer | undefined> {
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      this.#kept.delete(key)
      if (this.#options.clock.now() < kept.untilMs) {
        this.#kept.set(key, kept)
        return Promise.resolve(kept.answer)
      }
    }
    const asked = this.#asked.get(key)
    if (asked !== undefined) return asked
    if (this.#asked.size >= limits.lookupsMax) {
      this.#turnedAway++
      return Promise.resolve(undefined)
    }
    let isDoubted = false
    const doubt = () => {
      isDoubted = true
    }
    const asking: Promise<Answer | undefined> = ask(doubt).then(answer => {
      // Forgotten meanwhile: the answer is that of before.
      if (this.#asked.get(key) === asking) this.#keep(key, answer, isDoubted)
      return answer
    })
    this.#asked.set(key, asking)
    return asking
  }

  /** The next question is asked anew. */
  forget(key: string): void {
    this.#kept.delete(key)
    this.#asked.delete(key)
  }

  #keep(key: string, answer: Answer | undefined, isDoubted: boolean): void {
    this.#asked.delete(key)
    const { clock, ttlMs, negativeTtlMs } = this.#options
    const keptMs = answer === undefined || isDoubted ? Math.min(negativeTtlMs, ttlMs) : ttlMs
    this.#kept.set(key, { answer, untilMs: clock.now() + keptMs })
    if (this.#kept.size <= limits.answersKeptMax) return
    const [oldest] = this.#kept.keys()
    this.#kept.delete(oldest as string)
  }
}
