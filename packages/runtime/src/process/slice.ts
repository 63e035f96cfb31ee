/**
 * The time that all processes of a node have together before the event loop has its turn: a number of messages,
 * and a number of milliseconds. The clock is looked at rarely while messages are quick and often while they are
 * slow, so that neither the looks nor a slow handler take much of a slice.
 */

import type { Clock } from '../clock/clock.ts'

export interface SliceOptions {
  /** How many messages all processes together take before the event loop has its turn. */
  readonly sliceMessagesMax: number
  /** How long they take at most, in milliseconds. */
  readonly sliceMs: number
}

/** Messages between two looks at the clock: at first, and at most. */
const strideFirst = 16
const strideMax = 256

export class Slice {
  readonly #clock: Clock
  readonly #options: SliceOptions
  /** Whether it is over: the event loop must have its turn. */
  isUsedUp = true
  /** How many messages one process may take before `spend` has to be told: the same for each, to be fair. */
  budget = 1
  /** As of the last look. */
  #messagesLeft = 0
  #startMs = 0
  #lookedMs = 0
  #stride = strideFirst
  /** So many messages after the last look comes the next one. */
  #untilLook = 0

  constructor(clock: Clock, options: SliceOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** Begins anew: the event loop had its turn. */
  open(): void {
    this.#messagesLeft = this.#options.sliceMessagesMax
    this.#startMs = this.#clock.now()
    this.#lookedMs = this.#startMs
    this.#stride = strideFirst
    this.isUsedUp = false
    this.#goOn()
  }

  /** So many messages have been taken. */
  spend(messages: number): void {
    this.#untilLook -= messages
    if (this.#untilLook <= 0) this.#look()
  }

  #look(): void {
    this.#messagesLeft -= this.budget - this.#untilLook
    const now = this.#clock.now()
    const { sliceMs } = this.#options
    const tookMs = now - this.#lookedMs
    this.#lookedMs = now
    if (tookMs > sliceMs / 8) this.#stride = Math.max(1, this.#stride >> 2)
    else if (tookMs < sliceMs / 64) this.#stride = Math.min(strideMax, this.#stride << 1)
    this.isUsedUp = this.#messagesLeft <= 0 || now - this.#startMs >= sliceMs
    this.#goOn()
  }

  #goOn(): void {
    // The last process before a look may begin with one message to go, and take its whole budget.
    const isNearEnd = this.#messagesLeft < 2 * this.#stride
    this.budget = isNearEnd ? Math.max(1, Math.ceil(this.#messagesLeft / 2)) : this.#stride
    this.#untilLook = this.budget
  }
}
