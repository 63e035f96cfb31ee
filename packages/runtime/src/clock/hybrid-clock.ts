/** The hybrid logical clock of one node: the core of `hlc.ts` on the wall clock of its seam. */

import { runtimeError } from '../errors.ts'
import type { Clock } from './clock.ts'
import { aheadMsMaxDefault, isStamp, observe, type Stamp, type StampRefusal, stampZero, tick } from './hlc.ts'

export interface HybridClockOptions {
  /** How far ahead of the wall clock an observed stamp may be, in milliseconds. Default 60 000. */
  readonly aheadMsMax?: number
  /**
   * Goes on after this stamp: one that is stored and not before any that was given out, so that stamps grow across
   * restarts. Default: the beginning of time.
   */
  readonly last?: Stamp
}

export class HybridClock {
  readonly #clock: Pick<Clock, 'wall'>
  readonly #aheadMsMax: number
  #last: Stamp
  #refused = 0

  /** @throws E_OPTION_INVALID */
  constructor(
    clock: Pick<Clock, 'wall'>,
    { aheadMsMax = aheadMsMaxDefault, last = stampZero }: HybridClockOptions = {},
  ) {
    if (!(aheadMsMax >= 0)) throw invalid('aheadMsMax', 'it is not a number of milliseconds')
    if (!isStamp(last)) throw invalid('last', 'it is not a stamp')
    this.#clock = clock
    this.#aheadMsMax = aheadMsMax
    this.#last = last
  }

  /** The newest stamp given out: what to store for the next life. */
  get last(): Stamp {
    return this.#last
  }

  /** How many stamps `observe` has refused. */
  get refused(): number {
    return this.#refused
  }

  /** A stamp for a local event or a send: greater than every one before. */
  tick(): Stamp | 'logicalOverflow' {
    const stamp = tick(this.#last, this.#clock.wall())
    if (typeof stamp !== 'string') this.#last = stamp
    return stamp
  }

  /** Learns from a stamp of another node: a stamp greater than it and than every one before. A refused one is counted. */
  observe(stamp: Stamp): Stamp | StampRefusal {
    const next = observe(this.#last, stamp, this.#clock.wall(), this.#aheadMsMax)
    if (typeof next === 'string') this.#refused++
    else this.#last = next
    return next
  }
}

function invalid(option: string, problem: string): Error {
  return runtimeError('E_OPTION_INVALID', { option, problem })
}
