/** The caller's side of a call, and of a stop: one promise, settled once, by the reply, an end, a time-out or a signal. */

import { checkOptions, checkTimeout, Timed } from '../clock/timeouts.ts'
import { type Destination, describeDestination } from '../destination.ts'
import { BarrelError, runtimeError } from '../errors.ts'
import { describe, type ExitReason } from '../exit-reason.ts'
import { failInTime } from '../process/in-time.ts'
import { Process } from '../process/process.ts'
import { never } from '../process/thenable.ts'
import { placeOf, type RemotePlace } from '../process/verbs.ts'
import { freezeMessage } from '../watching/freeze.ts'
import { Call } from './call.ts'

export interface CallOptions {
  /** How long to wait for the reply, in milliseconds; default 5000, as in OTP; Infinity waits for ever. */
  readonly timeoutMs?: number
  /** Ends the wait early: the call rejects with E_CALL_ABORTED, a late reply vanishes. */
  readonly signal?: AbortSignal
}

export const callOptionNames: readonly string[] = ['timeoutMs', 'signal']

const timeoutMsDefault = 5000

/** A call that a process of this node waits for. */
export class PendingCall extends Timed {
  readonly #caller: Process
  readonly #destination: unknown
  readonly #timeoutMs: number
  #resolve!: (value: unknown) => void
  #reject!: (error: Error) => void
  readonly promise: Promise<unknown>
  /** Withdraws the call where it went; set by whoever carries it there. */
  withdraw: (() => void) | undefined = undefined
  /** No more attention to the signal that may end the wait. */
  #unheed: (() => void) | undefined
  /** The calls of its caller that wait. */
  #newerAsked: PendingCall | undefined
  #olderAsked: PendingCall | undefined

