/** What is known of one process, at the moment of asking. */

import type { NamedDestination } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import type { Node } from '../node.ts'
import type { AnyPid } from '../pid.ts'
import { currentProcess } from '../process/current.ts'
import { type Process, processState } from '../process/process.ts'
import { checkPid } from '../process/verbs.ts'
import type { Subject } from './system-events.ts'
import { subjectOf } from './watching.ts'

/**
 * `waiting` for a message; `queued` for its turn; `running` now; `awaiting` a promise of its own.
 */
export type ProcessStatus = 'waiting' | 'queued' | 'running' | 'awaiting'

export interface ProcessInfo extends Subject {
  readonly kind: 'server' | 'function'
  readonly status: ProcessStatus
  /** The callback of a server that runs, or whose promise is awaited. */
  readonly callback: string | undefined
  readonly mailboxLength: number
  /** How much it has done: the turns it had and the messages it took. Only ever grows. */
  readonly reductions: number
  readonly links: readonly AnyPid[]
  /** What it watches: a pid, or a name and its node. */
  readonly monitors: readonly (AnyPid | NamedDestination)[]
  /** How many monitors watch it, from any node. */
  readonly watchersCount: number
  /** Calls that it has not answered yet. */
  readonly openCalls: number
  readonly trapExit: boolean
  /** Who started it with a link. */
  readonly parent: AnyPid | undefined
}

/** @throws E_DESTINATION_INVALID, E_PID_NOT_LOCAL */
export function processInfoOf(node: Node, pid: AnyPid): ProcessInfo | undefined {
  checkPid(pid)
  if (pid.node !== node.name) throw runtimeError('E_PID_NOT_LOCAL', { pid, node: node.name })
  const process = node.processOf(pid)
  return process === undefined ? undefined : infoOf(process)
}

function infoOf(process: Process): ProcessInfo {
  const status = statusOf(process)
  return {
    ...subjectOf(process),
    kind: process.behavior.kind,
    status,
    callback: status === 'running' || status === 'awaiting' ? process.behavior.callbackOf(process) : undefined,
    mailboxLength: process.mailbox?.length ?? 0,
    reductions: process.reductions,
    links: linksOf(process),
    monitors: [...(process.monitors?.values() ?? [])].map(monitor => monitor.from),
    watchersCount: process.watches?.size ?? 0,
    openCalls: openCallsOf(process),
    trapExit: process.trapExit,
    parent: process.parent,
  }
}

function statusOf(process: Process): ProcessStatus {
  if (currentProcess() === process || process.state === processState.running) return 'running'
  if (process.state === processState.busy) return 'awaiting'
  return process.state === processState.queued ? 'queued' : 'waiting'
}

function linksOf(process: Process): AnyPid[] {
  return [...[...(process.links ?? [])].map(linked => linked.pid), ...(process.remoteLinks?.values() ?? [])]
}

function openCallsOf(process: Process): number {
  let count = 0
  for (let call = process.calls; call !== undefined; call = call.older) count++
  return count
}
