/** What a process can do, as methods: shared by servers (`this`), function processes (`self`) and nodes. */

import { cancelTimerFrom, type Expired, startTimerFrom } from '../clock/process-timers.ts'
import type { Destination, NameDestination, Watchable } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import { describe, type ExitReason } from '../exit-reason.ts'
import { type CallOptions, callFrom } from '../gen-server/calling.ts'
import { type StartSpec, startFrom } from '../gen-server/starting.ts'
import type { Node } from '../node.ts'
import type { AnyPid, Pid } from '../pid.ts'
import type { AnyProtocol, CastOf, Protocol, ReplyOf, RequestOf } from '../protocol.ts'
import type { Alias, Ref } from '../ref.ts'
import type { Origin } from '../remote/origin.ts'
import { checkFlush, type DemonitorOptions } from './monitor.ts'
import { type Process, processState } from './process.ts'
import type { FunctionBody, PidOf, ServerClass, ServerInstance } from './spawn.ts'
import {
  type AliasOptions,
  aliasFrom,
  castFrom,
  demonitorFrom,
  drainedFrom,
  exitFrom,
  freshRef,
  linkFrom,
  monitorFrom,
  type ProcessFlag,
  processFlagFrom,
  sendFrom,
  unaliasFrom,
  unlinkFrom,
} from './verbs.ts'

/** Thrown by `exit(reason)` to leave the code of a process that has just ended. Do not catch it. */
export class ExitedError extends Error {
  override readonly name = 'ExitedError'
}

export abstract class Actor<Message = unknown, P extends Protocol = AnyProtocol> {
  #process: Process

  /** @internal A node has no process yet while it is made; it is bound right after. */
  constructor(process: Process | undefined) {
    this.#process = process as Process
  }

  /** @internal */
  static bind: (actor: Actor<never, Protocol>, process: Process) => void = (actor, process) => {
    actor.#process = process
  }

  /** Its own address. */
  get pid(): Pid<Message, P> {
    return this.#process.pid as unknown as Pid<Message, P>
  }

  /** The node it runs on. */
  get node(): Node {
    return this.#process.node
  }

  /**
   * The node that the message came from which this process took last, and what that node has proved to be; undefined
   * for one of its own node, and for what the runtime itself puts into the mailbox, such as a `down`. A trapped exit of a
   * process of another node came from that node. What a message says of its sender is a claim; this is not.
   */
  get origin(): Origin | undefined {
    return this.#process.origin
  }

  /** Fires when the process ends, so that `fetch(url, { signal })` ends with it. */
  get signal(): AbortSignal {
    const process = this.#process
    if (process.abort === undefined) {
      process.abort = new AbortController()
      if (!process.alive) process.abort.abort()
    }
    return process.abort.signal
  }

  /** Whether exits of linked processes come as `{ kind: 'exit', from, reason }` messages instead of ending it. */
  get trapExit(): boolean {
    return this.#process.trapExit
  }

