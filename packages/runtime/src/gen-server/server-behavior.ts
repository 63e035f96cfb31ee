/** Runs the callbacks of a server, one message at a time. */

import { runtimeError } from '../errors.ts'
import { describe, type ExitReason, reasonOf } from '../exit-reason.ts'
import { enter } from '../process/current.ts'
import type { Exit } from '../process/exits.ts'
import { type Behavior, type Process, processState } from '../process/process.ts'
import { isThenable } from '../process/thenable.ts'
import { RemoteMessage } from '../remote/remote-request.ts'
import { Call, Request, StopOrder } from './call.ts'
import { runInit } from './gen-server.ts'
import { Next, noReply, Stop, type Then } from './outcome.ts'
import { IdleTimer, isWithdrawn } from './server-idle.ts'
import type { AnyServer, ServerStart } from './server-start.ts'

type Callback = 'constructor' | 'init' | 'handleCall' | 'handleCast' | 'handleContinue' | 'handleInfo' | 'terminate'

/** The callback that runs, or ran last, of whichever server. */
let running: Callback = 'init'

/** Of a server that had no turn yet, or is in its constructor: the body is its {@link ServerStart}. */
export const startingBehavior: Behavior = {
  kind: 'server',

  run(process, budget) {
    begin(process, process.body as ServerStart)
    // Where each message is a turn of its own, the start is one too.
    const taken = budget === 1 ? 1 : takeMessages(process, budget)
    if (process.state === processState.running) rest(process)
    return taken
  },

  labelOf: process => (process.body as ServerStart).label,

  callbackOf: () => running,

  ended(process) {
    process.starting = (process.body as ServerStart | undefined)?.waiter
  },
}

/** Of a server: the body is the server. */
const serverBehavior: Behavior = {
  kind: 'server',

  run(process, budget) {
    const taken = takeMessages(process, budget)
    if (process.state === processState.running) rest(process)
    return taken
  },

  labelOf: process => (process.body as AnyServer).constructor.name,

  callbackOf: process => process.awaiting?.callback ?? running,

  statusOf: process => (process.body as AnyServer).formatStatus(),

  ended(process) {
    process.idle?.cancel()
    process.continuing = undefined
  },
}

/** Of a server that goes on with a `handleContinue` before its next message: a behavior of its own for that one turn. */
const continuingBehavior: Behavior = {
  ...serverBehavior,

  run(process, budget) {
    const { continuing } = process
    process.continuing = undefined
    process.behavior = serverBehavior
    if (continuing !== undefined) runContinue(process, continuing.request, continuing.message)
    // It counts as a message.
    const taken = 1 + takeMessages(process, budget - 1)
    if (process.state === processState.running) rest(process)
    return taken
  },
}

function begin(process: Process, start: ServerStart): void {
  let server: AnyServer
  running = 'init'
  try {
    server = start.make(process)
  } catch (error) {
    return crash(process, 'constructor', error)
  }
  if (!process.alive) return
  process.body = server
  process.behavior = serverBehavior
  process.starting = start.waiter
  try {
    settle(process, 'init', server[runInit](start.args as never[]))
  } catch (error) {
    crash(process, 'init', error)
  }
}

function takeMessages(process: Process, budget: number): number {
  const mailbox = process.mailbox
  if (mailbox === undefined) return 0
  const server = process.body as AnyServer
  let taken = 0
  let message: unknown
  try {
    while (taken < budget && process.state === processState.running && mailbox.length > 0) {
      message = mailbox.shift()
      taken++
      if (process.looksFirst) takeAfterLook(process, server, message)
      else if (message instanceof Request) takeRequest(process, server, message)
      else takeInfo(process, server, message, message)
    }
  } catch (error) {
    crash(process, running, error, message)
  }
  return taken
}

/** Apart from the loop, which most messages go through without it. */
function takeAfterLook(process: Process, server: AnyServer, message: unknown): void {
  if (process.idle !== undefined && !isWithdrawn(message)) process.idle.cancel()
  process.origin = undefined
  if (message instanceof Request) takeRequest(process, server, message)
  else if (process.trapExit && isParentExit(process, message)) stopServer(process, message.reason)
  else takeInfo(process, server, message, message)
}

function takeInfo(process: Process, server: AnyServer, info: unknown, message: unknown): void {
  running = 'handleInfo'
  const result = server.handleInfo(info as never)
  if (result !== undefined) settle(process, 'handleInfo', result, message)
}

function takeRequest(process: Process, server: AnyServer, message: Request): void {
  const { arrival } = message
  if (arrival !== undefined) {
    arrival.taken()
    process.origin = arrival.origin
  }
  if (message instanceof Call) {
    running = 'handleCall'
    // Its caller has given up, or its caller's node is gone.
    if (message.isOpen) answer(process, message, server.handleCall(message.request as never, message))
  } else if (message instanceof RemoteMessage) {
    takeInfo(process, server, message.request, message)
  } else if (message instanceof StopOrder) {
    if (message.isOpen) stopServer(process, message.request)
  } else {
    running = 'handleCast'
    const result = server.handleCast(message.request as never)
    if (result !== undefined) settle(process, 'handleCast', result, message)
  }
}

