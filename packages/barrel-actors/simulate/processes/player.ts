/** A process of a run, and all that an onlooker knows of it. */

import type { AnyPid, ExitReason, Node, NodeName, Pid, Ref, Self } from '@barrel-actors/runtime'

/** What players send each other. */
export interface Message {
  readonly kind: 'note'
  readonly from: string
  /** Whom it was sent to: that one, and nobody else, may see it. */
  readonly to: string
  /** Counts what `from` has sent `to`. */
  readonly nth: number
  /** The life of the sender's node, and how many channels to the receiver's node it had lost by then. */
  readonly life: string
  readonly epoch: number
}

export type Received =
  | Message
  /** A move that it is to make. */
  | { readonly kind: 'act'; readonly act: () => void }
  | { readonly kind: 'down'; readonly ref: Ref; readonly from: AnyPid; readonly reason: ExitReason }
  | { readonly kind: 'exit'; readonly from: AnyPid; readonly reason: ExitReason }

/** A monitor that a player has set: `open` until its one `down`, or until it is cancelled. */
export interface Watch {
  readonly ref: Ref
  readonly target: AnyPid
  readonly sinceMs: number
  state: 'open' | 'told' | 'cancelled' | 'flushed'
}

export interface Call {
  readonly beganMs: number
  readonly timeoutMs: number
}

export class Player {
  readonly node: Node
  readonly pid: Pid<Received>
  readonly self: Self<Received>
  readonly trapsExits: boolean
  readonly watches = new Map<string, Watch>()
  readonly calls = new Set<Call>()
  /** Whom it has linked, as texts: until it is told of their end. */
  readonly linked = new Set<string>()
  /** The last of each sender. */
  readonly lastNth = new Map<string, number>()
  /** The greatest epoch seen of each life of a node. */
  readonly epochs = new Map<string, number>()
  /** Whose end it was told, by a monitor: nothing of them comes any more. */
  readonly ended = new Set<string>()
  /** What came of that life up to this epoch came too late: its channel was lost. */
  readonly lostEpochs = new Map<string, number>()

  constructor(node: Node, self: Self<Received>, trapsExits: boolean) {
    this.node = node
    this.self = self
    this.pid = self.pid as Pid<Received>
    this.trapsExits = trapsExits
  }

  get id(): string {
    return this.pid.toString()
  }
}

/** One life of a node. */
export function lifeOf({ name, creation }: { readonly name: NodeName; readonly creation: number }): string {
  return `${name}#${creation}`
}

export function lifeOfPid(pid: AnyPid): string {
  return lifeOf({ name: pid.node, creation: pid.creation })
}
