/**
 * Gives processes their turns. Each gets a bounded number of messages, then the next one; all together get a
 * bounded slice, then the event loop has its turn for timers and input:
 *
 *   first message -> soon: slice ... slice ends -> later: next slice ... queue empty
 *
 * What runs in microtasks between (the code of async functions) counts into the same slice.
 */

import type { Clock } from '../clock/clock.ts'
import { runtimeError } from '../errors.ts'
import { unknownOption } from '../given-options.ts'
import type { Turns } from '../turns.ts'
import type { Watching } from '../watching/watching.ts'
import { currentProcess, enter } from './current.ts'
import { type Process, processState } from './process.ts'
import { Slice, type SliceOptions } from './slice.ts'

export interface SchedulerOptions extends SliceOptions {
  /** How many messages a process takes before the next one has its turn. */
  readonly processMessagesMax: number
}

export const schedulerDefaults: SchedulerOptions = {
  processMessagesMax: 256, // chosen: what a switch between two processes costs is lost in so many messages
  sliceMessagesMax: 65_536, // chosen: a bound where virtual time stands still during a slice
  sliceMs: 4, // chosen: a 10 ms timer stays within 10 ms of its time beside a flooding process
}

const queueSlotsMin = 64

const slotsFor = (length: number): (Process | undefined)[] => new Array(length).fill(undefined)

export class Scheduler {
  readonly #turns: Turns
  readonly #processMessagesMax: number
  readonly #slice: Slice
  readonly #watching: Watching
  /** Whether each message is a turn of its own, and is timed. Settled anew in every slice. */
  #timed = false
  #queue: (Process | undefined)[] = slotsFor(queueSlotsMin)
  #head = 0
  #length = 0
  /** Whether the queue is being run, or will be in this turn of the event loop. */
  #awake = false
  /** Whether a slice has begun since the event loop last had its turn. */
  #sliceOpen = false

  /** @throws E_OPTION_INVALID */
  constructor(clock: Clock, turns: Turns, options: SchedulerOptions, watching: Watching) {
    checkOptions(options)
    this.#turns = turns
    this.#processMessagesMax = options.processMessagesMax
    this.#slice = new Slice(clock, options)
    this.#watching = watching
  }

  /** Queues a process for its turn. Its state must say `queued`. */
  add(process: Process): void {
    if (this.#length === this.#queue.length) this.#grow()
    this.#queue[(this.#head + this.#length) & (this.#queue.length - 1)] = process
    this.#length++
    if (!this.#awake) this.#askSoon()
  }

  /** Counts one message that is taken outside a turn; false where the slice is used up. */
  takeOne(): boolean {
    if (!this.#sliceOpen) this.#openSlice()
    if (this.#slice.isUsedUp) return false
    this.#slice.spend(1)
    return true
  }

  #askSoon(): void {
    // The slice is used up: the queue waits until the event loop had its turn.
    if (this.#sliceOpen && this.#slice.isUsedUp) return
    this.#awake = true
    this.#turns.soon(this.#runNow)
  }

  #openSlice(): void {
    this.#sliceOpen = true
    this.#slice.open()
    this.#timed = this.#watching.timesCallbacks
    this.#turns.later(this.#closeSlice)
  }

  readonly #closeSlice = (): void => {
    this.#sliceOpen = false
    if (this.#length > 0) this.#runNow()
  }

  readonly #runNow = (): void => {
    if (!this.#sliceOpen) this.#openSlice()
    this.#awake = true
    const before = currentProcess()
    try {
      this.#run()
    } finally {
      enter(before)
      this.#awake = false
      // Also after a throw, which is a fault of ours: the others must have their turns.
      if (this.#length > 0) this.#askSoon()
    }
  }

  #run(): void {
    const slice = this.#slice
    while (this.#length > 0 && !slice.isUsedUp) {
      const process = this.#shift()
      if (process.state !== processState.queued) continue
      process.state = processState.running
      enter(process)
      // A turn without a message (a start, a fruitless look) counts too: it cannot be had for nothing.
      const taken = (this.#timed ? this.#runTimed(process) : process.behavior.run(process, this.#budget)) || 1
      process.reductions += taken
      slice.spend(taken)
    }
  }

  get #budget(): number {
    const { budget } = this.#slice
    return budget < this.#processMessagesMax ? budget : this.#processMessagesMax
  }

  #runTimed(process: Process): number {
    const begun = this.#watching.begins(process)
    const taken = process.behavior.run(process, 1)
    if (begun !== undefined) this.#watching.took(begun, process.behavior.callbackOf(process) ?? 'start', false)
    return taken
  }

  #shift(): Process {
    const process = this.#queue[this.#head] as Process
    this.#queue[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#queue.length - 1)
    this.#length--
    return process
  }

  #grow(): void {
    const old = this.#queue
    const grown = slotsFor(old.length * 2)
    for (let index = 0; index < old.length; index++) grown[index] = old[(this.#head + index) & (old.length - 1)]
    this.#queue = grown
    this.#head = 0
  }
}

function checkOptions(options: SchedulerOptions): void {
  const unknown = unknownOption(options, Object.keys(schedulerDefaults))
  if (unknown !== undefined) throw invalid(unknown.option, unknown.problem)
  for (const [option, value] of Object.entries(options)) {
    if (typeof value !== 'number' || !(value > 0)) throw invalid(option, 'it is not a number above 0')
  }
}

function invalid(option: string, problem: string): Error {
  return runtimeError('E_OPTION_INVALID', { option: `scheduler.${option}`, problem })
}