/** As in OTP: a server that traps exits ends with its parent all the same, but in order. */
function isParentExit(process: Process, message: unknown): message is Exit {
  const { kind, from } = (message ?? {}) as Partial<Exit>
  return kind === 'exit' && process.parent !== undefined && process.parent.equals(from)
}

/** After a turn, or after a promise: idle, or queued again where messages wait. */
function rest(process: Process): void {
  process.state = processState.idle
  if (process.mailbox !== undefined && process.mailbox.length > 0) process.wake()
}

function answer(process: Process, call: Call, result: unknown): void {
  if (isThenable(result)) {
    await_(process, 'handleCall', result, call, value => answer(process, call, value))
  } else if (result instanceof Stop) {
    if (result.reply !== undefined) call.reply(result.reply.value)
    stopServer(process, result.reason)
  } else if (result instanceof Next) {
    if (result.reply !== undefined) call.reply(result.reply.value)
    goOn(process, 'handleCall', result.after, call)
  } else if (result !== noReply) call.reply(result)
}

function settle(process: Process, callback: Callback, result: unknown, message?: unknown): void {
  if (isThenable(result)) await_(process, callback, result, message, value => settle(process, callback, value, message))
  else if (result instanceof Stop) {
    // As in OTP: what never got through init has nothing to terminate.
    if (callback === 'init') process.end(result.reason)
    else stopServer(process, result.reason)
  } else {
    if (result !== undefined && !(result instanceof Next)) throw nonsense(process, callback, result)
    if (callback === 'init') started(process)
    if (result instanceof Next) goOn(process, callback, result.after, message)
  }
}

/** As in OTP, where it is a bad_return_value: what was meant cannot be known. */
function nonsense(process: Process, callback: Callback, value: unknown): Error {
  const server = process.behavior.labelOf(process)
  return runtimeError('E_CALLBACK_RESULT', { callback, server, value: describe(value) })
}

function started(process: Process): void {
  const { starting } = process
  process.starting = undefined
  starting?.started()
}

function goOn(process: Process, callback: Callback, after: Then, message: unknown): void {
  if (!process.alive) return
  if (after.timeoutMs !== undefined) {
    process.idle?.cancel()
    process.idle = new IdleTimer(process, after.timeoutMs)
  }
  if (!('continue' in after)) return
  if (callback !== 'handleContinue') return runContinue(process, after.continue, message)
  // As in OTP a continue may go on for ever: each has a turn, so that others have theirs and no stack grows.
  process.continuing = { request: after.continue, message }
  process.behavior = continuingBehavior
  process.wake()
}

function runContinue(process: Process, request: unknown, message: unknown): void {
  const server = process.body as AnyServer
  running = 'handleContinue'
  try {
    settle(process, 'handleContinue', server.handleContinue(request as never), message)
  } catch (error) {
    crash(process, 'handleContinue', error, message)
  }
}

/** The process takes no message until the promise has settled. */
function await_(
  process: Process,
  callback: Callback,
  promise: PromiseLike<unknown>,
  message: unknown,
  done: (value: unknown) => void,
): void {
  // The callback may have ended its own process before its first await: that stays ended.
  if (process.alive) {
    process.state = processState.busy
    process.awaiting = { callback, message, begun: process.node.watching.begins(process) }
  }
  // What is like a promise may call back twice, or at once.
  Promise.resolve(promise).then(
    value => resume(process, callback, () => done(value)),
    error => resume(process, callback, () => crash(process, callback, error, message)),
  )
}

function resume(process: Process, callback: Callback, step: () => void): void {
  if (process.state !== processState.busy) return
  process.state = processState.running
  const begun = process.awaiting?.begun
  if (begun !== undefined) process.node.watching.took(begun, callback, true)
  // A listener may have ended it.
  if (!process.alive) return
  const message = process.awaiting?.message
  process.awaiting = undefined
  running = callback
  const before = enter(process)
  try {
    step()
  } catch (error) {
    // A reply that cannot leave the node.
    crash(process, callback, error, message)
  } finally {
    enter(before)
  }
  if (process.state === processState.running) rest(process)
}

function crash(process: Process, callback: Callback, error: unknown, message?: unknown): void {
  // The process ended itself, or was ended, inside the callback.
  if (!process.alive) return
  const reason = reasonOf(error, callback)
  process.node.watching.crashed(process, callback, reason, requestOf(message))
  // As in OTP: what never got through init has nothing to terminate.
  if (callback === 'constructor' || callback === 'init' || callback === 'terminate') process.end(reason)
  else stopServer(process, reason)
}

function stopServer(process: Process, reason: ExitReason): void {
  if (!process.alive) return
  const server = process.body as AnyServer
  running = 'terminate'
  try {
    const result = server.terminate(reason)
    if (isThenable(result)) await_(process, 'terminate', result, undefined, () => process.end(reason))
    else process.end(reason)
  } catch (error) {
    crash(process, 'terminate', error)
  }
}

/** What its sender gave. */
function requestOf(message: unknown): unknown {
  return message instanceof Request ? message.request : message
}
