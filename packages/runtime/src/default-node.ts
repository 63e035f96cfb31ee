/**
 * The module functions: `send`, `call`, `spawn`, … without naming a node. They act for the callback that is running
 * synchronously, otherwise for the root process of the default node.
 */

import { cancelTimerFrom, type Expired, startTimerFrom } from './clock/process-timers.ts'
import { creationWithoutDisk } from './creation.ts'
import type { NameDestination, RegisteredName, Watchable } from './destination.ts'
import { runtimeError } from './errors.ts'
import type { ExitReason } from './exit-reason.ts'
import type { CallOptions } from './gen-server/calling.ts'
import { callFrom } from './gen-server/calling.ts'
import { type StartSpec, startFrom } from './gen-server/starting.ts'
import { Node } from './node.ts'
import type { NodeName } from './node-name.ts'
import { seamsOf } from './node-options.ts'
import { type AnyPid, Pid } from './pid.ts'
import { Actor } from './process/actor.ts'
import { actingTowards, actOutside } from './process/current.ts'
import { checkFlush, type DemonitorOptions } from './process/monitor.ts'
import { type Process, processOf } from './process/process.ts'
import type { FunctionBody, PidOf, ServerClass, ServerInstance } from './process/spawn.ts'
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
} from './process/verbs.ts'
import type { CastOf, Protocol, ReplyOf, RequestOf } from './protocol.ts'
import type { Alias, Ref } from './ref.ts'
import { type MultiCallResult, multiCallFrom } from './rpc/multi-call.ts'
import { Rpc } from './rpc/rpc.ts'
import type { ProcessInfo } from './watching/process-info.ts'

let alone: Node | undefined
let named: Node | undefined

/** The first named node that runs; before there is one, the local-only `nonode@nohost`. */
export function defaultNode(): Node {
  if (named?.isStopping === true) named = undefined
  if (named !== undefined) return named
  if (alone === undefined || alone.isStopping) {
    const seams = seamsOf({})
    alone = new Node('nonode@nohost', creationWithoutDisk('nonode@nohost', seams.clock), seams)
  }
  return alone
}

/** @internal A node without a name that somebody started is the `nonode@nohost` that they want. */
export function setDefaultNode(node: Node): void {
  if (node.name === 'nonode@nohost') alone = node
  else if (named === undefined || named.isStopping) named = node
}

// A pid carries its own way home: to reach it, no default node is needed.
actOutside(to => {
  if (!(to instanceof Pid)) return Actor.processOf(defaultNode())
  const home = processOf(to)?.node ?? Pid.homeOf(to)
  return Actor.processOf(home as Node)
})

/** @internal For whom the module functions act. */
export function acting(): Process {
  return actingTowards(undefined)
}

/** As the method `send` of a process: sends a message. */
export function send<M>(to: Pid<M, Protocol> | Alias<M>, message: NoInfer<M>): boolean
export function send(to: NameDestination, message: unknown): boolean
export function send(to: AnyPid | Alias<never> | NameDestination, message: unknown): boolean {
  return sendFrom(actingTowards(to), to, message)
}

/** As the method `call` of a process: asks a server and waits for its reply. */
export function call<C extends Protocol, const R extends RequestOf<C>>(
  to: Pid<never, C>,
  request: R,
  options?: CallOptions,
): Promise<ReplyOf<C, R>>
export function call(to: NameDestination, request: unknown, options?: CallOptions): Promise<unknown>
export function call(to: AnyPid | NameDestination, request: unknown, options?: CallOptions): Promise<unknown> {
  return callFrom(actingTowards(to), to, request, options)
}

/**
 * Asks several servers the same at once, and waits until each has replied or failed.
 * @throws E_OPTION_INVALID as a rejection; what a single call fails with is among the failures
 */
export function multiCall<C extends Protocol, const R extends RequestOf<C>>(
  to: readonly Pid<never, C>[],
  request: R,
  options?: CallOptions,
): Promise<MultiCallResult<Pid<never, C>, ReplyOf<C, R>>>
export function multiCall<To extends NameDestination>(
  to: readonly To[],
  request: unknown,
  options?: CallOptions,
): Promise<MultiCallResult<To>>
export function multiCall(
  to: readonly (AnyPid | NameDestination)[],
  request: unknown,
  options?: CallOptions,
): Promise<MultiCallResult<unknown>> {
  return multiCallFrom(actingTowards(Array.isArray(to) ? to[0] : undefined), to, request, options)
}

