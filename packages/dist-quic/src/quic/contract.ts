/** What users of the endpoint see of a connection, and what they must offer. */
import type { Address } from './address.ts'
import type { PathStats } from './path-stats.ts'

/** Whoever dials or accepts a connection learns here what becomes of it. */
export interface ConnectionHandler {
  /** TLS is done and the peer's certificate is there. Nobody has judged it yet. */
  established(): void
  /** Bytes of a stream, in order. The view is valid during the call only. `fin`: no more will come. */
  received(streamId: number, bytes: Uint8Array, fin: boolean): void
  /** The bytes queued for the stream, or without one for the connection, fell to the low-water mark. */
  drained(streamId?: number): void
  /** The peer gave the stream up, with that code: it sends no more, or reads no more. May come for each of the two. */
  abandoned?(streamId: number, code: number | undefined): void
  /** Exactly once, never from inside `close()`; nothing is called after it. E_CHANNEL_LOST or E_CHANNEL_CLOSED. */
  closed(cause: Error): void
}

/** A connection as its users see it. After its end every method is harmless and does nothing. */
export interface QuicConnection {
  readonly dialed: boolean
  /** Where the peer is. Changes when an accepted peer moves, or its NAT gives it another port. */
  readonly remote: Address
  /** DER, once established. */
  readonly peerCertificate: Uint8Array | undefined
  /** SHA-256 of the DER of the certificate that this end shows on this connection, whatever it shows on later ones. */
  readonly ownCertificateHash: Uint8Array
  /** Figures of the path in use. Undefined unless open. */
  readonly pathStats: PathStats | undefined
  /** Smoothed round-trip time in whole milliseconds: 0 on loopback. Undefined unless open. */
  readonly rttMs: number | undefined
  /** Bytes written and not yet handed to QUIC. */
  readonly queuedBytes: number
  queuedBytesOf(streamId: number): number
  /**
   * Queues a copy of the bytes, or of those between `start` and `end`. They go out at the end of this turn of the event
   * loop, or sooner when there is enough for a few packets, as the peer allows.
   */
  write(streamId: number, bytes: Uint8Array, start?: number, end?: number): void
  /**
   * Queues a copy of the head and, for large ones, the bytes themselves: they must stay as they are until `taken` is
   * called, which may be never.
   */
  hand(streamId: number, head: Uint8Array, bytes: Uint8Array, taken?: () => void): void
  /** Ends our side of the stream after what was written. What is written to it later is dropped. */
  finish(streamId: number): void
  /** Gives the stream up in both directions; the peer hears of it with `code`, default 0. */
  abandon(streamId: number, code?: number): void
  /** Lower goes first, 0 to 255; 127 unless told. Equals take turns. */
  prioritize(streamId: number, urgency: number): void
  /** Leaves the stream's bytes where they are, so that flow control stops the peer, until `resume`. */
  pause(streamId: number): void
  resume(streamId: number): void
  /**
   * The peer is who the layer above wants: lifts the bounds of a stranger. Until then, where the endpoint was told to
   * bound strangers, only stream 0 is read, what comes on others waits, and a peer that sends too much is closed.
   */
  trusted(): void
  /**
   * Moves a dialed connection to a new local socket, while streams, their order and this object go on. Resolves with
   * the new local address once the peer has answered from it; until then, and after a failure, the old one is in use.
   * While one is under way the same promise is given. Rejects with E_MIGRATION_REFUSED, E_MIGRATION_UNSUPPORTED,
   * E_MIGRATION_TIMEOUT, what opening a socket fails with, or what ended the connection meanwhile.
   */
  migrate(timeoutMs: number): Promise<Address>
  /** Sends what the peer allows of what was written, then a close with `code` and `reason`. */
  close(code: number, reason: string): void
}
