/** Looks after the processes of one node and tells listeners. What nobody listens to is not measured and not made. */

import { EventEmitter } from 'eventemitter3'
import type { Clock } from '../clock/clock.ts'
import { runtimeError } from '../errors.ts'
import { type ExitReason, reasonOf } from '../exit-reason.ts'
import { givenOptions, unknownOption } from '../given-options.ts'
import type { Log } from '../log.ts'
import type { NodeName } from '../node-name.ts'
import { enter } from '../process/current.ts'
import type { Process } from '../process/process.ts'
import type { SignalKind } from '../signal.ts'
import { shortText } from './short-text.ts'
import type { DeadLetter, Subject, SystemEventMap, SystemEvents } from './system-events.ts'

export interface WatchingOptions {
  /** From how many milliseconds on a callback is told of as `longCallback`. */
  readonly longCallbackMs: number
  /** From how many messages on a mailbox is told of as `longMailbox`; taken up to the next power of two. */
  readonly longMailboxLength: number
}

export const watchingDefaults: WatchingOptions = {
  longCallbackMs: 100, // chosen: what people begin to feel, and far above any slice
  longMailboxLength: 10_000, // chosen: at a million messages a second, 10 ms behind
}

/** @throws E_OPTION_INVALID */
export function watchingOptionsOf(given: Partial<WatchingOptions> | undefined): WatchingOptions {
  const unknown = unknownOption(given ?? {}, Object.keys(watchingDefaults))
  if (unknown !== undefined) throw invalid(unknown.option, unknown.problem)
  const options = { ...watchingDefaults, ...givenOptions(given ?? {}) }
  for (const [option, value] of Object.entries(options)) {
    if (typeof value !== 'number' || !(value > 0)) throw invalid(option, 'it is not a number above 0')
  }
  return options
}

function invalid(option: string, problem: string): Error {
  return runtimeError('E_OPTION_INVALID', { option: `watching.${option}`, problem })
}

/** A callback that is timed. */
export interface Begun {
  readonly subject: Subject
  readonly ms: number
}

export class Watching {
  readonly #emitter = new EventEmitter()
  readonly events: SystemEvents = this.#emitter as unknown as SystemEvents
  readonly #clock: Clock
  readonly #log: Log
  readonly #options: WatchingOptions
  #emitting = false
  #refused = 0

  constructor(clock: Clock, log: Log, options: WatchingOptions) {
    this.#clock = clock
    this.#log = log
    this.#options = options
  }

  /** Whether somebody wants to know of long callbacks: each message is then a turn of its own, and is timed. */
  get timesCallbacks(): boolean {
    return this.events.listenerCount('longCallback') > 0
  }

  /** A callback begins; undefined where nobody wants to know how long it takes. */
  begins(process: Process): Begun | undefined {
    return this.timesCallbacks ? { subject: subjectOf(process), ms: this.#clock.now() } : undefined
  }

  /** The callback that began then is over; its process may be, too. */
  took(begun: Begun, callback: string, awaited: boolean): void {
    const ms = this.#clock.now() - begun.ms
    if (ms >= this.#options.longCallbackMs) this.#emit('longCallback', { ...begun.subject, callback, ms, awaited })
  }

  crashed(process: Process, callback: string | undefined, reason: ExitReason, lastMessage: unknown): void {
    const subject = subjectOf(process)
    this.#log.error('process crashed', { ...subject, callback, reason })
    if (this.events.listenerCount('crash') === 0) return
    this.#emit('crash', {
      ...subject,
      callback,
      reason,
      lastMessage: lastMessage === undefined ? undefined : shortText(() => lastMessage),
      state:
        process.behavior.statusOf === undefined ? undefined : shortText(() => process.behavior.statusOf?.(process)),
      mailboxLength: process.mailbox?.length ?? 0,
    })
  }

  /** The mailbox has doubled its room. */
  mailboxGrew(process: Process): void {
    const mailboxLength = process.mailbox?.length ?? 0
    if (mailboxLength <= this.#options.longMailboxLength || this.events.listenerCount('longMailbox') === 0) return
    this.#emit('longMailbox', { ...subjectOf(process), mailboxLength })
  }

  letterDropped(kind: DeadLetter['kind'], from: DeadLetter['from'], to: DeadLetter['to']): void {
    if (this.events.listenerCount('deadLetter') > 0) this.#emit('deadLetter', { kind, from, to })
  }

  messageRefused(from: NodeName, kind: SignalKind, problem: string): void {
    this.#refused++
    if (this.events.listenerCount('messageRefused') === 0) return
    this.#emit('messageRefused', { from, kind, problem, count: this.#refused })
  }

  /** Listeners act for no process. What they cause themselves is not told: it would have no end. */
  #emit<Event extends keyof SystemEventMap>(event: Event, ...args: Parameters<SystemEventMap[Event]>): void {
    if (this.#emitting) return
    this.#emitting = true
    const before = enter(undefined)
    try {
      this.#emitter.emit(event, ...args)
    } catch (error) {
      this.#log.error('listener of a system event threw', { event, reason: reasonOf(error) })
    } finally {
      enter(before)
      this.#emitting = false
    }
  }
}

export function subjectOf(process: Process): Subject {
  return {
    pid: process.pid,
    name: process.name,
    label: process.body === undefined ? 'starting' : process.behavior.labelOf(process),
  }
}