/** As the method `drained` of a process: when there is room again towards the node of that destination. */
export function drained(to: AnyPid | NameDestination): Promise<void> {
  return drainedFrom(actingTowards(to), to)
}

/** As the method `cast` of a process: tells a server something that it does not answer. */
export function cast<C extends Protocol>(to: Pid<never, C>, request: NoInfer<CastOf<C>>): boolean
export function cast(to: NameDestination, request: unknown): boolean
export function cast(to: AnyPid | NameDestination, request: unknown): boolean {
  return castFrom(actingTowards(to), to, request)
}

/** As the method `sendAfter` of a process: sends a message after at least `delayMs` milliseconds. */
export function sendAfter<M>(delayMs: number, to: Pid<M, Protocol>, message: NoInfer<M>): Ref
export function sendAfter(delayMs: number, to: NameDestination, message: unknown): Ref
export function sendAfter(delayMs: number, to: AnyPid | NameDestination, message: unknown): Ref {
  return startTimerFrom(actingTowards(to), delayMs, to, () => message)
}

/** As the method `startTimer` of a process: the message comes as `{ kind: 'timer', ref, message }`. */
export function startTimer<const M>(delayMs: number, to: Pid<Expired<M>, Protocol>, message: M): Ref
export function startTimer(delayMs: number, to: NameDestination, message: unknown): Ref
export function startTimer(delayMs: number, to: AnyPid | NameDestination, message: unknown): Ref {
  return startTimerFrom(actingTowards(to), delayMs, to, ref => ({ kind: 'timer', ref, message }) satisfies Expired)
}

/** As the method `cancelTimer` of a process, for the timers of the node that acts: milliseconds left, or false. */
export function cancelTimer(ref: Ref): number | false {
  return cancelTimerFrom(acting(), ref)
}

/** As the method `link` of a process. */
export function link(pid: AnyPid): void {
  linkFrom(acting(), pid)
}

/** As the method `unlink` of a process. */
export function unlink(pid: AnyPid): void {
  unlinkFrom(acting(), pid)
}

/** As the method `monitor` of a process. Outside a callback, the `down` comes to the root process: see `receive`. */
export function monitor(watched: Watchable): Ref {
  return monitorFrom(acting(), watched)
}

/** As the method `demonitor` of a process. */
export function demonitor(ref: Ref, options?: DemonitorOptions): boolean {
  return demonitorFrom(acting(), ref, checkFlush(options))
}

/**
 * Sends an exit signal: `'kill'` cannot be trapped, `'normal'` is ignored unless trapped.
 * @throws E_DESTINATION_INVALID, E_OPTION_INVALID without a reason, E_MESSAGE_INVALID where the target is on another node
 * and the reason cannot cross
 */
export function exit(target: Watchable, reason: ExitReason): void
export function exit(...args: [Watchable, ExitReason]): void {
  if (args.length < 2) throw runtimeError('E_OPTION_INVALID', { option: 'reason', problem: exitTakesTwo })
  exitFrom(acting(), args[0], args[1])
}

const exitTakesTwo = 'the function exit takes a target and a reason; only the method exit of a process ends itself'

/** A ref that nobody else has, to tell the reply to a request by. */
export function makeRef(): Ref {
  return freshRef(acting())
}

/**
 * As the method `alias` of a process: an address that it can take back. It does not carry its way home as a pid does:
 * outside a callback the default node sends to it.
 */
export function alias<M = unknown>(options?: AliasOptions): Alias<M> {
  return aliasFrom(acting(), options)
}

/** As the method `unalias` of a process. */
export function unalias(alias: Alias<never>): boolean {
  return unaliasFrom(acting(), alias)
}

/** As the method `processFlag` of a process: sets it, and gives what it was. */
export function processFlag(flag: ProcessFlag, value: boolean): boolean {
  return processFlagFrom(acting(), flag, value)
}

/** As the method `subscribeNodes` of a process: it is told of each node that comes up or goes. */
export function subscribeNodes(): void {
  const process = acting()
  if (process.alive) process.node.remotes.subscribers.add(process)
}

