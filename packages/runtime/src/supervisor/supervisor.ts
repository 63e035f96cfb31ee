/** The supervisor as users see it, after OTP's. What it does is in `supervision.ts`. */

import { checkOptions } from '../clock/timeouts.ts'
import { call } from '../default-node.ts'
import type { NameDestination } from '../destination.ts'
import { type CallOptions, callOptionNames } from '../gen-server/calling.ts'
import { type CallbackResult, type CallResult, GenServer, runInit } from '../gen-server/gen-server.ts'
import { Pid, type ServerPid } from '../pid.ts'
import { Actor } from '../process/actor.ts'
import type { Exit } from '../process/exits.ts'
import type { PidOf, ServerInstance } from '../process/spawn.ts'
import {
  type ChildSpec,
  checkChildSpec,
  checkSupervisorSpec,
  type FunctionChildSpec,
  type ServerChildSpec,
  type SupervisorSpec,
  supervises,
} from './child-spec.ts'
import { Retry } from './children.ts'
import {
  answerOf,
  type ChildInfo,
  type ChildrenCount,
  openAnswer,
  type SupervisorAnswer,
  type SupervisorProtocol,
  type SupervisorRequest,
} from './request.ts'
import { Supervision } from './supervision.ts'

/** How a supervisor is reached: its pid, or a name. */
export type SupervisorDestination = ServerPid<SupervisorProtocol> | NameDestination

/**
 * A server that keeps other processes running. Subclass it with an `init` that returns the children, or make a
 * class of a spec with `Supervisor.of`; start either like any server. The supervisor is parent and link of its
 * children, and traps exits. Leave its other callbacks alone.
 *
 * A child that ends by itself is restarted as its spec says, along with others as the strategy says, at most
 * `intensity` times in `periodMs`; once more, and all children are stopped and the supervisor exits `'shutdown'`. A restart that
 * fails is tried again, and counts again. As in OTP, a restart along with others also starts those that had been stopped.
 *
 * Source: https://www.erlang.org/doc/apps/stdlib/supervisor.html
 */
export abstract class Supervisor extends GenServer<SupervisorProtocol, SupervisorSpec | Promise<SupervisorSpec>> {
  /** @internal */
  static readonly [supervises]: true = true
  #supervision: Supervision | undefined

  /**
   * Says what to supervise. A child that cannot be started fails the start of the supervisor, after those before
   * it have been stopped.
   */
  abstract override init(...args: never[]): SupervisorSpec | Promise<SupervisorSpec>

  /**
   * A class of supervisors with these children: `start(Supervisor.of({ children: [{ id: 'db', server: Db }] }))`.
   * @throws E_CHILD_SPEC_INVALID, E_CHILD_EXISTS, E_OPTION_INVALID
   */
  static of(spec: SupervisorSpec): new () => Supervisor & { init(): SupervisorSpec } {
    const checked = checkSupervisorSpec(spec)
    return class SupervisorOfSpec extends Supervisor {
      override init(): SupervisorSpec {
        return checked
      }
    }
  }

  /** The spec as it is: in a list of children, for the compiler to hold `args` against what `init` takes. */
  static child<S extends ServerInstance>(spec: ServerChildSpec<S>): ChildSpec
  static child<M>(spec: FunctionChildSpec<M>): ChildSpec
  static child(spec: unknown): ChildSpec {
    return spec as ChildSpec
  }

  /**
   * Adds a child behind the others and starts it.
   * @throws E_CHILD_SPEC_INVALID, E_CHILD_EXISTS, E_CHILD_START_FAILED (the spec is not kept), as rejections, and what `call` throws
   */
  static startChild<S extends ServerInstance>(
    supervisor: SupervisorDestination,
    spec: ServerChildSpec<S>,
    options?: CallOptions,
  ): Promise<PidOf<S>>
  static startChild<M>(
    supervisor: SupervisorDestination,
    spec: FunctionChildSpec<M>,
    options?: CallOptions,
  ): Promise<Pid<M>>
  static async startChild(supervisor: SupervisorDestination, spec: unknown, options?: CallOptions): Promise<Pid> {
    const checked = checkChildSpec(spec as ChildSpec)
    return (await ask(supervisor, { kind: 'startChild', spec: checked }, options)) as Pid
  }

  /**
   * Stops a child and keeps its spec, unless it is temporary. Fine where it does not run.
   * @throws E_CHILD_UNKNOWN as a rejection, and what `call` throws
   */
  static async terminateChild(supervisor: SupervisorDestination, id: string, options?: CallOptions): Promise<void> {
    await ask(supervisor, { kind: 'terminateChild', id }, options)
  }

  /**
   * Starts a child that has been stopped or has ended.
   * @throws E_CHILD_UNKNOWN, E_CHILD_NOT_STOPPED, E_CHILD_START_FAILED as rejections, and what `call` throws
   */
  static async restartChild(supervisor: SupervisorDestination, id: string, options?: CallOptions): Promise<Pid> {
    return (await ask(supervisor, { kind: 'restartChild', id }, options)) as Pid
  }

  /**
   * Forgets the spec of a child that has been stopped or has ended.
   * @throws E_CHILD_UNKNOWN, E_CHILD_NOT_STOPPED as rejections, and what `call` throws
   */
  static async deleteChild(supervisor: SupervisorDestination, id: string, options?: CallOptions): Promise<void> {
    await ask(supervisor, { kind: 'deleteChild', id }, options)
  }

  /** The children, in the order of their start. */
  static async whichChildren(supervisor: SupervisorDestination, options?: CallOptions): Promise<ChildInfo[]> {
    return (await ask(supervisor, { kind: 'whichChildren' }, options)) as ChildInfo[]
  }

  static async countChildren(supervisor: SupervisorDestination, options?: CallOptions): Promise<ChildrenCount> {
    return (await ask(supervisor, { kind: 'countChildren' }, options)) as ChildrenCount
  }

  /** @internal */
  override async [runInit](args: never[]): Promise<void> {
    this.trapExit = true
    const supervision = new Supervision(Actor.processOf(this), checkSupervisorSpec(await this.init(...args)))
    this.#supervision = supervision
    await supervision.start()
  }

  override handleCall(request: SupervisorRequest): CallResult<SupervisorAnswer> {
    return answerOf(() => this.#supervision?.serve(request))
  }

  override handleCast(): void {
    this.node.log.warn('a cast, which no supervisor takes', { pid: this.pid })
  }

  override handleInfo(message: unknown): CallbackResult {
    if (message instanceof Retry) return this.#supervision?.retry(message)
    const { kind, from, reason } = (message ?? {}) as Partial<Exit>
    // What another node says is a message, whatever it looks like: exits come by themselves.
    if (kind !== 'exit' || !(from instanceof Pid) || this.origin !== undefined)
      return super.handleInfo(message as never)
    return this.#supervision?.childEnded(from, reason)
  }

  override async terminate(): Promise<void> {
    await this.#supervision?.stop()
  }
}

async function ask(supervisor: SupervisorDestination, request: SupervisorRequest, options?: CallOptions) {
  checkOptions(options, callOptionNames)
  // As in OTP: starting and stopping children takes as long as their specs allow.
  const timeoutMs = options?.timeoutMs ?? Infinity
  const answer = await call(supervisor as NameDestination, request, { ...options, timeoutMs })
  return openAnswer(answer as SupervisorAnswer)
}
