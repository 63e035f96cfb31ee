import type { NodeName } from './node-name.ts'
import type { Signal } from './signal.ts'

/** One life of a node: a name and the number that tells its lives apart. */
export interface NodeLife {
  readonly name: NodeName
  readonly creation: number
}

/**
 * Moves signals between nodes. The runtime knows one carrier a node, and nothing of how it works.
 *
 * A channel has one life: opened by either side, up at most once, closed once. The carrier tells the runtime
 * through {@link CarrierEvents}: `up` before the first signal, `closed` after the last, each at most once.
 */
export interface Carrier {
  /**
   * The channel to that node: the one that is up or on its way, otherwise a new one. Returns at once; signals
   * given to a channel on its way are kept, within the carrier's bounds, until it is up.
   */
  open(node: NodeName): Channel
}

/** One authenticated link to one life of a node. */
export interface Channel {
  readonly node: NodeName
  /** The life at the other end; undefined until the channel is up. */
  readonly life: NodeLife | undefined
  /** Whether the node at the other end is a tool, which is in nobody's list of nodes. Known once it is up. */
  readonly hidden: boolean
  /** Round-trip time as last measured, in milliseconds; undefined where it is not known. */
  readonly rttMs: number | undefined
  /**
   * Takes a signal, encoded before this returns: what happens to the message afterwards does not matter.
   * Signals arrive in the order given. A closed channel drops them.
   * @returns whether the sender may go on; false past the high-water mark of what is waiting.
   * @throws E_MESSAGE_INVALID where the message holds something that cannot be encoded; nothing was taken then.
   */
  deliver(signal: Signal): boolean
  /** Closes it, with a reason for logs and for the other end. Harmless when it is closed already. */
  close(reason: string): void
}

/** What a carrier tells the runtime. */
export interface CarrierEvents {
  /** The channel is authenticated; its `life` is known. Also for channels that the other side opened. */
  up(channel: Channel): void
  /** A signal came. Never before `up`, never after `closed`. Does not throw. */
  received(channel: Channel, signal: Signal): void
  /** The channel has ended, or could not be opened. `cause` says why, for people and for `connect`. */
  closed(channel: Channel, cause: Error): void
}
