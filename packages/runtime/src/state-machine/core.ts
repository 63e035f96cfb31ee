/**
 * What a state machine does next: its queues and time-outs, without the handlers and without a clock.
 *
 *   driver                          core
 *   event, expired ------------->   step
 *   <--- start and cancel timers, then at most one of: handle, enter
 *   runs the handler
 *   returned(outcome) ---------->   step …      until neither handle nor enter comes: wait for the next event
 */

/** A time-out that a machine can have once at a time: two of the machine's own, and any number with names. */
export type TimerKey = 'stateTimeout' | 'eventTimeout' | `timeout ${string}`

/** What a time-out is as an event. */
export type TimerEvent =
  | { readonly kind: 'stateTimeout' }
  | { readonly kind: 'eventTimeout' }
  | { readonly kind: 'timeout'; readonly name: string }

/** What the core makes by itself. */
export type OwnEvent = TimerEvent | { readonly kind: 'internal'; readonly request: unknown }

/** Goes in. An event comes only while no handler runs. */
export type CoreInput<Event> =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'expired'; readonly timer: TimerKey; readonly id: number }
  /** The handler of the last `handle` or `enter` has returned; at the very beginning: `init` has. */
  | { readonly kind: 'returned'; readonly outcome: Outcome }

/** What a handler wants. */
export interface Outcome {
  /** The next state; undefined keeps it. */
  readonly state?: string | undefined
  /** Handle this event again after the next change of state. */
  readonly postpone?: boolean | undefined
  /** Handled before everything that waits, in this order. */
  readonly internal?: readonly unknown[] | undefined
  /** Time-outs to set, in milliseconds; 0 comes before any event that was not received yet, Infinity cancels. */
  readonly timers?: readonly (readonly [TimerKey, number])[] | undefined
}

/** Comes out. `handle` and `enter` come last and ask for a `returned`. */
export type CoreEffect<Event> =
  | { readonly kind: 'startTimer'; readonly timer: TimerKey; readonly id: number; readonly delayMs: number }
  | { readonly kind: 'cancelTimer'; readonly id: number }
  | { readonly kind: 'handle'; readonly event: Event | OwnEvent; readonly state: string }
  | { readonly kind: 'enter'; readonly state: string; readonly from: string | undefined }

export interface Core<Event> {
  /** Undefined until `init` has returned. */
  state: string | undefined
  /** The event whose handler runs. */
  current: Event | OwnEvent | undefined
  /** Oldest first. */
  postponed: (Event | OwnEvent)[]
  /** The next one last, so that taking one and putting some before the others touch nothing else. */
  readonly queue: (Event | OwnEvent)[]
  /** Time-outs of 0 ms, oldest first: they come after the queue. */
  readonly due: { readonly timer: TimerKey; readonly id: number }[]
  /** The time-outs that are set: what bears another id has been cancelled. */
  readonly timers: Map<TimerKey, number>
  lastTimerId: number
}

export function createCore<Event>(): Core<Event> {
  return {
    state: undefined,
    current: undefined,
    postponed: [],
    queue: [],
    due: [],
    timers: new Map(),
    lastTimerId: 0,
  }
}

/** Takes one input, says what the driver must do. Never waits, never fails. */
export function step<Event>(core: Core<Event>, input: CoreInput<Event>): CoreEffect<Event>[] {
  const effects: CoreEffect<Event>[] = []
  switch (input.kind) {
    case 'event':
      handle(core, input.event, effects)
      break
    case 'expired':
      expire(core, input.timer, input.id, effects)
      break
    case 'returned':
      takeOutcome(core, input.outcome, effects)
      break
    default:
      input satisfies never
  }
  return effects
}

// gen_statem: every event ends the event time-out, whichever way it came.
function handle<Event>(core: Core<Event>, event: Event | OwnEvent, effects: CoreEffect<Event>[]): void {
  cancelTimer(core, 'eventTimeout', effects)
  core.current = event
  effects.push({ kind: 'handle', event, state: core.state as string })
}

/** Whether it was still set. What has been cancelled is no event: it changes nothing. */
function expire<Event>(core: Core<Event>, timer: TimerKey, id: number, effects: CoreEffect<Event>[]): boolean {
  if (core.timers.get(timer) !== id) return false
  core.timers.delete(timer)
  handle(core, timerEvent(timer), effects)
  return true
}

function takeOutcome<Event>(core: Core<Event>, outcome: Outcome, effects: CoreEffect<Event>[]): void {
  const { state, postpone, internal = [], timers = [] } = outcome
  const { current, state: from } = core
  core.current = undefined
  if (postpone === true && current !== undefined) core.postponed.push(current)
  const changes = state !== undefined && state !== from
  if (changes) changeState(core, state, effects)
  // gen_statem: inserted events come before the postponed ones that are tried again.
  putFirst(
    core,
    internal.map(request => ({ kind: 'internal', request })),
  )
  for (const [timer, delayMs] of timers) setTimer(core, timer, delayMs, effects)
  if (changes) effects.push({ kind: 'enter', state, from })
  else handleNext(core, effects)
}

function changeState<Event>(core: Core<Event>, state: string, effects: CoreEffect<Event>[]): void {
  core.state = state
  cancelTimer(core, 'stateTimeout', effects)
  putFirst(core, core.postponed)
  core.postponed = []
}

function putFirst<Event>(core: Core<Event>, events: readonly (Event | OwnEvent)[]): void {
  for (let place = events.length - 1; place >= 0; place--) core.queue.push(events[place] as Event | OwnEvent)
}

function handleNext<Event>(core: Core<Event>, effects: CoreEffect<Event>[]): void {
  const event = core.queue.pop()
  if (event !== undefined) return handle(core, event, effects)
  for (let due = core.due.shift(); due !== undefined; due = core.due.shift()) {
    if (expire(core, due.timer, due.id, effects)) return
  }
}

function setTimer<Event>(core: Core<Event>, timer: TimerKey, delayMs: number, effects: CoreEffect<Event>[]): void {
  cancelTimer(core, timer, effects)
  if (delayMs === Infinity) return
  const id = ++core.lastTimerId
  core.timers.set(timer, id)
  if (delayMs === 0) core.due.push({ timer, id })
  else effects.push({ kind: 'startTimer', timer, id, delayMs })
}

function cancelTimer<Event>(core: Core<Event>, timer: TimerKey, effects: CoreEffect<Event>[]): void {
  const id = core.timers.get(timer)
  if (id === undefined) return
  core.timers.delete(timer)
  effects.push({ kind: 'cancelTimer', id })
}

function timerEvent(timer: TimerKey): TimerEvent {
  if (timer === 'stateTimeout' || timer === 'eventTimeout') return { kind: timer }
  return { kind: 'timeout', name: timer.slice('timeout '.length) }
}
