/**
 * Time-outs that are nearly always cancelled, as those of calls are: entering and leaving one costs a few
 * pointers, no timer. Those of the same length wait in the order they came, so that only the first of each
 * length needs looking at, and one timer of the clock serves all.
 */

import { runtimeError, textOf } from '../errors.ts'
import { reasonOf } from '../exit-reason.ts'
import { checkOptionNames } from '../given-options.ts'
import type { Log } from '../log.ts'
import type { Turns } from '../turns.ts'
import type { Clock, Timer } from './clock.ts'

/** Something that ends by itself when its time has come. */
export abstract class Timed {
  /** @internal */ list: TimedList | undefined = undefined
  /** @internal */ newer: Timed | undefined = undefined
  /** @internal */ older: Timed | undefined = undefined
  /** @internal */ dueMs = 0

  /** Its time has come; it waits no more. Must not throw and must not run users' code. */
  abstract expire(): void
}

interface TimedList {
  oldest: Timed | undefined
  newest: Timed | undefined
}

/** So many lengths are kept though nobody waits: those in use come again at once. */
const listsKept = 64

export class Timeouts {
  readonly #clock: Clock
  readonly #turns: Turns
  readonly #log: Log
  readonly #lists = new Map<number, TimedList>()
  /** From so many lists on the empty ones are thrown away: at most as many as are in use, so that it costs little. */
  #sweepAt = listsKept
  #waiting = 0
  #restAsked = false
  #timer: Timer | undefined
  #timerDueMs = Infinity

  constructor(clock: Clock, turns: Turns, log: Log) {
    this.#clock = clock
    this.#turns = turns
    this.#log = log
  }

  /** Lets `timed.expire` run after `delayMs`, unless it leaves first. Infinity waits for ever. */
  enter(timed: Timed, delayMs: number): void {
    if (delayMs === Infinity) return
    const list = this.#listOf(delayMs)
    timed.dueMs = this.#clock.now() + delayMs
    timed.list = list
    timed.older = list.newest
    if (list.newest === undefined) list.oldest = timed
    else list.newest.newer = timed
    list.newest = timed
    // While somebody waits, the operating-system process stays; see `#rest` for the way back.
    if (this.#waiting++ === 0) this.#timer?.keepAlive(true)
    if (timed.dueMs < this.#timerDueMs) this.#arm(timed.dueMs)
  }

  /** Takes it out; harmless where it does not wait. */
  leave(timed: Timed): void {
    const list = timed.list
    if (list === undefined) return
    if (timed.older === undefined) list.oldest = timed.newer
    else timed.older.newer = timed.newer
    if (timed.newer === undefined) list.newest = timed.older
    else timed.newer.older = timed.older
    timed.list = undefined
    timed.newer = undefined
    timed.older = undefined
    if (--this.#waiting === 0) this.#askRest()
  }

  /** Stops the timer: nobody expires any more. */
  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerDueMs = -Infinity
  }

  // Once a turn and not once a call: most often the next call follows at once.
  #askRest(): void {
    if (this.#restAsked || this.#timer === undefined) return
    this.#restAsked = true
    this.#turns.later(this.#rest)
  }

  readonly #rest = (): void => {
    this.#restAsked = false
    if (this.#waiting === 0) this.#timer?.keepAlive(false)
  }

  #listOf(delayMs: number): TimedList {
    let list = this.#lists.get(delayMs)
    if (list === undefined) {
      if (this.#lists.size >= this.#sweepAt) this.#sweep()
      list = { oldest: undefined, newest: undefined }
      this.#lists.set(delayMs, list)
    }
    return list
  }

  #sweep(): void {
    for (const [delayMs, list] of this.#lists) {
      if (list.oldest === undefined) this.#lists.delete(delayMs)
    }
    this.#sweepAt = Math.max(listsKept, 2 * this.#lists.size)
  }

  /** How many lengths it keeps a list for. */
  get listsCount(): number {
    return this.#lists.size
  }

  #arm(dueMs: number): void {
    this.#timer?.cancel()
    this.#timerDueMs = dueMs
    this.#timer = this.#clock.setTimer(Math.max(0, dueMs - this.#clock.now()), this.#fire)
    this.#timer.keepAlive(true)
  }

  readonly #fire = (): void => {
    this.#timer = undefined
    this.#timerDueMs = Infinity
    const now = this.#clock.now()
    let next = Infinity
    for (const [delayMs, list] of this.#lists) {
      for (let timed = list.oldest; timed !== undefined && timed.dueMs <= now; timed = list.oldest) {
        this.leave(timed)
        this.#expire(timed)
      }
      // One that expired may have had the list swept away, and another one of that length begun.
      if (list.oldest === undefined) {
        if (this.#lists.get(delayMs) === list) this.#lists.delete(delayMs)
      } else next = Math.min(next, list.oldest.dueMs)
    }
    if (next < this.#timerDueMs) this.#arm(next)
  }

  /** One that fails all the same must not keep the others waiting. */
  #expire(timed: Timed): void {
    try {
      timed.expire()
    } catch (error) {
      this.#log.error('a time-out failed', { reason: reasonOf(error) })
    }
  }
}

/** @throws E_OPTION_INVALID */
export function checkTimeout(timeoutMs: unknown): number {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return timeoutMs
  throw runtimeError('E_OPTION_INVALID', {
    option: 'timeoutMs',
    problem: `${textOf(timeoutMs)} is not a number of milliseconds`,
  })
}

/**
 * An object of options with these names, or undefined. A bare number is what people write who come from elsewhere.
 * @throws E_OPTION_INVALID
 */
export function checkOptions(options: unknown, names: readonly string[]): void {
  if (options === undefined) return
  if (typeof options === 'object' && options !== null) return checkOptionNames(options, names)
  const problem = `${textOf(options)} is not an object, such as { timeoutMs: 1000 }`
  throw runtimeError('E_OPTION_INVALID', { option: 'options', problem })
}
