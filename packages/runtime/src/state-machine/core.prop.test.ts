// The core against a model that keeps plain lists and looks through all of them at every step.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type CoreEffect,
  type CoreInput,
  createCore,
  type Outcome,
  type OwnEvent,
  step,
  type TimerKey,
} from './core.ts'

type Event = number | OwnEvent

/** What handlers return, one after another; what happens outside, in rounds. */
interface Program {
  readonly outcomes: readonly Outcome[]
  readonly rounds: readonly { readonly passMs: number; readonly events: number }[]
}

const states = ['a', 'b', 'c']
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
const timer = fc.tuple(
  fc.constantFrom<TimerKey>('stateTimeout', 'eventTimeout', 'timeout x', 'timeout y'),
  fc.constantFrom(0, 0, 1, 2, 5, Infinity),
)
const outcome: fc.Arbitrary<Outcome> = fc.record({
  state: maybe(fc.constantFrom(...states)),
  postpone: fc.boolean(),
  internal: maybe(fc.array(fc.nat(9), { maxLength: 2 })),
  timers: maybe(fc.array(timer, { maxLength: 3 })),
})
const program: fc.Arbitrary<Program> = fc.record({
  outcomes: fc.array(outcome, { maxLength: 60 }),
  rounds: fc.array(fc.record({ passMs: fc.nat(4), events: fc.nat(3) }), { maxLength: 12 }),
})

// A machine that went on giving itself events would not come to an end: past the program, handlers do nothing.
function outcomesOf({ outcomes }: Program): () => Outcome {
  let next = 0
  return () => outcomes[next++] ?? {}
}

// As the driver refuses it: entering a state neither changes it nor gives events.
const ofEnter = ({ timers }: Outcome): Outcome => ({ timers })

function runCore(program: Program): unknown[] {
  const log: unknown[] = []
  const core = createCore<number>()
  const outcome = outcomesOf(program)
  const running = new Map<number, { timer: TimerKey; dueMs: number }>()
  let nowMs = 0
  const perform = (effect: CoreEffect<number>): CoreInput<number> | undefined => {
    if (effect.kind === 'startTimer') running.set(effect.id, { timer: effect.timer, dueMs: nowMs + effect.delayMs })
    else if (effect.kind === 'cancelTimer') running.delete(effect.id)
    else if (effect.kind === 'enter') {
      log.push({ nowMs, enter: effect.state, from: effect.from })
      return { kind: 'returned', outcome: ofEnter(outcome()) }
    } else {
      const returned = outcome()
      log.push({ nowMs, event: effect.event, state: effect.state, postpone: returned.postpone })
      return { kind: 'returned', outcome: returned }
    }
    return undefined
  }
  const drive = (first: CoreInput<number>) => {
    for (let input: CoreInput<number> | undefined = first; input !== undefined; ) {
      input = step(core, input).map(perform).at(-1)
    }
  }
  drive({ kind: 'returned', outcome: { ...outcome(), state: 'a', postpone: false } })
  let lastEvent = 0
  for (const { passMs, events } of program.rounds) {
    nowMs += passMs
    const due = [...running].filter(([, { dueMs }]) => dueMs <= nowMs)
    due.sort(([one, a], [other, b]) => a.dueMs - b.dueMs || one - other)
    const mailbox: CoreInput<number>[] = due.map(([id, { timer }]) => ({ kind: 'expired', timer, id }))
    for (const [id] of due) running.delete(id)
    for (let count = 0; count < events; count++) mailbox.push({ kind: 'event', event: ++lastEvent })
    for (const input of mailbox) drive(input)
  }
  return log
}

interface ModelTimer {
  readonly timer: TimerKey
  readonly dueMs: number
  readonly isZero: boolean
}

function runModel(program: Program): unknown[] {
  const log: unknown[] = []
  const nextOutcome = outcomesOf(program)
  let state: string | undefined
  let [postponed, queue]: [Event[], Event[]] = [[], []]
  let timers: ModelTimer[] = []
  let nowMs = 0
  const cancel = (timer: TimerKey) => {
    timers = timers.filter(other => other.timer !== timer)
  }
  const set = ([timer, delayMs]: readonly [TimerKey, number]) => {
    cancel(timer)
    if (delayMs !== Infinity) timers.push({ timer, dueMs: nowMs + delayMs, isZero: delayMs === 0 })
  }
  const apply = (outcome: Outcome, event?: Event) => {
    if (outcome.postpone === true && event !== undefined) postponed = [...postponed, event]
    const from = state
    const changes = outcome.state !== undefined && outcome.state !== from
    if (changes) {
      state = outcome.state
      queue = [...postponed, ...queue]
      postponed = []
      cancel('stateTimeout')
    }
    queue = [...(outcome.internal ?? []).map(request => ({ kind: 'internal' as const, request })), ...queue]
    outcome.timers?.forEach(set)
    if (changes) {
      log.push({ nowMs, enter: state, from })
      apply(ofEnter(nextOutcome()))
    }
  }
  const handle = (event: Event) => {
    cancel('eventTimeout')
    const returned = nextOutcome()
    log.push({ nowMs, event, state, postpone: returned.postpone })
    apply(returned, event)
  }
  const expire = (due: ModelTimer) => {
    if (!timers.includes(due)) return
    cancel(due.timer)
    const name = due.timer.replace(/^timeout /, '')
    handle(name === due.timer ? { kind: due.timer as 'stateTimeout' } : { kind: 'timeout', name })
  }
  const rest = () => {
    while (true) {
      const zero = timers.find(({ isZero }) => isZero)
      const event = queue[0]
      if (event === undefined && zero === undefined) return
      queue = queue.slice(1)
      if (event !== undefined) handle(event)
      else expire(zero as ModelTimer)
    }
  }
  apply({ ...nextOutcome(), state: 'a', postpone: false })
  rest()
  let lastEvent = 0
  for (const { passMs, events } of program.rounds) {
    nowMs += passMs
    const due = timers.filter(({ dueMs }) => dueMs <= nowMs).sort((one, other) => one.dueMs - other.dueMs)
    for (const timer of due) {
      expire(timer)
      rest()
    }
    for (let count = 0; count < events; count++) {
      handle(++lastEvent)
      rest()
    }
  }
  return log
}

test('the core handles the same events, in the same states and order, as a model of plain lists', () => {
  fc.assert(
    fc.property(program, program => {
      expect(runCore(program)).toEqual(runModel(program))
    }),
    { numRuns: 2000 },
  )
})

/** The events that were postponed before a change of state and have not been handled since. */
function owedAfter(log: readonly { event?: Event; postpone?: boolean }[]): Event[] {
  const postponed = new Set<Event>()
  const owed = new Set<Event>()
  for (const { event, postpone } of log) {
    if (event === undefined) {
      for (const waiting of postponed) owed.add(waiting)
      postponed.clear()
    } else {
      owed.delete(event)
      if (postpone === true) postponed.add(event)
    }
  }
  return [...owed]
}

test('an event is never lost: it is handled, and again after each change of state while it is postponed', () => {
  fc.assert(
    fc.property(program, program => {
      const log = runCore(program) as { event?: Event; postpone?: boolean }[]
      const given = program.rounds.reduce((sum, { events }) => sum + events, 0)
      const handled = new Set(log.map(({ event }) => event).filter(event => typeof event === 'number'))
      expect(handled.size).toBe(given)
      expect(owedAfter(log)).toEqual([])
    }),
  )
})
