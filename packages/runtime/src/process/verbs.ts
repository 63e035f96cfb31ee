/**
 * What a process can do, as plain functions: the methods of servers, of `self` and of nodes, and the module
 * functions, all end here. A dead process does nothing.
 */

import { checkOptions } from '../clock/timeouts.ts'
import {
  type Destination,
  describeDestination,
  isNamed,
  type NamedDestination,
  viaOf,
  type Watchable,
} from '../destination.ts'
import { runtimeError } from '../errors.ts'
import type { ExitReason } from '../exit-reason.ts'
import { Cast } from '../gen-server/call.ts'
import { limits } from '../limits.ts'
import { type AnyPid, Pid } from '../pid.ts'
import { AliasRef, Ref } from '../ref.ts'
import type { SignalTarget } from '../signal.ts'
import { freezeMessage } from '../watching/freeze.ts'
import { LocalMonitor } from './monitor.ts'
import { Process, processOf } from './process.ts'
import { never } from './thenable.ts'

export interface RemotePlace {
  readonly node: string
  readonly target: SignalTarget
}

/** Where a destination is: a process of this node, a target on another one, or nowhere. */
export type Place = Process | RemotePlace | undefined

/** @throws E_DESTINATION_INVALID, E_VIA_UNKNOWN */
export function placeOf(from: Process, destination: unknown): Place {
  const { node } = from
  if (destination instanceof Pid) return placeOfPid(from, destination)
  if (typeof destination === 'string') return node.registered(destination)
  if (isNamed(destination)) {
    if (destination.node === node.name) return node.registered(destination.name)
    if (destination.name.length <= limits.nameBytesMax) return { node: destination.node, target: destination.name }
  }
  const via = viaOf(destination)
  if (via !== undefined) {
    const pid = node.names.resolve(via)
    return pid === undefined ? undefined : placeOfPid(from, pid)
  }
  throw runtimeError('E_DESTINATION_INVALID', { destination: describeDestination(destination) })
}

function placeOfPid(from: Process, pid: AnyPid): Place {
  const process = processOf(pid)
  if (process !== undefined && process.node === from.node) return process
  if (pid.node !== from.node.name) return { node: pid.node, target: pid }
  // It came by way of another node. Nowhere: an earlier life of this node, or a process that has ended.
  return from.node.processOf(pid)
}

/** @throws E_REF_INVALID */
function checkRef(ref: unknown): asserts ref is Ref {
  if (!(ref instanceof Ref)) throw runtimeError('E_REF_INVALID', { ref: describeDestination(ref) })
}

/** @throws E_DESTINATION_INVALID where a name or anything else stands for a pid */
export function checkPid(pid: unknown): asserts pid is AnyPid {
  if (!(pid instanceof Pid)) throw runtimeError('E_DESTINATION_INVALID', { destination: describeDestination(pid) })
}

export function sendFrom(from: Process, destination: Destination<never> | Ref, message: unknown): boolean {
  if (!from.alive) return true
  // What most messages go by, short enough to be compiled into the caller.
  if (destination instanceof Pid) {
    const process = Pid.homeOf(destination)
    if (process instanceof Process && process.node === from.node && !from.node.freezesMessages) {
      if (!process.deliver(message)) from.node.watching.letterDropped('send', from.pid, destination)
      return true
    }
  }
  return sendAnywhere(from, destination, message)
}

function sendAnywhere(from: Process, destination: Destination<never> | Ref, message: unknown): boolean {
  const { node } = from
  if (destination instanceof Ref) return sendToAlias(from, destination, message)
  const place = placeOf(from, destination)
  if (node.freezesMessages) freezeMessage(message)
  if (place !== undefined && !(place instanceof Process)) {
    return node.remote(place.node).send({ kind: 'send', from: from.pid, to: place.target, message }, from.pid.serial)
  }
  if (place === undefined || !place.deliver(message)) node.watching.letterDropped('send', from.pid, destination)
  return true
}

// What an alias does not take any more is no dead letter: that is what it was taken back for.
function sendToAlias(from: Process, to: Ref, message: unknown): boolean {
  const { node } = from
  if (to.node !== node.name) {
    // Any other ref leads to no process.
    if (!(to instanceof AliasRef)) return true
    return node.remote(to.node).send({ kind: 'aliasSend', from: from.pid, to, message }, from.pid.serial)
  }
  if (node.freezesMessages) freezeMessage(message)
  node.aliasOf(to)?.deliver(message)
  return true
}

export function drainedFrom(from: Process, destination: Destination<never>): Promise<void> {
  if (!from.alive) return never()
  const place = placeOf(from, destination)
  return place === undefined || place instanceof Process ? Promise.resolve() : from.node.remote(place.node).drained()
}

