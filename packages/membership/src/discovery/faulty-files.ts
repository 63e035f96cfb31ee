import type { Log } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'

/** Files that something is wrong with: each is told once, until it is mended or has another fault. */
export class FaultyFiles {
  readonly #log: Log
  readonly #told = new Map<string, string>()
  #count = 0

  constructor(log: Log) {
    this.#log = log
  }

  /** How often a file was passed over. */
  get count(): number {
    return this.#count
  }

  tell(path: string, problem: string): void {
    this.#count++
    if (this.#told.get(path) === problem) return
    // Whoever fills the folder with garbage does not fill the log: what cannot be remembered is counted only.
    if (!this.#told.has(path) && this.#told.size >= limits.faultyFilesMax) return
    this.#told.set(path, problem)
    this.#log.warn('discovery file skipped', { path, problem })
  }

  forget(path: string): void {
    this.#told.delete(path)
  }
}
