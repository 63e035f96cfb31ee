/** What a signal from another node does here. The channel says who sent it; nothing inside a message does. */

import { type ExitReason, reasonOf } from '../exit-reason.ts'
import { Call, Cast } from '../gen-server/call.ts'
import { limits } from '../limits.ts'
import { type AnyPid, Pid } from '../pid.ts'
import { addWatch } from '../process/monitor.ts'
import type { Process } from '../process/process.ts'
import type { Signal, SignalTarget } from '../signal.ts'
import type { Incoming, RemoteNode } from './remote-node.ts'

export function receiveSignal(remote: RemoteNode, signal: Signal): void {
  switch (signal.kind) {
    case 'send':
      return drop(remote, signal, find(remote, signal.to)?.deliver(signal.message))
    case 'aliasSend':
      return void remote.node.aliasOf(signal.to)?.deliver(signal.message)
    case 'cast':
      return drop(remote, signal, find(remote, signal.to)?.deliver(new Cast(signal.request)))
    case 'call':
      return onCall(remote, signal.to, signal.ref, signal.request)
    case 'stop':
      return onCall(remote, signal.to, signal.ref, signal.reason, signal.from)
    case 'reply':
      return remote.replied(signal.ref, signal.value)
    case 'link':
      return onLink(remote, signal.from, signal.to)
    case 'unlink':
      return onUnlink(remote, signal.from, signal.to, signal.id)
    case 'unlinkAck':
      return remote.links.acknowledged(signal.to, signal.from, signal.id)
    case 'monitor':
      return onMonitor(remote, signal.to, signal.ref)
    case 'demonitor':
      return onDemonitor(remote, signal.ref)
    case 'down':
      return remote.ended(signal.ref, signal.reason)
    case 'exit':
      return onExit(remote, signal.from, signal.to, signal.reason, signal.linked)
    default:
      return signal satisfies never
  }
}

/** Tells of what nobody has taken. */
function drop(remote: RemoteNode, signal: Signal & { kind: 'send' | 'cast' }, isTaken: boolean | undefined): void {
  if (isTaken !== true) remote.node.watching.letterDropped(signal.kind, signal.from, signal.to)
}

/** A live process of this node, or undefined. */
function find(remote: RemoteNode, target: SignalTarget): Process | undefined {
  return target instanceof Pid ? remote.node.processOf(target) : remote.node.registered(target)
}

/** A call that came over a channel. */
class IncomingCall extends Call implements Incoming {
  readonly #remote: RemoteNode
  readonly #ref: number

  constructor(request: unknown, remote: RemoteNode, ref: number) {
    super(request)
    this.#remote = remote
    this.#ref = ref
  }

  override replied(value: unknown): void {
    if (!this.#remote.incoming.delete(this.#ref)) return
    try {
      this.#remote.send({ kind: 'reply', ref: this.#ref, value })
    } catch (error) {
      // The reply cannot leave the node: the server learns it here, the caller by this.
      sendDown(this.#remote, this.#ref, reasonOf(error))
      throw error
    }
  }

  override targetEnded(reason: ExitReason): void {
    if (this.#remote.incoming.delete(this.#ref)) sendDown(this.#remote, this.#ref, reason)
  }

  fire(reason: ExitReason): void {
    this.targetEnded(reason)
  }

  withdraw(): void {
    this.close()
  }
}

/** A monitor that came over a channel. */
class IncomingMonitor implements Incoming {
  readonly #remote: RemoteNode
  readonly #ref: number
  readonly #target: Process

  constructor(remote: RemoteNode, ref: number, target: Process) {
    this.#remote = remote
    this.#ref = ref
    this.#target = target
    addWatch(target, this)
  }

  fire(reason: ExitReason): void {
    if (this.#remote.incoming.delete(this.#ref)) sendDown(this.#remote, this.#ref, reason)
  }

  withdraw(): void {
    this.#target.watches?.delete(this)
  }
}

function onCall(remote: RemoteNode, to: SignalTarget, ref: number, request: unknown, stopper?: AnyPid): void {
  const server = find(remote, to)
  if (server === undefined) return sendDown(remote, ref, 'noproc')
  if (!hasRoom(remote, ref)) return sendDown(remote, ref, 'systemLimit')
  const call = new IncomingCall(request, remote, ref)
  remote.incoming.set(ref, call)
  if (stopper === undefined) call.open(server)
  else call.openStop(server, stopper)
}

function onMonitor(remote: RemoteNode, to: SignalTarget, ref: number): void {
  const target = find(remote, to)
  if (target === undefined) return sendDown(remote, ref, 'noproc')
  if (!hasRoom(remote, ref)) return sendDown(remote, ref, 'systemLimit')
  remote.incoming.set(ref, new IncomingMonitor(remote, ref, target))
}

function onDemonitor(remote: RemoteNode, ref: number): void {
  const incoming = remote.incoming.get(ref)
  remote.incoming.delete(ref)
  incoming?.withdraw()
}

function onLink(remote: RemoteNode, from: AnyPid, to: AnyPid): void {
  const process = find(remote, to)
  // To a link with an earlier life of this node there is no answer: the other side knows our life by itself.
  if (to.creation !== remote.node.creation) return
  if (process === undefined) remote.sendExit(to, from, 'noproc')
  else if (remote.links.size >= limits.incomingPerNodeMax) remote.sendExit(to, from, 'systemLimit')
  else remote.links.linkedByPeer(process, from as Pid)
}

function onUnlink(remote: RemoteNode, from: AnyPid, to: AnyPid, id: number): void {
  if (to.creation !== remote.node.creation) return
  remote.links.unlinkedByPeer(to, from)
  remote.send({ kind: 'unlinkAck', from: to, to: from, id })
}

function onExit(remote: RemoteNode, from: AnyPid, to: SignalTarget, reason: ExitReason, linked: boolean): void {
  const process = find(remote, to)
  if (process === undefined) return
  if (!linked) remote.node.exits.send(process, from, reason)
  else if (remote.links.ended(process.pid, from)) remote.node.exits.sendLinked(process, from, reason)
}

function hasRoom(remote: RemoteNode, ref: number): boolean {
  return remote.incoming.size < limits.incomingPerNodeMax && !remote.incoming.has(ref)
}

function sendDown(remote: RemoteNode, ref: number, reason: ExitReason): void {
  remote.sendReason(reason, reason => ({ kind: 'down', ref, reason }))
}