export function castFrom(from: Process, destination: Destination<never>, request: unknown): boolean {
  if (!from.alive) return true
  const { node } = from
  const place = placeOf(from, destination)
  if (node.freezesMessages) freezeMessage(request)
  if (place !== undefined && !(place instanceof Process)) {
    return node.remote(place.node).send({ kind: 'cast', from: from.pid, to: place.target, request }, from.pid.serial)
  }
  if (place === undefined || !place.deliver(new Cast(request))) {
    node.watching.letterDropped('cast', from.pid, destination)
  }
  return true
}

export function linkFrom(from: Process, pid: AnyPid): void {
  checkPid(pid)
  if (!from.alive || from.pid.equals(pid)) return
  const place = placeOf(from, pid)
  if (place instanceof Process && place.alive) linkProcesses(from, place)
  else if (place === undefined || place instanceof Process) from.node.exits.sendLinked(from, pid, 'noproc')
  else from.node.remote(place.node).link(from, pid as Pid)
}

/** Links two live processes of one node. */
export function linkProcesses(one: Process, other: Process): void {
  if (one.links === undefined) one.links = new Set()
  if (other.links === undefined) other.links = new Set()
  one.links.add(other)
  other.links.add(one)
}

export function unlinkFrom(from: Process, pid: AnyPid): void {
  checkPid(pid)
  if (!from.alive) return
  const place = placeOf(from, pid)
  if (place instanceof Process) {
    from.links?.delete(place)
    place.links?.delete(from)
  } else if (place !== undefined) from.node.remote(place.node).unlink(from, pid as Pid)
}

/** A ref that nobody has yet; a `receive` that waits for it looks at what came after this only. */
export function freshRef(from: Process): Ref {
  const ref = from.node.newRef()
  from.mailbox?.markFresh(ref.id)
  return ref
}

/** What `processFlag` sets. */
export type ProcessFlag = 'trapExit'

/** @throws E_OPTION_INVALID */
export function processFlagFrom(from: Process, flag: ProcessFlag, value: boolean): boolean {
  if (from.isRoot && value === false) throw runtimeError('E_ROOT_EXIT', { node: from.node.name })
  if (flag !== 'trapExit') throw runtimeError('E_OPTION_INVALID', { option: 'flag', problem: 'it is not trapExit' })
  const before = from.trapExit
  from.trapExit = checkBoolean(flag, value)
  from.looksFirst ||= from.trapExit
  return before
}

function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw runtimeError('E_OPTION_INVALID', { option, problem: 'it is neither true nor false' })
}

export interface AliasOptions {
  /** Whether the first message takes the alias back. Default false. */
  readonly once?: boolean
}

export function aliasFrom(from: Process, options: AliasOptions | undefined): Ref {
  checkOptions(options, ['once'])
  const once = checkBoolean('once', options?.once ?? false)
  const alias = from.node.newAlias()
  from.mailbox?.markFresh(alias.id)
  if (from.alive) from.node.aliases.add(alias, from, once)
  return alias
}

export function unaliasFrom(from: Process, alias: Ref): boolean {
  checkRef(alias)
  return from.node.isRefOfThisLife(alias) && from.node.aliases.remove(alias, from)
}

export function monitorFrom(from: Process, watched: Watchable): Ref {
  const { node } = from
  const ref = freshRef(from)
  if (!from.alive) return ref
  const object: AnyPid | NamedDestination = typeof watched === 'string' ? { name: watched, node: node.name } : watched
  const place = placeOf(from, object)
  if (place instanceof Process) new LocalMonitor(ref, from, place, object)
  else if (place !== undefined) node.remote(place.node).monitor(ref, from, place.target, object)
  else from.deliver({ kind: 'down', ref, from: object, reason: 'noproc' })
  return ref
}

export function demonitorFrom(from: Process, ref: Ref, flush: boolean): boolean {
  checkRef(ref)
  const monitor = from.monitors?.get(ref.id)
  const isWatching = monitor?.ref.equals(ref) === true
  if (isWatching) {
    from.monitors?.delete(ref.id)
    monitor.cancel()
  } else if (flush) flushDown(from, ref)
  return isWatching
}

function flushDown({ mailbox, node }: Process, ref: Ref): void {
  if (mailbox === undefined) return
  const isDown = (message: unknown) => {
    try {
      const { kind, ref: its } = (message ?? {}) as { kind?: unknown; ref?: unknown }
      return kind === 'down' && ref.equals(its)
    } catch {
      // Users' messages may throw when they are read; a down does not.
      return false
    }
  }
  mailbox.remove(isDown, node.isRefOfThisLife(ref) ? mailbox.firstPlaceOf(ref.id) : 0)
}

export function exitFrom(from: Process, target: Watchable, reason: ExitReason): void {
  if (!from.alive) return
  const place = placeOf(from, target)
  if (place instanceof Process) from.node.exits.send(place, from.pid, reason)
  else if (place !== undefined) {
    const exit = { kind: 'exit', from: from.pid, to: place.target, reason, linked: false } as const
    from.node.remote(place.node).send(exit, from.pid.serial)
  }
}
