/** The state machine base class, after OTP's gen_statem: a server whose callbacks are its states. */

import { runtimeError } from '../errors.ts'
import type { From } from '../gen-server/call.ts'
import { type CallbackResult, type CallResult, GenServer } from '../gen-server/gen-server.ts'
import { type Next, next, noReply, Stop, stop } from '../gen-server/outcome.ts'
import { Actor } from '../process/actor.ts'
import { isThenable } from '../process/thenable.ts'
import type { AnyReplyOf, CastOf, InfoOf, RequestOf } from '../protocol.ts'
import { type CoreEffect, type CoreInput, createCore, type OwnEvent, step } from './core.ts'
import type { MachineEvent, MachineProtocol, StateOf } from './machine-protocol.ts'
import { Expiry, MachineTimers } from './machine-timers.ts'
import { type Actions, checkTransition, type Kept, type Phase, Transition } from './transition.ts'

type Eventually<Result> = Result | Promise<Result>

/** What `init` returns: `this.nextState(first)`, `stop(reason)`, or a promise of one of them. */
export type InitResult<P extends MachineProtocol> = Eventually<Transition<P> | Stop>

/** What a state returns: nothing to stay, `this.nextState(…)`, `this.keepState(…)`, `stop(…)`, or a promise. */
export type StateResult<P extends MachineProtocol> = Eventually<void | Transition<P> | Stop<AnyReplyOf<P>>>

/** What `handleEnter` returns: nothing, `this.keepState(…)`, `stop(reason)`, or a promise. */
export type EnterResult<P extends MachineProtocol> = Eventually<void | Kept<P> | Stop>

/** A function for each state, which handles every event that comes while the machine is in it. */
export type States<P extends MachineProtocol> = {
  readonly [State in StateOf<P>]: (event: MachineEvent<P>) => StateResult<P>
}

/** What comes from outside, whatever the protocol. */
type Received =
  | { readonly kind: 'call'; readonly request: unknown; readonly from: From }
  | { readonly kind: 'cast'; readonly request: unknown }
  | { readonly kind: 'info'; readonly message: unknown }

type Handled = undefined | Stop | Next | Promise<Next>

/** How many events that a machine gives itself are handled in one turn: chosen, as many messages as a process takes. */
const ownEventsMax = 256

/**
 * A server that is in one of several named states. Subclass it, keep data in fields, and start it as any server.
 * One event is handled at a time, sync or async; its state says what is next:
 *
 * - `this.nextState('open', actions)`: on to another state. Postponed events are handled again, oldest first and
 *   before newer ones, the state time-out is cancelled, `handleEnter` runs.
 * - `this.keepState(actions)`, or nothing: stay. To name the state that it is in is to stay, too.
 * - `stop(reason, reply?)`: end, through `terminate`.
 *
 * A postponed call is handled again even if its caller has given up: as ever, the reply then vanishes.
 *
 * Source: https://www.erlang.org/doc/apps/stdlib/gen_statem.html
 */
export abstract class GenStateMachine<P extends MachineProtocol> extends GenServer<P> {
  abstract readonly states: States<P>
  readonly #core = createCore<Received>()
  #timers: MachineTimers | undefined

  /** Says which state it begins in, and what besides: `return this.nextState('closed')`. */
  abstract override init(...args: never[]): InitResult<P>

  /** Runs when a state has been entered, the first one included, before any event in it. */
  handleEnter(_state: StateOf<P>, _from: StateOf<P> | undefined): EnterResult<P> {}

  /** The state that it is in, and the fields, without private ones. */
  override formatStatus(): unknown {
    const { states: _, ...fields } = this
    return { state: this.state, ...fields }
  }

  /** The state that it is in; undefined before `init` has returned. */
  get state(): StateOf<P> | undefined {
    return this.#core.state
  }

  /**
   * To be returned: goes to that state.
   * @throws E_STATE_UNKNOWN, E_OPTION_INVALID for an action that is none
   */
  nextState(state: StateOf<P>, actions: Actions<P> = {}): Transition<P> {
    if (typeof state !== 'string' || !Object.hasOwn(this.states, state)) {
      throw runtimeError('E_STATE_UNKNOWN', { state, machine: this.constructor.name })
    }
    return new Transition<P>(state, actions)
  }

