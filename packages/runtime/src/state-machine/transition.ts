/** What a state may return: where to go and what to do besides. */

import { checkTimeout } from '../clock/timeouts.ts'
import { runtimeError } from '../errors.ts'
import { describe } from '../exit-reason.ts'
import { Next } from '../gen-server/outcome.ts'
import type { AnyReplyOf } from '../protocol.ts'
import type { Outcome, TimerKey } from './core.ts'
import type { InternalOf, MachineProtocol, StateOf, TimeoutNameOf } from './machine-protocol.ts'

/** What happens besides the change of state, all of it before the next event. */
export interface Actions<P extends MachineProtocol> {
  /** Answers the call that is being handled. Others are answered with `from.reply(x)`, at any time. */
  readonly reply?: AnyReplyOf<P>
  /** Handles this event again after the next change of state, before newer ones. Default false. */
  readonly postpone?: boolean
  /** Events for the machine itself, handled before everything that waits, in this order. */
  readonly internal?: readonly InternalOf<P>[]
  /**
   * After that many milliseconds in the state comes `stateTimeout`; a change of state cancels it. 0 comes before any
   * message that was not taken from the mailbox yet, Infinity cancels it; so it is with the others.
   */
  readonly stateTimeoutMs?: number
  /** After that many milliseconds without any event comes `eventTimeout`. */
  readonly eventTimeoutMs?: number
  /** After that many milliseconds comes `timeout` with the name, whatever happens; setting it again starts it anew. */
  readonly timeoutsMs?: { readonly [Name in TimeoutNameOf<P>]?: number }
}

// Passed through `init`, it comes back through `handleContinue`: the first state is entered once `start` has returned.
export class Transition<P extends MachineProtocol = MachineProtocol> extends Next {
  /** Undefined keeps the state. */
  readonly state: StateOf<P> | undefined
  readonly actions: Actions<P>
  /** @internal */ readonly outcome: Outcome

  /** @internal @throws E_OPTION_INVALID */
  constructor(state: StateOf<P> | undefined, actions: Actions<P>) {
    checkActions(actions)
    const then: { continue?: unknown } = {}
    super(undefined, then)
    then.continue = this
    this.state = state
    this.actions = actions
    const { postpone, internal } = actions
    this.outcome = { state, postpone, internal, timers: timersOf(actions) }
  }
}

/** What each action must be, besides what its time-outs must be. */
const actionProblems: { readonly [Action in keyof Required<Actions<MachineProtocol>>]: (value: unknown) => unknown } = {
  reply: () => undefined,
  postpone: value => value !== undefined && typeof value !== 'boolean' && 'it is neither true nor false',
  internal: value => value !== undefined && !Array.isArray(value) && 'it is not an array of events',
  stateTimeoutMs: () => undefined,
  eventTimeoutMs: () => undefined,
  timeoutsMs: value => value !== undefined && !isObject(value) && 'it is not an object of milliseconds by name',
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** @throws E_OPTION_INVALID */
function checkActions(actions: Actions<MachineProtocol>): void {
  if (!isObject(actions)) {
    throw runtimeError('E_OPTION_INVALID', { option: 'actions', problem: `${describe(actions)} is not an object` })
  }
  for (const option of Object.keys(actions) as (keyof Actions<MachineProtocol>)[]) {
    const problem = Object.hasOwn(actionProblems, option)
      ? actionProblems[option](actions[option])
      : `there is no such action, but there are ${Object.keys(actionProblems).join(', ')}`
    if (typeof problem === 'string') throw runtimeError('E_OPTION_INVALID', { option, problem })
  }
}

/** Keeps the state. */
export type Kept<P extends MachineProtocol> = Transition<P> & { readonly state: undefined }

function timersOf(actions: Actions<MachineProtocol>): [TimerKey, number][] {
  const { stateTimeoutMs, eventTimeoutMs, timeoutsMs = {} } = actions
  const timers: [TimerKey, number][] = []
  if (stateTimeoutMs !== undefined) timers.push(['stateTimeout', checkTimeout(stateTimeoutMs)])
  if (eventTimeoutMs !== undefined) timers.push(['eventTimeout', checkTimeout(eventTimeoutMs)])
  for (const [name, delayMs] of Object.entries(timeoutsMs)) timers.push([`timeout ${name}`, checkTimeout(delayMs)])
  return timers
}

/** Whose result it is. */
export type Phase = 'init' | 'enter' | 'event' | 'call'

/**
 * What a handler returned, checked.
 * @throws E_TRANSITION_INVALID
 */
export function checkTransition(result: unknown, phase: Phase, state: string | undefined): Transition | undefined {
  const problem = problemOf(result, phase)
  if (problem !== undefined) throw runtimeError('E_TRANSITION_INVALID', { state: state ?? 'init', problem })
  return result as Transition | undefined
}

function problemOf(result: unknown, phase: Phase): string | undefined {
  if (result === undefined && phase !== 'init') return undefined
  if (!(result instanceof Transition)) return 'it is neither nextState(…), keepState(…) nor stop(…)'
  const { state, actions } = result
  if (phase === 'init' && state === undefined) return 'init names the first state'
  if (phase !== 'call' && 'reply' in actions) return 'there is no call to reply to'
  if ((phase === 'init' || phase === 'enter') && actions.postpone === true) return 'there is no event to postpone'
  if (phase !== 'enter') return undefined
  if (state !== undefined) return 'entering a state does not change it'
  return actions.internal === undefined ? undefined : 'entering a state gives no events'
}
