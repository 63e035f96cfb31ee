/**
 * Exit signals and the ends of processes. Both go through one queue that is worked off in a loop, so that a
 * chain of any length of linked processes ends without recursion and each pair keeps its order.
 */

import { runtimeError } from '../errors.ts'
import type { ExitReason } from '../exit-reason.ts'
import type { AnyPid } from '../pid.ts'
import { forgetArrivals } from '../remote/remote-request.ts'
import { enter } from './current.ts'
import { type Process, processOf, processState } from './process.ts'

/** Put into the mailbox of a process that traps exits. */
export interface Exit {
  readonly kind: 'exit'
  readonly from: AnyPid
  readonly reason: ExitReason
}

/** Puts what a process traps into its mailbox, in place of a plain `deliver`. */
type Deliver = (exit: Exit) => void

interface ExitSignal {
  readonly target: Process
  readonly from: AnyPid
  readonly reason: ExitReason
  readonly deliver: Deliver | undefined
}

export class Exits {
  #queue: ExitSignal[] = []
  #aborted: AbortController[] = []
  #draining = false

  /** Sends an exit signal, as `exit(pid, reason)` does. */
  send(target: Process, from: AnyPid, reason: ExitReason, deliver?: Deliver): void {
    if (reason !== 'kill' || target.isRoot) return this.#take({ target, from, reason, deliver })
    if (target.alive) this.end(target, 'killed')
  }

  /** Carries an end along a link that has been removed. `'kill'` along a link is a reason like any other. */
  sendLinked(target: Process, from: AnyPid, reason: ExitReason, deliver?: Deliver): void {
    this.#take({ target, from, reason, deliver })
  }

  /** Ends a process now. */
  end(process: Process, reason: ExitReason): void {
    if (process.state === processState.dead) return
    if (process.isRoot && !process.node.isStopping) throw runtimeError('E_ROOT_EXIT', { node: process.node.name })
    this.#bury(process, reason)
    this.#drain()
  }

  #take(signal: ExitSignal): void {
    this.#queue.push(signal)
    this.#drain()
  }

  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let next = 0; next < this.#queue.length; next++) this.#receive(this.#queue[next] as ExitSignal)
    } finally {
      this.#queue = []
      this.#draining = false
    }
    if (this.#aborted.length > 0) this.#fireAborts()
  }

  /** Listeners are users' code: they run when every process has reached its state, and for none of them. */
  #fireAborts(): void {
    const before = enter(undefined)
    for (const abort of this.#aborted.splice(0)) abort.abort()
    enter(before)
  }

  #receive({ target, from, reason, deliver }: ExitSignal): void {
    if (target.state === processState.dead) return
    if (target.trapExit) {
      const exit: Exit = { kind: 'exit', from, reason }
      if (deliver === undefined) target.deliver(exit)
      else deliver(exit)
    } else if (reason !== 'normal' || from === target.pid) {
      this.#bury(target, reason)
    }
  }

  // Names go first: whoever learns of the end finds the name free.
  #bury(process: Process, reason: ExitReason): void {
    process.state = processState.dead
    const { mailbox } = process
    process.mailbox = undefined
    if (process.hasArrivals && mailbox !== undefined) forgetArrivals(process.node, mailbox)
    process.behavior.ended?.(process)
    const { starting } = process
    process.starting = undefined
    if (starting !== undefined) unlinkParent(process)
    process.body = undefined
    process.node.forget(process)
    // Most processes have none of these when they end.
    if (process.links !== undefined || process.remoteLinks !== undefined) this.#tellLinks(process, reason)
    if (process.watches !== undefined || process.calls !== undefined) this.#tellWatches(process, reason)
    if (process.monitors !== undefined) this.#cancelMonitors(process)
    if (process.asked !== undefined) withdrawCalls(process)
    if (process.timers !== undefined) dropTimers(process)
    starting?.failed(reason)
    if (process.abort !== undefined) this.#aborted.push(process.abort)
  }

  #cancelMonitors(process: Process): void {
    for (const monitor of process.monitors?.values() ?? []) monitor.cancel()
    process.monitors = undefined
  }

  #tellLinks(process: Process, reason: ExitReason): void {
    for (const linked of process.links ?? []) {
      linked.links?.delete(process)
      this.#queue.push({ target: linked, from: process.pid, reason, deliver: undefined })
    }
    for (const pid of process.remoteLinks?.values() ?? []) process.node.exitAlongLink(process, pid, reason)
    process.links = undefined
    process.remoteLinks = undefined
  }

  #tellWatches(process: Process, reason: ExitReason): void {
    for (const watch of process.watches ?? []) watch.fire(reason)
    process.watches = undefined
    for (let call = process.calls; call !== undefined; call = process.calls) {
      call.close()
      call.targetEnded(reason)
    }
  }
}

/** Nobody waits for the replies any more. */
function withdrawCalls(process: Process): void {
  for (let call = process.asked; call !== undefined; call = process.asked) call.abandon()
}

function dropTimers(process: Process): void {
  for (const timer of process.timers ?? []) timer.drop()
  process.timers = undefined
}

/** Who waits for a start learns of its failure from that alone. */
function unlinkParent(process: Process): void {
  const parent = process.parent === undefined ? undefined : processOf(process.parent)
  if (parent === undefined) return
  process.links?.delete(parent)
  parent.links?.delete(process)
}
