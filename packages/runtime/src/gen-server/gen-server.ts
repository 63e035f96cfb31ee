/** The server base class, after OTP's gen_server. */

import type { Destination } from '../destination.ts'
import { hasCode, runtimeError } from '../errors.ts'
import type { ExitReason } from '../exit-reason.ts'
import { Pid } from '../pid.ts'
import { Actor } from '../process/actor.ts'
import { actingTowards } from '../process/current.ts'
import type { AnyProtocol, AnyReplyOf, CastOf, InfoOf, Protocol, RequestOf } from '../protocol.ts'
import type { From } from './call.ts'
import { type CallOptions, stopFrom } from './calling.ts'
import type { Next, NoReply, Stop } from './outcome.ts'
import { ServerStart } from './server-start.ts'

/** What a callback without a reply may return: nothing, `stop(reason)`, `next(…)`, or a promise of one of them. */
export type CallbackResult = void | Stop | Next | Promise<void | Stop | Next>

/** What `handleCall` may return: a reply, `noReply`, `stop(reason, reply)`, `reply(x, …)`, `next(…)`, or a promise. */
export type CallResult<Reply> = CallOutcome<Reply> | Promise<CallOutcome<Reply>>

type CallOutcome<Reply> = Reply | NoReply | Stop<Reply> | Next<Reply>

/** Under it a server carries its protocol, as a type only. */
export declare const speaks: unique symbol

/** @internal What a start runs: a kind of server that makes more of what `init` returned overrides it. */
export const runInit: unique symbol = Symbol('runInit')

/**
 * A process that answers calls. Subclass it, keep the state in fields, and start it with `spawn(MyServer, …)`;
 * the constructor takes nothing, `init` takes the arguments. Callbacks may be sync or async and run one at a
 * time: the next message waits until the promise of the last callback has settled. A callback that throws ends
 * the process with a reason that names the callback.
 *
 * Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html
 */
export abstract class GenServer<P extends Protocol = AnyProtocol, Initial = CallbackResult> extends Actor<
  InfoOf<P>,
  P
> {
  declare readonly [speaks]?: P

  constructor() {
    super(ServerStart.claim(new.target.name))
  }

  /**
   * Has a server run `terminate` and end with that reason, once it has taken what it was sent before, and waits for
   * its end. A process that is a function ends at once. Default reason `'normal'`, without a time-out, as in OTP.
   * @throws E_CALL_EXIT where there is none or it ends with another reason, and what `call` throws, as rejections
   */
  static async stop(to: Destination<never>, reason: ExitReason = 'normal', options?: CallOptions): Promise<void> {
    await stopFrom(actingTowards(to), to, reason, options)
  }

  /** Runs before the first message. */
  init(..._args: never[]): Initial {
    return undefined as Initial
  }

  /** @internal */
  [runInit](args: never[]): unknown {
    return this.init(...args)
  }

  /** Answers a request that came with `call`. */
  handleCall(_request: RequestOf<P>, _from: From<AnyReplyOf<P>>): CallResult<AnyReplyOf<P>> {
    throw missing(this, 'handleCall')
  }

  /** Takes a request that came with `cast`. */
  handleCast(_request: CastOf<P>): CallbackResult {
    throw missing(this, 'handleCast')
  }

  /** Takes every other message: those sent with `send`, `down`, `exit`. Logs it unless you write it. */
  handleInfo(_message: InfoOf<P>): CallbackResult {
    this.node.log.warn('message without a handleInfo', { pid: this.pid, server: this.constructor.name })
  }

  /** Takes what `next({ continue })` or `reply(x, { continue })` left to do, before the next message. */
  handleContinue(_request: never): CallbackResult {
    throw missing(this, 'handleContinue')
  }

  /**
   * The state as crash reports show it; by default the fields of the server, without private ones. Override it to show
   * those, or to hide what must not be seen.
   *
   * Source: https://www.erlang.org/doc/apps/stdlib/gen_server.html#c:format_status/1
   */
  formatStatus(): unknown {
    return { ...this }
  }

  /** Runs when the server stops by itself or crashes, not when it is killed or ended by a link. */
  terminate(_reason: ExitReason): void | Promise<void> {}
}

function missing(server: object, callback: string): Error {
  return runtimeError('E_SERVER_CALLBACK', { server: server.constructor.name, callback })
}

Pid.stop = async pid => {
  try {
    await GenServer.stop(pid)
  } catch (error) {
    // It had ended already, or ends with another reason, or with its node: it is gone all the same.
    if (!hasCode(error, 'E_CALL_EXIT') && !hasCode(error, 'E_NO_CONNECTION') && !hasCode(error, 'E_NODE_STOPPED'))
      throw error
  }
}
