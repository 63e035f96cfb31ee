/** One-way watches: each ends in exactly one `down`, or is cancelled. */

import { checkOptions } from '../clock/timeouts.ts'
import type { NamedDestination } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import type { ExitReason } from '../exit-reason.ts'
import type { AnyPid } from '../pid.ts'
import type { Ref } from '../ref.ts'
import { type Process, processState } from './process.ts'

/** Put into the mailbox of the process that set the monitor. */
export interface Down {
  readonly kind: 'down'
  readonly ref: Ref
  /** What was watched, as it was given: a pid, or a name and its node. */
  readonly from: AnyPid | NamedDestination
  readonly reason: ExitReason
}

export interface DemonitorOptions {
  /** Whether a `down` that is in the mailbox already goes too. Default false. */
  readonly flush?: boolean
}

/** @throws E_OPTION_INVALID */
export function checkFlush(options: DemonitorOptions | undefined): boolean {
  checkOptions(options, ['flush'])
  const flush = options?.flush ?? false
  if (typeof flush === 'boolean') return flush
  throw runtimeError('E_OPTION_INVALID', { option: 'flush', problem: 'it is neither true nor false' })
}

/** Something that wants to know the end of a process. */
export interface Watch {
  /** The process has ended. Called once; must not throw and must not run users' code. */
  fire(reason: ExitReason): void
}

/** A monitor that a process of this node holds. */
export abstract class Monitor implements Watch {
  readonly ref: Ref
  readonly watcher: Process
  readonly from: AnyPid | NamedDestination

  constructor(ref: Ref, watcher: Process, from: AnyPid | NamedDestination) {
    this.ref = ref
    this.watcher = watcher
    this.from = from
    if (watcher.monitors === undefined) watcher.monitors = new Map()
    watcher.monitors.set(ref.id, this)
  }

  fire(reason: ExitReason): void {
    if (this.watcher.monitors?.delete(this.ref.id) !== true) return
    const down: Down = { kind: 'down', ref: this.ref, from: this.from, reason }
    this.watcher.deliver(down)
  }

  /** Ends it without a `down`. The watcher has forgotten it already. */
  abstract cancel(): void
}

/** A monitor of a process on the same node. */
export class LocalMonitor extends Monitor {
  readonly #target: Process

  constructor(ref: Ref, watcher: Process, target: Process, from: AnyPid | NamedDestination) {
    super(ref, watcher, from)
    this.#target = target
    if (target.state === processState.dead) this.fire('noproc')
    else addWatch(target, this)
  }

  cancel(): void {
    this.#target.watches?.delete(this)
  }
}

export function addWatch(target: Process, watch: Watch): void {
  if (target.watches === undefined) target.watches = new Set()
  target.watches.add(watch)
}