  constructor(caller: Process, destination: unknown, options: CallOptions | undefined) {
    super()
    this.#caller = caller
    this.#destination = destination
    checkOptions(options, callOptionNames)
    this.#timeoutMs = checkTimeout(options?.timeoutMs ?? timeoutMsDefault)
    checkSignal(options?.signal)
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    caller.node.timeouts.enter(this, this.#timeoutMs)
    this.#olderAsked = caller.asked
    if (caller.asked !== undefined) caller.asked.#newerAsked = this
    caller.asked = this
    if (options?.signal !== undefined) this.#heed(options.signal)
  }

  get freezes(): boolean {
    return this.#caller.node.freezesMessages
  }

  replied(value: unknown): void {
    this.#settle()
    // The code of a dead caller goes no further: its promise stays open.
    if (this.#caller.alive) this.#resolve(value)
  }

  /** What it waited for has ended, or was lost; `cause` says why a connection was. */
  ended(reason: ExitReason, cause?: Error): void {
    const target = describeDestination(this.#destination)
    const error =
      reason === 'noconnection'
        ? noConnection(target, cause)
        : runtimeError('E_CALL_EXIT', { target, how: howItEnded(reason), reason: describe(reason), exit: reason })
    this.fail(error)
  }

  override expire(): void {
    this.withdraw?.()
    const fields = { target: describeDestination(this.#destination), timeoutMs: this.#timeoutMs }
    this.fail(runtimeError('E_CALL_TIMEOUT', fields))
  }

  fail(error: Error): void {
    this.#settle()
    if (this.#caller.alive) this.#reject(error)
  }

  /** Its caller has ended: nobody waits any more. */
  abandon(): void {
    this.#settle()
    this.withdraw?.()
  }

  #settle(): void {
    const caller = this.#caller
    const [newer, older] = [this.#newerAsked, this.#olderAsked]
    if (older !== undefined) older.#newerAsked = newer
    if (newer !== undefined) newer.#olderAsked = older
    else if (caller.asked === this) caller.asked = older
    this.#newerAsked = undefined
    this.#olderAsked = undefined
    caller.node.timeouts.leave(this)
    this.#unheed?.()
  }

  #heed(signal: AbortSignal): void {
    const aborted = () => {
      if (this.#unheed !== undefined) this.#abort(signal.reason)
    }
    this.#unheed = () => {
      this.#unheed = undefined
      signal.removeEventListener('abort', aborted)
    }
    if (signal.aborted) queueMicrotask(aborted)
    else signal.addEventListener('abort', aborted, { once: true })
  }

  #abort(cause: unknown): void {
    this.withdraw?.()
    this.fail(runtimeError('E_CALL_ABORTED', { target: describeDestination(this.#destination) }, cause))
  }
}

/** A call to a process of the caller's own node. */
class LocalCall extends Call {
  readonly #pending: PendingCall

  constructor(pending: PendingCall, request: unknown, isStop: boolean) {
    super(request, isStop)
    this.#pending = pending
    pending.withdraw = () => this.close()
  }

  override replied(value: unknown): void {
    if (this.#pending.freezes) freezeMessage(value)
    this.#pending.replied(value)
  }

  override targetEnded(reason: ExitReason): void {
    // The very reason that it was to end with: that is what was wished.
    if (this.isStop && reason === this.request) this.#pending.replied(undefined)
    else this.#pending.ended(reason)
  }
}

export function callFrom(
  caller: Process,
  destination: Destination<never>,
  request: unknown,
  options: CallOptions | undefined,
): Promise<unknown> {
  // The code of the root is the program's own: it is told, where that of other dead processes goes no further.
  if (!caller.alive) return caller.isRoot ? Promise.reject(nodeStopped(caller)) : never()
  if (caller.node.freezesMessages) freezeMessage(request)
  return ask(caller, destination, request, options, false)
}

/**
 * Has a process end with that reason, in order, and waits for its end.
 *
 * Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#stop/3
 */
export function stopFrom(
  caller: Process,
  destination: Destination<never>,
  reason: ExitReason,
  options: CallOptions | undefined,
): Promise<unknown> {
  if (!caller.alive) return caller.isRoot ? Promise.reject(nodeStopped(caller)) : never()
  checkOptions(options, callOptionNames)
  return ask(caller, destination, reason, { ...options, timeoutMs: options?.timeoutMs ?? Infinity }, true)
}

function ask(
  caller: Process,
  destination: Destination<never>,
  request: unknown,
  options: CallOptions | undefined,
  isStop: boolean,
): Promise<unknown> {
  const place = placeOf(caller, destination)
  if (place === caller) return Promise.reject(runtimeError('E_CALL_SELF', { pid: caller.pid }))
  // First: a name that no node can have is refused before anything waits for it.
  const remote = place === undefined || place instanceof Process ? undefined : caller.node.remote(place.node)
  const pending = new PendingCall(caller, destination, options)
  if (place instanceof Process && place.alive) {
    const call = new LocalCall(pending, request, isStop)
    if (isStop) call.openStop(place)
    else call.open(place)
  } else if (remote === undefined) failInTime(caller.node, () => pending.ended('noproc'))
  else if (isStop) remote.stop(pending, caller, (place as RemotePlace).target, request)
  else remote.call(pending, caller, (place as RemotePlace).target, request)
  return pending.promise
}

function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return
  throw runtimeError('E_OPTION_INVALID', { option: 'signal', problem: `${describe(signal)} is not an AbortSignal` })
}

function nodeStopped(caller: Process): Error {
  return runtimeError('E_NODE_STOPPED', { node: caller.node.name })
}

function howItEnded(reason: ExitReason): string {
  return reason === 'noproc' ? 'there is no such process (noproc)' : `the process exited with ${describe(reason)}`
}

/** The advice of the cause is the better one: it knows what kept the channel from opening. */
function noConnection(target: string, cause: Error | undefined): Error {
  const isKnown = cause instanceof BarrelError
  const problem = isKnown ? cause.what.replace(/\.$/, '') : (cause?.message ?? 'the channel to its node was lost')
  const advice = isKnown ? cause.todo.replace(/\.$/, '') : 'See that the node runs; the next call connects again'
  return runtimeError('E_NO_CONNECTION', { target, reason: 'noconnection', problem, advice }, cause)
}
