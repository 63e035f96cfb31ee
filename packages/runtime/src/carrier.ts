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
 * through {@link CarrierEvents}: `up` before the first signal, `closed` after the last, each at most once. The channel
 * to one life of a node has closed before that to another is up.
 */
export interface Carrier {
  /**
   * The channel to that node: the one that is up or on its way, otherwise a new one. Returns at once; signals
   * given to a channel on its way are kept, within the carrier's bounds, until it is up.
   */
  open(node: NodeName): Channel
}

/** Where a signal came in. */
export interface Flow {
  /** One of the few ordered ways within a channel, from 0 on. Each sender has one, which others may share. */
  readonly flow: number
  /** About how much of the heap its message takes, in bytes. */
  readonly heapBytes: number
  /** Why its message is not there, where that costs more than the bounds allow. */
  readonly refusal?: string | undefined
}

/** What a node proved to be: one like others, a tool that is in nobody's list, or a probe without a key. */
export type PeerRole = 'node' | 'tool' | 'probe'

/** One authenticated link to one life of a node. */
export interface Channel {
  readonly node: NodeName
  /** The life at the other end; undefined until the channel is up. */
  readonly life: NodeLife | undefined
  /** What the other end proved to be; only a `node` is in anybody's list of nodes. Known once it is up. */
  readonly role: PeerRole
  /**
   * Names the key that the other end has proved to hold, over all its channels, lives and names: what one key may cost
   * is counted by it. Known once it is up.
   */
  readonly fingerprint: string
  /** Round-trip time as last measured, in milliseconds; undefined where it is not known. */
  readonly rttMs: number | undefined
  /**
   * Takes a signal, encoded before this returns: what happens to the message afterwards does not matter. `sender` is
   * the serial of the process that it comes from, 0 for the node itself. Signals of one sender arrive in the order
   * given, whomever they are for and however that is written; those of different senders keep no order, so that one
   * need not wait for another. A closed channel drops them.
   * @returns whether the sender may go on; false past the high-water mark of what is waiting.
   * @throws E_MESSAGE_INVALID where the message holds something that cannot be encoded; nothing was taken then.
   */
  deliver(signal: Signal, sender: number): boolean
  /** Whether more is waiting than should: `drained` follows, or the end of the channel. */
  readonly isCongested: boolean
  /** Leaves a flow unread, so that its senders come to a stop, until `resume`. */
  pause(flow: number): void
  resume(flow: number): void
  /** Closes it, with a reason for logs and for the other end. Harmless when it is closed already. */
  close(reason: string): void
}

/** What a carrier tells the runtime. */
export interface CarrierEvents {
  /** The channel is authenticated; its `life` is known. Also for channels that the other side opened. */
  up(channel: Channel): void
  /** A signal came. Never before `up`, never after `closed`. Does not throw. */
  received(channel: Channel, signal: Signal, from: Flow): void
  /** What waits has fallen to the low-water mark, after `deliver` had returned false. */
  drained(channel: Channel): void
  /**
   * The channel has ended, or could not be opened. `cause` says why, for people and for `connect`. `next` is there where
   * it has ended because neither side relied on it: the channel that has been given what was given to it meanwhile.
   */
  closed(channel: Channel, cause: Error, next?: Channel): void
}
