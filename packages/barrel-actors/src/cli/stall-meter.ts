/** How long an event loop has stood still, as somebody else sees who looks at its beats from time to time. */

export interface StallMeterOptions {
  /** The loop has stalled once it has stood still for so long. */
  readonly limitMs: number
  /** How often the loop beats while it runs. */
  readonly beatMs: number
  /** How often somebody looks. */
  readonly lookMs: number
}

/** Counts the time between looks that found no new beat. */
export class StallMeter {
  readonly #options: StallMeterOptions
  #beats: number
  #lookedAtMs: number
  #stillMs = 0

  constructor(options: StallMeterOptions, beats: number, nowMs: number) {
    this.#options = options
    this.#beats = beats
    this.#lookedAtMs = nowMs
  }

  /** Whether the loop has stalled. It may be late by a beat and two looks, and is never early. */
  look(beats: number, nowMs: number): boolean {
    const { limitMs, beatMs, lookMs } = this.#options
    // A longer gap means that whoever looks stood still as well: a suspended machine, or an OS process that was stopped.
    const sinceMs = Math.min(nowMs - this.#lookedAtMs, 2 * lookMs)
    this.#lookedAtMs = nowMs
    if (beats !== this.#beats) {
      this.#beats = beats
      this.#stillMs = 0
      return false
    }
    this.#stillMs += sinceMs
    // The loop may have begun to stand still as late as one beat after the last one that was seen.
    return this.#stillMs >= limitMs + beatMs
  }
}
