/** What user streams need of a channel: bidirectional streams with flow control, beside those of the carrier. */

/** The streams of one channel that is up. After the channel's end every method is harmless and does nothing. */
export interface StreamLink {
  /** Whether this node dialed: its streams have even ids then, those of the peer odd ones. RFC 9000, 2.1. */
  readonly dialed: boolean
  /** The id of a new bidirectional stream. It costs nothing before the first write. */
  open(): number
  /** Queues a copy of the bytes. */
  write(streamId: number, bytes: Uint8Array): void
  /** Ends our side after what was written. What is written later is dropped. */
  finish(streamId: number): void
  /**
   * Gives the stream up in both directions and drops what waits; the peer hears of it with `code`. After it nothing
   * comes for the stream but `abandoned`. Harmless for a stream that is over.
   */
  abandon(streamId: number, code: number): void
  /** Leaves the stream's bytes where they are, so that flow control stops the peer. Nothing comes until `resume`. */
  pause(streamId: number): void
  resume(streamId: number): void
  /** Bytes written and not yet handed to the network. */
  queuedBytesOf(streamId: number): number
}

/** What user streams want to hear of a channel. No method throws, and none runs users' code before it returns. */
export interface StreamHandler {
  /** Bytes of a stream, in order. The view is valid during the call only. `fin`: no more will come. */
  received(streamId: number, bytes: Uint8Array, fin: boolean): void
  /** The queued bytes of the stream were above the low-water mark, which is less than 512 KiB, and fell to it. */
  drained(streamId: number): void
  /**
   * The peer gave the stream up: it sends no more, or reads no more. May come for each of the two. `code` is the
   * peer's, undefined where it is not known.
   */
  abandoned(streamId: number, code: number | undefined): void
  /** The channel has ended. Nothing is called after it. */
  closed(cause: Error): void
}
