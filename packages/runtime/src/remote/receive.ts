/** What a signal from another node does here. The channel says who sent it; nothing inside a message does. */

import type { Flow } from '../carrier.ts'
import { type ExitReason, reasonOf } from '../exit-reason.ts'
import { Call } from '../gen-server/call.ts'
import { limits } from '../limits.ts'
import { type AnyPid, Pid } from '../pid.ts'
import type { Exit } from '../process/exits.ts'
import { addWatch } from '../process/monitor.ts'
import type { Process } from '../process/process.ts'
import type { Signal, SignalTarget } from '../signal.ts'
import type { Incoming, RemoteNode } from './remote-node.ts'
import { Arrival, RemoteCast, RemoteMessage } from './remote-request.ts'

export function receiveSignal(remote: RemoteNode, signal: Signal, flow: Flow): void {
  if (flow.refusal !== undefined) return receiveRefused(remote, signal, flow, flow.refusal)
  switch (signal.kind) {
    case 'send':
      return onMessage(remote, signal, find(remote, signal.to), flow)
    case 'aliasSend':
      return onMessage(remote, signal, remote.node.aliasOf(signal.to), flow)
    case 'cast':
      return onMessage(remote, signal, find(remote, signal.to), flow)
    case 'call':
      return onCall(remote, signal, flow)
    case 'stop':
      return onStop(remote, signal, flow)
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
      return onExit(remote, signal, flow)
    default:
      return signal satisfies never
  }
}

/** A signal comes without its message, which costs too much: it is dropped, and whoever waits for it is told. */
function receiveRefused(remote: RemoteNode, signal: Signal, flow: Flow, problem: string): void {
  remote.refused.note(signal.kind, problem)
  switch (signal.kind) {
    case 'call':
    case 'stop':
      return sendDown(remote, signal.ref, 'systemLimit', signal.to instanceof Pid ? signal.to.serial : 0)
    case 'reply':
    case 'down':
      return remote.ended(signal.ref, 'systemLimit')
    case 'exit':
      return onExit(remote, { ...signal, reason: 'systemLimit' }, flow)
  }
}

type MessageSignal = Extract<Signal, { kind: 'send' | 'cast' | 'aliasSend' }>

/** What an alias does not take any more is no dead letter: that is what it was taken back for. */
function onMessage(remote: RemoteNode, signal: MessageSignal, process: Process | undefined, flow: Flow): void {
  if (process !== undefined) return arrive(process, requestOf(signal, new Arrival(remote.origin, flow)))
  if (signal.kind !== 'aliasSend') remote.node.watching.letterDropped(signal.kind, signal.from, signal.to)
}

function requestOf(signal: MessageSignal, arrival: Arrival): RemoteMessage | RemoteCast {
  return signal.kind === 'cast' ? new RemoteCast(signal.request, arrival) : new RemoteMessage(signal.message, arrival)
}

function arrive(process: Process, message: RemoteMessage | RemoteCast): void {
  noteArrival(process)
  process.deliver(message)
}

function noteArrival(process: Process): void {
  process.hasArrivals = true
  process.looksFirst = true
}

/** A live process of this node, or undefined. */
function find(remote: RemoteNode, target: SignalTarget): Process | undefined {
  return target instanceof Pid ? remote.node.processOf(target) : remote.node.registered(target)
}

/** A call, or a wish to stop, that came over a channel. */
class IncomingCall extends Call implements Incoming {
  readonly #remote: RemoteNode
  readonly #ref: number
  readonly #serial: number
  override readonly arrival: Arrival | undefined

  constructor(request: unknown, remote: RemoteNode, ref: number, server: Process, arrival?: Arrival) {
    super(request, arrival === undefined)
    this.#remote = remote
    this.#ref = ref
    this.#serial = server.pid.serial
    this.arrival = arrival
  }

  override replied(value: unknown): void {
    if (!this.#remote.incoming.delete(this.#ref)) return
    try {
      this.#remote.send({ kind: 'reply', ref: this.#ref, value }, this.#serial)
    } catch (error) {
      // The reply cannot leave the node: the server learns it here, the caller by this.
      sendDown(this.#remote, this.#ref, reasonOf(error), this.#serial)
      throw error
    }
  }

  override targetEnded(reason: ExitReason): void {
    // A wish to stop that has come true: said by this side, which knows the very reason.
    if (this.isStop && reason === this.request) return this.replied(undefined)
    if (this.#remote.incoming.delete(this.#ref)) sendDown(this.#remote, this.#ref, reason, this.#serial)
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
    if (!this.#remote.incoming.delete(this.#ref)) return
    sendDown(this.#remote, this.#ref, reason, this.#target.pid.serial)
  }

  withdraw(): void {
    this.#target.watches?.delete(this)
  }
}

/** The process that another node wants to ask or watch; undefined where it has been told that there is none. */
function findFor(remote: RemoteNode, to: SignalTarget, ref: number): Process | undefined {
  const process = find(remote, to)
  if (process !== undefined && hasRoom(remote, ref)) return process
  // What the target sent before its end comes first: it has the same sender.
  sendDown(remote, ref, process === undefined ? 'noproc' : 'systemLimit', to instanceof Pid ? to.serial : 0)
  return undefined
}

function onCall(remote: RemoteNode, { to, ref, request }: Signal & { kind: 'call' }, flow: Flow): void {
  const server = findFor(remote, to, ref)
  if (server === undefined) return
  const call = new IncomingCall(request, remote, ref, server, new Arrival(remote.origin, flow))
  remote.incoming.set(ref, call)
  noteArrival(server)
  call.open(server)
}

function onStop(remote: RemoteNode, { to, ref, reason }: Signal & { kind: 'stop' }, flow: Flow): void {
  const server = findFor(remote, to, ref)
  if (server === undefined) return
  const call = new IncomingCall(reason, remote, ref, server)
  remote.incoming.set(ref, call)
  noteArrival(server)
  call.openStop(server, () => new Arrival(remote.origin, flow))
}

function onMonitor(remote: RemoteNode, to: SignalTarget, ref: number): void {
  const target = findFor(remote, to, ref)
  if (target !== undefined) remote.incoming.set(ref, new IncomingMonitor(remote, ref, target))
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
  remote.send({ kind: 'unlinkAck', from: to, to: from, id }, to.serial)
}

function onExit(remote: RemoteNode, { from, to, reason, linked }: Signal & { kind: 'exit' }, flow: Flow): void {
  const process = find(remote, to)
  if (process === undefined) return
  // What is trapped is a message like any other: who sends too many is stopped.
  const deliver = (exit: Exit) => arrive(process, new RemoteMessage(exit, new Arrival(remote.origin, flow)))
  if (!linked) remote.node.exits.send(process, from, reason, deliver)
  else if (remote.links.ended(process.pid, from)) remote.node.exits.sendLinked(process, from, reason, deliver)
}

function hasRoom(remote: RemoteNode, ref: number): boolean {
  return remote.incoming.size < limits.incomingPerNodeMax && !remote.incoming.has(ref)
}

function sendDown(remote: RemoteNode, ref: number, reason: ExitReason, sender: number): void {
  remote.sendReason(reason, sender, reason => ({ kind: 'down', ref, reason }))
}
