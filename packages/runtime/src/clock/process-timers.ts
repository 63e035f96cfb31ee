/**
 * Timers that send a message, after Erlang's send_after, start_timer and cancel_timer: all those of a node in one
 * queue. A timer belongs to its target, not to who started it: one for a pid of this node goes with that process, and
 * one for anything else finds its target when it is due.
 *
 * Source: https://www.erlang.org/doc/apps/erts/erlang.html#start_timer/4
 */

import { type Destination, describeDestination, isNamed, viaOf } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import type { Node } from '../node.ts'
import { Pid } from '../pid.ts'
import { Process } from '../process/process.ts'
import { freshRef, placeOf, sendFrom } from '../process/verbs.ts'
import { Ref } from '../ref.ts'
import { freezeMessage } from '../watching/freeze.ts'
import { QueuedTimer, TimerQueue } from './timer-queue.ts'

/** What `startTimer` puts into the mailbox of its target. */
export interface Expired<Message = unknown> {
  readonly kind: 'timer'
  readonly ref: Ref
  readonly message: Message
}

/** A timer whose target is a process of this node. */
class AimedTimer extends QueuedTimer {
  readonly #timers: NodeTimers
  readonly #target: Process
  readonly ref: Ref
  readonly #message: unknown

  constructor(timers: NodeTimers, target: Process, ref: Ref, message: unknown) {
    super()
    this.#timers = timers
    this.#target = target
    this.ref = ref
    this.#message = message
    if (target.timers === undefined) target.timers = new Set()
    target.timers.add(this)
  }

  override expire(): void {
    this.forget()
    this.#target.deliver(this.#message)
  }

  /** The target has ended. */
  drop(): void {
    this.#timers.cancel(this.ref)
  }

  forget(): void {
    this.#timers.forget(this.ref)
    this.#target.timers?.delete(this)
  }
}

/** A timer whose target is found when it is due. */
class NamedTimer extends QueuedTimer {
  readonly #timers: NodeTimers
  readonly #to: Destination<never>
  readonly ref: Ref
  readonly #message: unknown

  constructor(timers: NodeTimers, to: Destination<never>, ref: Ref, message: unknown) {
    super()
    this.#timers = timers
    this.#to = to
    this.ref = ref
    this.#message = message
  }

  override expire(): void {
    this.forget()
    const { node } = this.#timers
    try {
      // For the root: who started the timer may be gone, and the message is sent all the same.
      sendFrom(node.root, this.#to, this.#message)
    } catch (error) {
      node.log.warn('message of a timer not sent', { to: describeDestination(this.#to), error })
    }
  }

  forget(): void {
    this.#timers.forget(this.ref)
  }
}

/** What ends with a process: the timers aimed at it; with the root of a node, all. */
export type ProcessTimers = Set<{ drop(): void }>

class NodeTimers {
  readonly node: Node
  readonly #queue: TimerQueue
  readonly #byRef = new Map<number, AimedTimer | NamedTimer>()

  constructor(node: Node) {
    this.node = node
    this.#queue = new TimerQueue(node.clock)
    node.root.timers = new Set([this])
  }

  start(timer: AimedTimer | NamedTimer, delayMs: number): void {
    this.#byRef.set(timer.ref.id, timer)
    this.#queue.add(timer, delayMs)
  }

  cancel(ref: Ref): number | false {
    const timer = this.#byRef.get(ref.id)
    if (timer === undefined || !timer.ref.equals(ref)) return false
    timer.forget()
    return this.#queue.remove(timer)
  }

  forget(ref: Ref): void {
    this.#byRef.delete(ref.id)
  }

  /** The root has ended: the node has stopped. */
  drop(): void {
    this.#queue.close()
    this.#byRef.clear()
  }
}

const timersOf = new WeakMap<Node, NodeTimers>()

/**
 * Starts a timer that sends what `wrap` makes of its ref.
 * @throws E_OPTION_INVALID, E_DESTINATION_INVALID
 */
export function startTimerFrom(from: Process, delayMs: number, to: unknown, wrap: (ref: Ref) => unknown): Ref {
  if (!Number.isFinite(delayMs) || delayMs < 0) {
    throw runtimeError('E_OPTION_INVALID', { option: 'delayMs', problem: 'it is not a number of milliseconds' })
  }
  if (!isDestination(to)) throw runtimeError('E_DESTINATION_INVALID', { destination: describeDestination(to) })
  const { node } = from
  const ref = freshRef(from)
  const place = to instanceof Pid ? placeOf(from, to) : to
  // A dead process starts nothing, and a dead pid is sent nothing.
  if (!from.alive || place === undefined || (place instanceof Process && !place.alive)) return ref
  let timers = timersOf.get(node)
  if (timers === undefined) {
    timers = new NodeTimers(node)
    timersOf.set(node, timers)
  }
  const message = wrap(ref)
  if (node.freezesMessages) freezeMessage(message)
  const isAimed = place instanceof Process
  timers.start(
    isAimed ? new AimedTimer(timers, place, ref, message) : new NamedTimer(timers, to, ref, message),
    delayMs,
  )
  return ref
}

function isDestination(to: unknown): to is Destination<never> {
  return to instanceof Pid || typeof to === 'string' || isNamed(to) || viaOf(to) !== undefined
}

/**
 * The milliseconds that it had left, to the nearest; false where it has sent its message or is unknown on this node.
 * @throws E_REF_INVALID
 */
export function cancelTimerFrom(from: Process, ref: Ref): number | false {
  if (!(ref instanceof Ref)) throw runtimeError('E_REF_INVALID', { ref: describeDestination(ref) })
  if (!from.alive) return false
  const leftMs = timersOf.get(from.node)?.cancel(ref) ?? false
  return leftMs === false ? false : Math.round(leftMs)
}
