/**
 * What this node keeps of another one while a channel to it is open or opening: who here watches whom there, who
 * there watches whom here, which links cross. When the channel closes, everything in these tables ends with
 * `'noconnection'`.
 */

import type { Channel } from '../carrier.ts'
import type { NamedDestination } from '../destination.ts'
import { hasCode, runtimeError } from '../errors.ts'
import { describe, type ExitReason } from '../exit-reason.ts'
import type { PendingCall } from '../gen-server/calling.ts'
import type { Node } from '../node.ts'
import type { NodeName } from '../node-name.ts'
import type { AnyPid, Pid } from '../pid.ts'
import { failInTime } from '../process/in-time.ts'
import { Monitor, type Watch } from '../process/monitor.ts'
import type { Process } from '../process/process.ts'
import type { Ref } from '../ref.ts'
import type { Signal, SignalTarget } from '../signal.ts'
import { Links } from './links.ts'
import { ChannelOrigin } from './origin.ts'
import { RefusedMessages } from './refused-messages.ts'

/** Something of ours that waits for a `down` or a reply from there. */
interface Outgoing {
  ended(reason: ExitReason, cause?: Error): void
  replied?(value: unknown): void
}

/** Something of theirs that waits for the end of a process here. */
export interface Incoming extends Watch {
  /** The other side waits no more, or is gone. */
  withdraw(): void
}

class RemoteMonitor extends Monitor implements Outgoing {
  readonly #remote: RemoteNode

  constructor(ref: Ref, watcher: Process, from: AnyPid | NamedDestination, remote: RemoteNode) {
    super(ref, watcher, from)
    this.#remote = remote
  }

  ended(reason: ExitReason): void {
    this.fire(reason)
  }

  cancel(): void {
    this.#remote.withdraw(this.ref.id, this.watcher)
  }
}

export class RemoteNode {
  readonly node: Node
  readonly name: NodeName
  #channel: Channel | undefined
  readonly #outgoing = new Map<number, Outgoing>()
  #origin: ChannelOrigin | undefined
  /** Messages from there that cost too much. */
  readonly refused: RefusedMessages
  /** Who waits until there is room in the channel. */
  #waiting: (() => void)[] = []
  readonly links: Links = new Links()
  /** By the ref that the other node chose. */
  readonly incoming: Map<number, Incoming> = new Map()

  constructor(node: Node, name: NodeName) {
    this.node = node
    this.name = name
    this.refused = new RefusedMessages(node, name)
  }

  get channel(): Channel | undefined {
    return this.#channel
  }

  /** Opens the channel where there is none. Without a carrier nothing is reached. */
  open(): Channel | undefined {
    this.#channel ??= this.node.carrier?.open(this.name)
    return this.#channel
  }

  /** Gives a signal to the channel; without one it is lost, as every signal to a lost node is. */
  send(signal: Signal, sender: number): boolean {
    return this.open()?.deliver(signal, sender) ?? true
  }