  /** @throws E_OPTION_INVALID */
  set trapExit(trap: boolean) {
    processFlagFrom(this.#process, 'trapExit', trap)
  }

  /**
   * Sets a flag of this process, as `process_flag/2` of Erlang does; `trapExit` is the only one.
   * @returns what it was before.
   * @throws E_OPTION_INVALID
   */
  processFlag(flag: ProcessFlag, value: boolean): boolean {
    return processFlagFrom(this.#process, flag, value)
  }

  /**
   * Sends a message. A dead or unknown target drops it; ask with `monitor` if you care.
   * @returns false where the buffer towards the target's node is past its high-water mark, true otherwise.
   * @throws E_MESSAGE_INVALID where the message cannot leave the node, E_DESTINATION_INVALID, E_VIA_UNKNOWN
   */
  send<M>(to: Pid<M, Protocol> | Alias<M>, message: NoInfer<M>): boolean
  send(to: NameDestination, message: unknown): boolean
  send(to: Destination<never> | Alias<never>, message: unknown): boolean {
    return sendFrom(this.#process, to, message)
  }

  /**
   * Asks a server and waits for its reply.
   * @throws E_CALL_TIMEOUT, E_CALL_EXIT, E_CALL_ABORTED, E_NO_CONNECTION as rejections; what `send` throws at once
   */
  call<C extends Protocol, const R extends RequestOf<C>>(
    to: Pid<never, C>,
    request: R,
    options?: CallOptions,
  ): Promise<ReplyOf<C, R>>
  call(to: NameDestination, request: unknown, options?: CallOptions): Promise<unknown>
  call(to: Destination<never>, request: unknown, options?: CallOptions): Promise<unknown> {
    return callFrom(this.#process, to, request, options)
  }

  /**
   * Resolves when what waits for the node of that destination has fallen to the low-water mark, or is lost with its
   * channel: after `send` has returned false. At once where nothing holds it up.
   * @throws E_DESTINATION_INVALID, E_VIA_UNKNOWN
   */
  drained(to: Destination<never>): Promise<void> {
    return drainedFrom(this.#process, to)
  }

  /** Tells a server something that it does not answer. Like `send` otherwise. */
  cast<C extends Protocol>(to: Pid<never, C>, request: NoInfer<CastOf<C>>): boolean
  cast(to: NameDestination, request: unknown): boolean
  cast(to: Destination<never>, request: unknown): boolean {
    return castFrom(this.#process, to, request)
  }

  /**
   * Sends a message later: after at least `delayMs` milliseconds of the node's clock. The timer goes with its target
   * where that is a pid of this node, not with who started it; a name is resolved when it is due, and what cannot be
   * sent then is logged. Encoded, for another node, when it is sent.
   * @returns what `cancelTimer` takes.
   * @throws E_OPTION_INVALID, E_DESTINATION_INVALID
   */
  sendAfter<M>(delayMs: number, to: Pid<M, Protocol>, message: NoInfer<M>): Ref
  sendAfter(delayMs: number, to: NameDestination, message: unknown): Ref
  sendAfter(delayMs: number, to: Destination<never>, message: unknown): Ref {
    return startTimerFrom(this.#process, delayMs, to, () => message)
  }

  /** As `sendAfter`, but the message comes as `{ kind: 'timer', ref, message }`, with the ref that this returns. */
  startTimer<const M>(delayMs: number, to: Pid<Expired<M>, Protocol>, message: M): Ref
  startTimer(delayMs: number, to: NameDestination, message: unknown): Ref
  startTimer(delayMs: number, to: Destination<never>, message: unknown): Ref {
    return startTimerFrom(this.#process, delayMs, to, ref => ({ kind: 'timer', ref, message }) satisfies Expired)
  }

  /**
   * Stops a timer of this node, whoever started it.
   * @returns the milliseconds that it had left, false where it has sent its message already, or is unknown.
   * @throws E_REF_INVALID
   */
  cancelTimer(ref: Ref): number | false {
    return cancelTimerFrom(this.#process, ref)
  }

  /**
   * A ref that nobody else has: send it with a request, and `receive` the reply by it, which is quick however many
   * messages wait.
   */
  makeRef(): Ref {
    return freshRef(this.#process)
  }

  /**
   * A further address of this process, to `send` to from any node, until `unalias` takes it back, or with `once` the
   * first message: whatever is sent to it later vanishes. For a reply that is worth nothing after a time-out.
   * @throws E_OPTION_INVALID
   */
  alias<M = unknown>(options?: AliasOptions): Alias<M> {
    return aliasFrom(this.#process, options)
  }

  /**
   * Takes an alias of this process back. From here on nothing that is sent to it comes.
   * @returns whether it was still good.
   * @throws E_REF_INVALID
   */
  unalias(alias: Alias<never>): boolean {
    return unaliasFrom(this.#process, alias)
  }

  /** Ties this process and another together: when one ends abnormally, so does the other, unless it traps exits. */
  link(pid: AnyPid): void {
    linkFrom(this.#process, pid)
  }

  /** Takes the link away. From here on the other's end does not affect this process. */
  unlink(pid: AnyPid): void {
    unlinkFrom(this.#process, pid)
  }

  /**
   * Watches a process: exactly one `{ kind: 'down', ref, from, reason }` comes when it ends, at once with
   * `'noproc'` where there is none, with `'noconnection'` when its node is lost.
   */
  monitor(watched: Watchable): Ref {
    return monitorFrom(this.#process, watched)
  }

  /**
   * Ends a monitor; with `flush` a `down` that is already in the mailbox goes too.
   * @returns whether it was still watching.
   * @throws E_REF_INVALID, E_OPTION_INVALID
   */
  demonitor(ref: Ref, options?: DemonitorOptions): boolean {
    return demonitorFrom(this.#process, ref, checkFlush(options))
  }

  /**
   * From here on this process is told of each node that a channel comes up to, or closes to: `{ kind: 'nodeUp', node }`
   * and `{ kind: 'nodeDown', node, reason }`, in turn for each. Once is enough; `nodes()` says who is up already.
   */
  subscribeNodes(): void {
    if (this.alive) this.node.remotes.subscribers.add(this.#process)
  }

  /** Ends it. A message may be in the mailbox already. Whether it was told. */
  unsubscribeNodes(): boolean {
    return this.node.remotes.subscribers.remove(this.#process)
  }

  /** Ends this process with that reason, leaving its code by a throw. */
  exit(reason: ExitReason): never
  /**
   * Sends an exit signal: `'kill'` cannot be trapped, `'normal'` is ignored unless trapped.
   * @throws E_DESTINATION_INVALID, E_MESSAGE_INVALID where the target is on another node and the reason cannot cross
   */
  exit(target: Watchable, reason: ExitReason): void
  exit(...args: [ExitReason] | [Watchable, ExitReason]): void {
    if (args.length === 2) return exitFrom(this.#process, args[0], args[1])
    this.#process.end(args[0])
    throw new ExitedError('This process has exited.')
  }

  /** Starts a process: a server class with what its `init` takes, or a function of `self`. */
  spawn<M>(body: FunctionBody<M>): Pid<M>
  spawn<S extends ServerInstance>(server: ServerClass<S>, ...args: Parameters<S['init']>): PidOf<S>
  spawn(body: unknown, ...args: unknown[]): AnyPid {
    return this.node.spawnFor(this.#process, body, args, {}).pid
  }

  /** `spawn` and `link` in one step. */
  spawnLink<M>(body: FunctionBody<M>): Pid<M>
  spawnLink<S extends ServerInstance>(server: ServerClass<S>, ...args: Parameters<S['init']>): PidOf<S>
  spawnLink(body: unknown, ...args: unknown[]): AnyPid {
    return this.node.spawnFor(this.#process, body, args, { link: true }).pid
  }

  /** `spawn` and `monitor` in one step. */
  spawnMonitor<M>(body: FunctionBody<M>): { pid: Pid<M>; ref: Ref }
  spawnMonitor<S extends ServerInstance>(
    server: ServerClass<S>,
    ...args: Parameters<S['init']>
  ): { pid: PidOf<S>; ref: Ref }
  spawnMonitor(body: unknown, ...args: unknown[]): { pid: AnyPid; ref: Ref } {
    const { pid, ref } = this.node.spawnFor(this.#process, body, args, { monitor: true })
    return { pid, ref: ref as Ref }
  }

  /**
   * Starts a server and waits until it is through its `init`.
   * @throws E_START_FAILED, E_START_TIMEOUT as rejections; E_NAME_TAKEN
   */
  start<S extends ServerInstance>(server: ServerClass<S>, ...args: Parameters<S['init']>): Promise<PidOf<S>>
  start<S extends ServerInstance>(spec: StartSpec<S>): Promise<PidOf<S>>
  async start(server: ServerClass | StartSpec, ...args: unknown[]): Promise<AnyPid> {
    return (await startFrom(this.#process, server, args, {})).pid
  }

  /** `start` and `link` in one step. A failed start is a rejection only: it does not end who started it. */
  startLink<S extends ServerInstance>(server: ServerClass<S>, ...args: Parameters<S['init']>): Promise<PidOf<S>>
  startLink<S extends ServerInstance>(spec: StartSpec<S>): Promise<PidOf<S>>
  async startLink(server: ServerClass | StartSpec, ...args: unknown[]): Promise<AnyPid> {
    return (await startFrom(this.#process, server, args, { link: true })).pid
  }

  /** `start` and `monitor` in one step. */
  startMonitor<S extends ServerInstance>(
    server: ServerClass<S>,
    ...args: Parameters<S['init']>
  ): Promise<{ pid: PidOf<S>; ref: Ref }>
  startMonitor<S extends ServerInstance>(spec: StartSpec<S>): Promise<{ pid: PidOf<S>; ref: Ref }>
  async startMonitor(server: ServerClass | StartSpec, ...args: unknown[]): Promise<{ pid: AnyPid; ref: Ref }> {
    const { pid, ref } = await startFrom(this.#process, server, args, { monitor: true })
    return { pid, ref: ref as Ref }
  }

  /** @internal @throws E_ACTOR_INVALID */
  static checkedProcessOf: (actor: Actor<never, Protocol>) => Process = actor => {
    if (actor instanceof Actor) return actor.#process
    throw runtimeError('E_ACTOR_INVALID', { actor: describe(actor) })
  }

  /** @internal The process behind an actor. */
  static processOf: (actor: Actor<never, Protocol>) => Process = actor => actor.#process

  /** Whether the process of this actor still runs. */
  get alive(): boolean {
    return this.#process.state !== processState.dead
  }
}