  /**
   * To be returned: stays in the state.
   * @throws E_OPTION_INVALID for an action that is none
   */
  keepState(actions: Actions<P> = {}): Kept<P> {
    return new Transition<P>(undefined, actions) as Kept<P>
  }

  /** @internal */
  override handleCall(request: RequestOf<P>, from: From<AnyReplyOf<P>>): CallResult<AnyReplyOf<P>> {
    return this.#take({ kind: 'call', request, from: from as From }) ?? noReply
  }

  /** @internal */
  override handleCast(request: CastOf<P>): CallbackResult {
    return this.#take({ kind: 'cast', request })
  }

  /** @internal */
  override handleInfo(message: InfoOf<P>): CallbackResult {
    return message instanceof Expiry ? this.#drive(message) : this.#take({ kind: 'info', message })
  }

  /** @internal What `init` or an async handler has returned. */
  override handleContinue(result: never): CallbackResult {
    return (result as unknown) instanceof Paused ? this.#run((result as Paused).callback) : this.#returned(result)
  }

  #take(event: Received): Handled {
    // An `init` that returned no state.
    if (this.#core.state === undefined) checkTransition(undefined, 'init', undefined)
    return this.#drive({ kind: 'event', event })
  }

  #returned(result: unknown): Handled {
    const input = this.#settle(result)
    return input instanceof Stop ? input : this.#drive(input)
  }

  #drive(input: CoreInput<Received>): Handled {
    return this.#run(this.#perform(step(this.#core, input)))
  }

  /** Runs handlers until there is nothing left to handle, one returns a promise, or others must have their turn. */
  #run(first: Callback | undefined): Handled {
    let callback = first
    // A handler may have ended its own process.
    for (let handled = 0; callback !== undefined && this.alive; handled++) {
      // Before the next message, and in a turn of its own: a machine may give itself events for ever.
      if (handled > 0 && !this.#hasTurn(handled)) return next({ continue: new Paused(callback) })
      const result = this.#call(callback)
      // Back through handleContinue, which runs as the process does.
      if (isThenable(result)) return Promise.resolve(result).then(value => next({ continue: value }))
      const settled = this.#settle(result)
      if (settled instanceof Stop) return settled
      callback = this.#perform(step(this.#core, settled))
    }
    return undefined
  }

  #hasTurn(handled: number): boolean {
    return handled < ownEventsMax && this.node.scheduler.takeOne()
  }

  /** Starts and cancels timers; what is left is the callback to run. */
  #perform(effects: CoreEffect<Received>[]): Callback | undefined {
    for (const effect of effects) {
      if (effect.kind === 'handle' || effect.kind === 'enter') return effect
      if (effect.kind === 'cancelTimer') this.#timers?.cancel(effect.id)
      else {
        this.#timers ??= new MachineTimers(Actor.processOf(this), this.signal)
        this.#timers.start(effect.timer, effect.id, effect.delayMs)
      }
    }
    return undefined
  }

  #call(callback: Callback): unknown {
    if (callback.kind === 'enter') return this.handleEnter(callback.state, callback.from)
    return this.states[callback.state as StateOf<P>](callback.event as never)
  }

  #settle(result: unknown): CoreInput<Received> | Stop {
    const event = this.#core.current
    if (result instanceof Stop) {
      if (result.reply !== undefined && event?.kind === 'call') event.from.reply(result.reply.value)
      // Answered here: the call that is being handled need not be the one that came last.
      return stop(result.reason)
    }
    const transition = checkTransition(result, this.#phase(event), this.#core.state)
    if (transition !== undefined && 'reply' in transition.actions && event?.kind === 'call') {
      event.from.reply(transition.actions.reply)
    }
    return { kind: 'returned', outcome: transition?.outcome ?? {} }
  }

  #phase(event: Received | OwnEvent | undefined): Phase {
    if (this.#core.state === undefined) return 'init'
    if (event === undefined) return 'enter'
    return event.kind === 'call' ? 'call' : 'event'
  }
}

type Callback = Extract<CoreEffect<Received>, { kind: 'handle' | 'enter' }>

/** Goes through handleContinue: the handler that is next. */
class Paused {
  readonly callback: Callback

  constructor(callback: Callback) {
    this.callback = callback
  }
}
