/** What an operator wants to know of a node: one stream of facts about processes. It never carries users' messages. */

import type { EventEmitter } from 'eventemitter3'
import type { Destination } from '../destination.ts'
import type { ExitReason } from '../exit-reason.ts'
import type { NodeName } from '../node-name.ts'
import type { AnyPid } from '../pid.ts'
import type { SignalKind } from '../signal.ts'

/** Which process an event is about. */
export interface Subject {
  readonly pid: AnyPid
  /** The name that it is registered under. */
  readonly name: string | undefined
  /** The class of a server, the name of a function. */
  readonly label: string
}

/** Code of a process threw, and the process ends. */
export interface CrashReport extends Subject {
  /** The callback that threw; undefined for a function process. */
  readonly callback: string | undefined
  readonly reason: ExitReason
  /** The message that it was handling, as a text of a bounded length. */
  readonly lastMessage: string | undefined
  /** What `formatStatus` of a server gives, as a text of a bounded length. */
  readonly state: string | undefined
  readonly mailboxLength: number
}

/** A callback of a server, or the start of a function process, took long. */
export interface LongCallback extends Subject {
  readonly callback: string
  readonly ms: number
  /** Whether its promise took so long, with the event loop free; otherwise the event loop stood still. */
  readonly awaited: boolean
}

/** The mailbox of a process has grown past the mark, or has doubled since this was told last. */
export interface LongMailbox extends Subject {
  readonly mailboxLength: number
}

/** What was sent to a process or a name of this node that is not there, and was dropped. */
export interface DeadLetter {
  readonly kind: 'send' | 'cast'
  readonly from: AnyPid
  readonly to: Destination<never>
}

/** A message from another node that cost more than the bounds allow, and was dropped. */
export interface RefusedMessage {
  /** The node that sent it. */
  readonly from: NodeName
  readonly kind: SignalKind
  /** Which bound it passed. */
  readonly problem: string
  /** How many were refused since this node started. */
  readonly count: number
}

export interface SystemEventMap {
  crash: (report: CrashReport) => void
  longCallback: (report: LongCallback) => void
  longMailbox: (report: LongMailbox) => void
  deadLetter: (letter: DeadLetter) => void
  messageRefused: (message: RefusedMessage) => void
}

/** `on`, `once` and `off` for each of the events. */
export type SystemEvents = EventEmitter<SystemEventMap>