/** As the method `unsubscribeNodes` of a process. */
export function unsubscribeNodes(): boolean {
  const process = acting()
  return process.node.remotes.subscribers.remove(process)
}

/** Starts a process: a server class with what its `init` takes, or a function of `self`. */
export function spawn<M>(body: FunctionBody<M>): Pid<M>
export function spawn<S extends ServerInstance>(server: ServerClass<S>, ...args: Parameters<S['init']>): PidOf<S>
export function spawn(body: unknown, ...args: unknown[]): AnyPid {
  const parent = acting()
  return parent.node.spawnFor(parent, body, args, {}).pid
}

/** `spawn` and `link` in one step. */
export function spawnLink<M>(body: FunctionBody<M>): Pid<M>
export function spawnLink<S extends ServerInstance>(server: ServerClass<S>, ...args: Parameters<S['init']>): PidOf<S>
export function spawnLink(body: unknown, ...args: unknown[]): AnyPid {
  const parent = acting()
  return parent.node.spawnFor(parent, body, args, { link: true }).pid
}

/** `spawn` and `monitor` in one step. */
export function spawnMonitor<M>(body: FunctionBody<M>): { pid: Pid<M>; ref: Ref }
export function spawnMonitor<S extends ServerInstance>(
  server: ServerClass<S>,
  ...args: Parameters<S['init']>
): { pid: PidOf<S>; ref: Ref }
export function spawnMonitor(body: unknown, ...args: unknown[]): { pid: AnyPid; ref: Ref } {
  const parent = acting()
  const { pid, ref } = parent.node.spawnFor(parent, body, args, { monitor: true })
  return { pid, ref: ref as Ref }
}

/** Starts a server and waits until it is through its `init`. */
export function start<S extends ServerInstance>(
  server: ServerClass<S>,
  ...args: Parameters<S['init']>
): Promise<PidOf<S>>
export function start<S extends ServerInstance>(spec: StartSpec<S>): Promise<PidOf<S>>
export async function start(server: ServerClass | StartSpec, ...args: unknown[]): Promise<AnyPid> {
  return (await startFrom(acting(), server, args, {})).pid
}

/** `start` and `link` in one step. A failed start is a rejection only: it does not end who started it. */
export function startLink<S extends ServerInstance>(
  server: ServerClass<S>,
  ...args: Parameters<S['init']>
): Promise<PidOf<S>>
export function startLink<S extends ServerInstance>(spec: StartSpec<S>): Promise<PidOf<S>>
export async function startLink(server: ServerClass | StartSpec, ...args: unknown[]): Promise<AnyPid> {
  return (await startFrom(acting(), server, args, { link: true })).pid
}

/** `start` and `monitor` in one step. */
export function startMonitor<S extends ServerInstance>(
  server: ServerClass<S>,
  ...args: Parameters<S['init']>
): Promise<{ pid: PidOf<S>; ref: Ref }>
export function startMonitor<S extends ServerInstance>(spec: StartSpec<S>): Promise<{ pid: PidOf<S>; ref: Ref }>
export async function startMonitor(
  server: ServerClass | StartSpec,
  ...args: unknown[]
): Promise<{ pid: AnyPid; ref: Ref }> {
  const { pid, ref } = await startFrom(acting(), server, args, { monitor: true })
  return { pid, ref: ref as Ref }
}

/** Calls what nodes have exposed with `node.expose`; inside a process, after an `await`: `rpc.as(this).call(…)`. */
export const rpc: Rpc = new Rpc(acting)

/** As the method of a node, on the node that acts. */
export function register(name: RegisteredName, pid: AnyPid): void {
  acting().node.register(name, pid)
}

/** As the method of a node, on the node that acts. */
export function unregister(name: RegisteredName): boolean {
  return acting().node.unregister(name)
}

/** As the method of a node, on the node that acts. */
export function whereis(name: RegisteredName): Pid | undefined {
  return acting().node.whereis(name)
}

/** The nodes that a channel is up to, from the node that acts. */
export function nodes(): NodeName[] {
  return acting().node.nodes()
}

/** As the method `processes` of a node, for the node that acts: its processes. */
export function processes(): AnyPid[] {
  return acting().node.processes()
}

/** As the method `processInfo` of a node: what is known of a process at this moment. */
export function processInfo(pid: AnyPid): ProcessInfo | undefined {
  return actingTowards(pid).node.processInfo(pid)
}