  /** Resolves when there is room in the channel, or no channel. */
  drained(): Promise<void> {
    if (this.#channel?.isCongested !== true) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** There is room. */
  hasDrained(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** The channel that is up, as the origin of what comes over it. */
  get origin(): ChannelOrigin {
    if (this.#origin === undefined) {
      const channel = this.#channel as Channel
      this.#origin = new ChannelOrigin(channel, this.node.remotes.backlogOf(channel.fingerprint))
    }
    return this.#origin
  }

  /** Whether somebody here or there relies on the channel. */
  get isKept(): boolean {
    return this.#outgoing.size + this.incoming.size + this.links.size > 0
  }

  /** Tells the process at the other end of a link that the one here has ended. */
  sendExit(from: AnyPid, to: AnyPid, reason: ExitReason): void {
    this.sendReason(reason, from.serial, reason => ({ kind: 'exit', from, to, reason, linked: true }))
  }

  /** Sends a signal with an exit reason; one that cannot be encoded goes as a text. */
  sendReason(reason: ExitReason, sender: number, signal: (reason: ExitReason) => Signal): void {
    try {
      this.send(signal(reason), sender)
    } catch (error) {
      // Otherwise the channel is broken: it closes, and everything that relied on it ends.
      if (!hasCode(error, 'E_MESSAGE_INVALID')) return
      this.send(signal(describe(reason)), sender)
    }
  }

  call(pending: PendingCall, caller: Process, to: SignalTarget, request: unknown): void {
    this.#ask(pending, caller, ref => ({ kind: 'call', from: caller.pid, to, ref, request }))
  }

  stop(pending: PendingCall, caller: Process, to: SignalTarget, reason: ExitReason): void {
    this.#ask(pending, caller, ref => ({ kind: 'stop', from: caller.pid, to, ref, reason }))
  }

  #ask(pending: PendingCall, caller: Process, signal: (ref: number) => Signal): void {
    const ref = this.node.newRef().id
    const channel = this.open()
    if (channel === undefined) {
      const error = runtimeError('E_NO_CARRIER', { node: this.node.name, target: this.name })
      return failInTime(this.node, () => pending.fail(error))
    }
    // Noted first: the channel may close while it takes the call, and then ends what is noted.
    this.#outgoing.set(ref, pending)
    pending.withdraw = () => this.withdraw(ref, caller)
    try {
      channel.deliver(signal(ref), caller.pid.serial)
    } catch (error) {
      this.#outgoing.delete(ref)
      pending.fail(error as Error)
    }
  }

  monitor(ref: Ref, watcher: Process, to: SignalTarget, from: AnyPid | NamedDestination): void {
    const monitor = new RemoteMonitor(ref, watcher, from, this)
    const channel = this.open()
    if (channel === undefined) return monitor.ended('noconnection')
    this.#outgoing.set(ref.id, monitor)
    channel.deliver({ kind: 'monitor', from: watcher.pid, to, ref: ref.id }, watcher.pid.serial)
  }

  /** Ends a monitor or a call of ours. */
  withdraw(ref: number, from: Process): void {
    if (this.#outgoing.delete(ref)) this.send({ kind: 'demonitor', ref }, from.pid.serial)
  }

  link(process: Process, pid: Pid): void {
    const channel = this.open()
    if (channel === undefined) return this.node.exits.sendLinked(process, pid, 'noconnection')
    if (isOfAnotherLife(pid, channel)) return this.node.exits.sendLinked(process, pid, 'noproc')
    if (!this.links.link(process, pid)) return
    channel.deliver({ kind: 'link', from: process.pid, to: pid }, process.pid.serial)
  }

  unlink(process: Process, pid: Pid): void {
    const id = this.links.unlink(process, pid)
    if (id !== undefined) this.send({ kind: 'unlink', from: process.pid, to: pid, id }, process.pid.serial)
  }

  /** The other side answered one of our calls. */
  replied(ref: number, value: unknown): void {
    const outgoing = this.#outgoing.get(ref)
    if (outgoing?.replied === undefined) return
    this.#outgoing.delete(ref)
    outgoing.replied(value)
  }

  /** What one of our monitors or calls watched has ended. */
  ended(ref: number, reason: ExitReason): void {
    const outgoing = this.#outgoing.get(ref)
    this.#outgoing.delete(ref)
    outgoing?.ended(reason)
  }

  /** A channel is up: ours, or one that the other side opened. */
  up(channel: Channel): void {
    this.#channel = channel
    this.#origin = undefined
    // Links made while it was opening may lead to processes of an earlier life of the node.
    const lost = this.links.take(({ pid }) => isOfAnotherLife(pid, channel))
    for (const { process, pid } of lost) this.node.exits.sendLinked(process, pid, 'noproc')
  }

  /** The channel has closed: everything that relied on it ends. What `next` was given in its place goes on. */
  closed(channel: Channel, cause: Error, next?: Channel): void {
    if (this.#channel !== channel) return
    this.#channel = next
    this.#origin?.closed()
    this.#origin = undefined
    const incoming = [...this.incoming.values()]
    this.incoming.clear()
    for (const each of incoming) each.withdraw()
    // Nobody relied on it: whatever is noted by now was asked for meanwhile.
    if (next !== undefined) return this.hasDrained()
    const outgoing = [...this.#outgoing.values()]
    this.#outgoing.clear()
    // Every link is taken away before the first process ends of it: no end goes along a link that is lost.
    for (const { process, pid } of this.links.take()) this.node.exits.sendLinked(process, pid, 'noconnection')
    for (const each of outgoing) each.ended('noconnection', cause)
    this.hasDrained()
  }
}

function isOfAnotherLife(pid: AnyPid, { life }: Channel): boolean {
  return life !== undefined && life.creation !== pid.creation
}
