/** What the runtime keeps of a process, and what can befall it. The verbs of users are in `actor.ts`. */

import type { ProcessTimers } from '../clock/process-timers.ts'
import type { ExitReason } from '../exit-reason.ts'
import type { Call } from '../gen-server/call.ts'
import type { PendingCall } from '../gen-server/calling.ts'
import type { IdleTimer } from '../gen-server/server-idle.ts'
import type { StartWaiter } from '../gen-server/server-start.ts'
import type { Node } from '../node.ts'
import { type AnyPid, Pid } from '../pid.ts'
import type { Origin } from '../remote/origin.ts'
import type { Begun } from '../watching/watching.ts'
import { Mailbox } from './mailbox.ts'
import type { Monitor, Watch } from './monitor.ts'

/** `idle` waits for a message; `queued` waits for its turn; `busy` awaits a promise of its own. */
export const processState = { idle: 0, queued: 1, running: 2, busy: 3, dead: 4 } as const

/** What a process does with its turn: a server, a function, the root. One object for all processes of a kind. */
export interface Behavior {
  /** Takes up to `budget` messages. Must not throw. Returns how many it took. */
  run(process: Process, budget: number): number
  readonly kind: 'server' | 'function'
  /** The class of the server, the name of the function. */
  labelOf(process: Process): string
  /** The callback that runs, or ran last; while a promise of the process is awaited, the one that returned it. */
  callbackOf(process: Process): string | undefined
  /** The state, for crash reports. May throw. */
  statusOf?(process: Process): unknown
  /** Takes a message as it comes to an idle process, past its empty mailbox. Must not run users' code. */
  takes?(process: Process, message: unknown): boolean
  /** The process ends; its body is still there. Must not throw and must not run users' code. */
  ended?(process: Process): void
}

/** A callback of a server whose promise has not settled. */
export interface Awaiting {
  readonly callback: string
  readonly message: unknown
  readonly begun: Begun | undefined
}

/** What a server is to go on with before its next message. */
export interface Continuing {
  readonly request: unknown
  /** The message that it began with. */
  readonly message: unknown
}

export class Process {
  // What every message touches comes first, so that it lies together in memory.
  state: number = processState.queued
  mailbox: Mailbox | undefined = undefined
  /** Another one once a server is through its constructor. */
  behavior: Behavior
  /** The server or the context of the function: what `behavior` works on. */
  body: unknown = undefined
  readonly node: Node
  /**
   * Whether a message must be looked at before a callback has it: true once the process has trapped exits, waited for
   * silence or got a message of another node. One field for what most processes never do.
   */
  looksFirst = false
  /** How many turns it had and messages it took. */
  reductions = 0
  readonly pid: Pid
  trapExit = false
  /** Runs out when no message comes. */
  idle: IdleTimer | undefined = undefined
  /** Whether messages of other nodes have ever come: they lie in the mailbox with where they came from. */
  hasArrivals = false
  /** The name that it is registered under. */
  name: string | undefined = undefined
  /** Processes of this node that it is linked to. */
  links: Set<Process> | undefined = undefined
  /** Processes of other nodes that it is linked to, by the text of the pid. */
  remoteLinks: Map<string, Pid> | undefined = undefined
  /** Its monitors of others, by the id of the ref: a ref that has been on another node comes back as another object. */
  monitors: Map<number, Monitor> | undefined = undefined
  /** Those who watch it. */
  watches: Set<Watch> | undefined = undefined
  /** The newest of the calls that it has not answered. */
  calls: Call | undefined = undefined
  /** The newest of its own calls that wait for a reply. */
  asked: PendingCall | undefined = undefined
  /** Who started it with a link: its end ends a server that traps exits. */
  parent: Pid | undefined = undefined
  /** Who waits for its `init`. */
  starting: StartWaiter | undefined = undefined
  /** The callback whose promise it awaits. */
  awaiting: Awaiting | undefined = undefined
  /** What its next turn begins with. */
  continuing: Continuing | undefined = undefined
  /** The timers that send to it. */
  timers: ProcessTimers | undefined = undefined
  /** The processes of its node, in the order they were started. */
  older: Process | undefined = undefined
  newer: Process | undefined = undefined
  /** Whether its pid has left the node, and may come back. */
  exported = false
  /** The node that the message came from which it took last; undefined for one of its own. */
  origin: Origin | undefined = undefined
  /** Made when someone first asks for the signal. */
  abort: AbortController | undefined = undefined

  constructor(node: Node, serial: number, behavior: Behavior) {
    this.node = node
    this.behavior = behavior
    this.pid = new Pid(node.name, node.creation, serial, this)
  }

  get alive(): boolean {
    return this.state !== processState.dead
  }

  /** Whether it stands for the node itself: it lives as long as the node, and cannot be killed. */
  get isRoot(): boolean {
    return this.node.root === this
  }

  /** Puts a message into the mailbox and gives the process a turn; false where it is dead, and drops it. */
  deliver(message: unknown): boolean {
    const state = this.state
    if (state === processState.dead) return false
    if (state === processState.idle && this.behavior.takes?.(this, message) === true) return true
    if (this.mailbox === undefined) this.mailbox = new Mailbox()
    const grew = this.mailbox.push(message)
    if (state === processState.idle) this.wake()
    if (grew) this.node.watching.mailboxGrew(this)
    return true
  }

  /** Gives an idle process a turn. */
  wake(): void {
    this.state = processState.queued
    this.node.scheduler.add(this)
  }

  /** Ends it with that reason, at once; links, monitors and callers are told. */
  end(reason: ExitReason): void {
    this.node.exits.end(this, reason)
  }
}

/** A pid is about to leave its node, and may come back as its parts. */
export function exportPid(pid: AnyPid): void {
  const process = processOf(pid)
  if (process !== undefined && !process.exported) process.node.export(process)
}

/** The process behind a pid, when it lives or lived on a node of this OS process. */
export function processOf(pid: AnyPid): Process | undefined {
  const home = Pid.homeOf(pid)
  return home instanceof Process ? home : undefined
}
