import type { Clock } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'

interface Seen {
  readonly writtenAtMs: number
  readonly sinceMs: number
}

/**
 * Stale files on their way out. Wall clocks may be wrong, that of this node too, and it must not remove the files of
 * everybody then: a file goes when it also has not changed for as long by this node's own clock, as no file of a node
 * that lives does.
 */
export class StaleFiles {
  readonly #clock: Clock
  readonly #staleMs: number
  readonly #seen = new Map<string, Seen>()
  #collected = 0

  constructor(clock: Clock, staleMs: number) {
    this.#clock = clock
    this.#staleMs = staleMs
  }

  get collected(): number {
    return this.#collected
  }

  /** Whether this stale file has been the same for long enough to be removed. */
  isOver(fileName: string, writtenAtMs: number): boolean {
    const now = this.#clock.now()
    const seen = this.#seen.get(fileName)
    if (seen?.writtenAtMs === writtenAtMs) return now - seen.sinceMs > this.#staleMs
    if (seen !== undefined || this.#seen.size < 2 * limits.endpointFilesMax) {
      this.#seen.set(fileName, { writtenAtMs, sinceMs: now })
    }
    return false
  }

  countCollected(fileName: string): void {
    this.#collected++
    this.#seen.delete(fileName)
  }

  forgetOthersThan(there: readonly string[]): void {
    const names = new Set(there)
    for (const fileName of this.#seen.keys()) if (!names.has(fileName)) this.#seen.delete(fileName)
  }
}
