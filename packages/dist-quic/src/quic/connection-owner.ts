/** What a connection is given: its endpoint, and what it begins with. */
import type { Entropy } from '@barrel-actors/runtime'
import type { Address } from './address.ts'
import type { ChunkPool } from './chunk-pool.ts'
import type { Transport } from './config.ts'
import type { Connection } from './connection.ts'
import type { Timing } from './connection-timer.ts'
import type { ConnectionHandler } from './contract.ts'
import type { DatagramPort } from './datagram-port.ts'
import type { DatagramSocket } from './datagram-socket.ts'

/** What a connection needs of its endpoint. */
export interface ConnectionOwner extends Timing {
  readonly entropy: Entropy
  readonly chunks: ChunkPool
  /** Stream bytes are read through it, so it is reused between calls. */
  readonly readBuffer: Buffer
  /** Bounds of a peer that is not trusted yet; undefined when each is trusted from the start. */
  readonly untrusted: UntrustedBounds | undefined
  /** TLS of an accepted connection that takes longer is given up. */
  readonly handshakeTimeoutMs: number
  addId(key: string, connection: Connection): void
  removeId(key: string): void
  /** A socket of the connection's own. */
  openSocket(connection: Connection, host: string): DatagramSocket
  flushSoon(connection: Connection): void
  /** TLS of an accepted connection is done: gives its handler. */
  accepted(connection: Connection): ConnectionHandler
  /** Its peer is trusted, or it has ended before that. Exactly once. */
  settled(connection: Connection): void
  /** Nothing is left of it. */
  gone(connection: Connection): void
  /** Something threw, and ended that connection only. */
  broke(): void
}

/** What a peer may do before the layer above trusts it. */
export interface UntrustedBounds {
  readonly bytesMax: number
  /** Streams other than the control stream that may wait unread. */
  readonly streamsMax: number
}

/** What a connection begins with. */
export interface ConnectionStart {
  /** None for a dialed connection. */
  readonly sourceId: Uint8Array
  readonly port: DatagramPort
  readonly transport: Transport
  readonly remote: Address
  readonly handler: ConnectionHandler | undefined
}
