/** Runs the callbacks of a server, one message at a time. */

import { runtimeError } from '../errors.ts'
import { type ExitReason, reasonOf } from '../exit-reason.ts'
import { enter } from '../process/current.ts'
import { type Behavior, type Process, processState } from '../process/process.ts'
import { isThenable } from '../process/thenable.ts'
import { Call, Cast } from './call.ts'
import { GenServer } from './gen-server.ts'
import { noReply, Stop } from './outcome.ts'

type AnyServer = GenServer<never>
type Callback = 'constructor' | 'init' | 'handleCall' | 'handleCast' | 'handleInfo' | 'terminate'

let claimable: Process | undefined

/** What is known of a server before its first turn: its class and what `init` will get. */
export class ServerStart {
  readonly #server: new () => AnyServer
  readonly #args: unknown[]

  constructor(server: unknown, args: unknown[]) {
    this.#server = server as new () => AnyServer
    this.#args = args
  }

  static isServer(body: unknown): boolean {
    return typeof body === 'function' && body.prototype instanceof GenServer
  }

  /** The process that is being started: what the constructor of GenServer is bound to. */
  static claim(server: string): Process {
    const process = claimable
    claimable = undefined
    if (process === undefined) throw runtimeError('E_NOT_SPAWNED', { server })
    return process
  }

  begin(process: Process): void {
    claimable = process
    let server: AnyServer
    try {
      server = new this.#server()
    } catch (error) {
      return crash(process, undefined, 'constructor', error)
    } finally {
      claimable = undefined
    }
    if (!process.alive) return
    process.body = server
    try {
      const result = server.init(...(this.#args as never[]))
      if (result !== undefined) settle(process, 'init', result)
    } catch (error) {
      crash(process, server, 'init', error)
    }
  }
}

export const serverBehavior: Behavior = {
  run(process, budget) {
    if (process.body instanceof ServerStart) process.body.begin(process)
    const taken = takeMessages(process, process.body as AnyServer, budget)
    if (process.state === processState.running) rest(process)
    return taken
  },
}

function takeMessages(process: Process, server: AnyServer, budget: number): number {
  const mailbox = process.mailbox
  if (mailbox === undefined) return 0
  let taken = 0
  let callback: Callback = 'handleInfo'
  try {
    while (taken < budget && process.state === processState.running && mailbox.length > 0) {
      const message = mailbox.shift()
      taken++
      if (message instanceof Call) {
        callback = 'handleCall'
        // Its caller has given up, or its caller's node is gone.
        if (message.isOpen) answer(process, message, server.handleCall(message.request as never, message))
      } else if (message instanceof Cast) {
        callback = 'handleCast'
        const result = server.handleCast(message.request as never)
        if (result !== undefined) settle(process, callback, result)
      } else {
        callback = 'handleInfo'
        const result = server.handleInfo(message as never)
        if (result !== undefined) settle(process, callback, result)
      }
    }
  } catch (error) {
    crash(process, server, callback, error)
  }
  return taken
}

/** After a turn, or after a promise: idle, or queued again where messages wait. */
function rest(process: Process): void {
  process.state = processState.idle
  if (process.mailbox !== undefined && process.mailbox.length > 0) process.wake()
}

function answer(process: Process, call: Call, result: unknown): void {
  if (isThenable(result)) {
    await_(process, 'handleCall', result, value => answer(process, call, value))
  } else if (result instanceof Stop) {
    if (result.reply !== undefined) call.reply(result.reply.value)
    stopServer(process, result.reason)
  } else if (result !== noReply) call.reply(result)
}

function settle(process: Process, callback: Callback, result: unknown): void {
  if (isThenable(result)) await_(process, callback, result, value => settle(process, callback, value))
  else if (result instanceof Stop) {
    // As in OTP: what never got through init has nothing to terminate.
    if (callback === 'init') process.end(result.reason)
    else stopServer(process, result.reason)
  }
}

/** The process takes no message until the promise has settled. */
function await_(
  process: Process,
  callback: Callback,
  promise: PromiseLike<unknown>,
  done: (value: unknown) => void,
): void {
  // The callback may have ended its own process before its first await: that stays ended.
  if (process.alive) process.state = processState.busy
  promise.then(
    value => resume(process, callback, () => done(value)),
    error => resume(process, callback, () => crash(process, process.body as AnyServer, callback, error)),
  )
}

function resume(process: Process, callback: Callback, step: () => void): void {
  if (process.state !== processState.busy) return
  process.state = processState.running
  const before = enter(process)
  try {
    step()
  } catch (error) {
    // A reply that cannot leave the node.
    crash(process, process.body as AnyServer, callback, error)
  } finally {
    enter(before)
  }
  if (process.state === processState.running) rest(process)
}

function crash(process: Process, server: AnyServer | undefined, callback: Callback, error: unknown): void {
  // The process ended itself, or was ended, inside the callback.
  if (!process.alive) return
  const reason = reasonOf(error, callback)
  process.node.log.error('server crashed', { pid: process.pid, reason })
  // As in OTP: what never got through init has nothing to terminate.
  if (server === undefined || callback === 'init' || callback === 'terminate') process.end(reason)
  else stopServer(process, reason)
}

function stopServer(process: Process, reason: ExitReason): void {
  if (!process.alive) return
  const server = process.body as AnyServer
  try {
    const result = server.terminate(reason)
    if (isThenable(result)) await_(process, 'terminate', result, () => process.end(reason))
    else process.end(reason)
  } catch (error) {
    crash(process, server, 'terminate', error)
  }
}
