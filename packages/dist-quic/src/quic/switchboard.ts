/**
 * All connections of an endpoint: finds the one each datagram is for, starts those that strangers may start, and
 * flushes every connection that needs it, once a turn of the event loop. What many callers write in one turn, and
 * the acknowledgements of all datagrams that came in it, so share their packets.
 */
import type { Clock } from '@barrel-actors/runtime'
import { type Address, isLoopback, withoutZone } from './address.ts'
import { ChunkPool } from './chunk-pool.ts'
import type { Transport } from './config.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import type { DropLog } from './drop-log.ts'
import type { HandshakeCaps } from './handshake-caps.ts'
import { limits } from './limits.ts'
import type { NativeConnection, Quiche } from './native.ts'
import { destinationKey, keyOf } from './packet-head.ts'
import type { StrangerDesk } from './stranger.ts'

/** Gives the handler of an accepted connection, whose TLS is done; `established()` follows at once. */
export type Accept = (connection: QuicConnection) => ConnectionHandler

/** What the switchboard works with; all of it belongs to the endpoint. */
export interface SwitchboardParts {
  readonly clock: Clock
  readonly idleTimeoutMs: number
  readonly keepAliveMs: number
  readonly quiche: Quiche
  readonly socket: DatagramSocket
  readonly transports: { readonly loopback: Transport; readonly network: Transport }
  readonly strangers: StrangerDesk
  readonly drops: DropLog
  readonly caps: HandshakeCaps
  readonly accept: Accept
}

// Reading a stream takes this much at a time.
const readBufferBytes = 256 * 1024

export class Switchboard implements ConnectionOwner {
  readonly clock: Clock
  readonly idleTimeoutMs: number
  readonly keepAliveMs: number
  readonly chunks: ChunkPool = new ChunkPool()
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(readBufferBytes)
  readonly #parts: SwitchboardParts
  readonly #socket: DatagramSocket
  readonly #connections = new Map<string, Connection>()
  #dirty: Connection[] = []
  #due: NodeJS.Immediate | undefined
  #closed = false

  constructor(parts: SwitchboardParts) {
    this.clock = parts.clock
    this.idleTimeoutMs = parts.idleTimeoutMs
    this.keepAliveMs = parts.keepAliveMs
    this.#parts = parts
    this.#socket = parts.socket
  }

  get size(): number {
    return this.#connections.size
  }

  get packet(): Buffer {
    return this.#socket.packet
  }

  get full(): boolean {
    return this.#socket.full
  }

  /** Starts a connection to that address, which the socket can reach. */
  dial(remote: Address, sourceId: Uint8Array, handler: ConnectionHandler): QuicConnection {
    const { config } = this.#transportTo(remote)
    const local = this.#socket.address
    const native = this.#parts.quiche.Connection.connect(null, sourceId, local, plain(remote), config)
    const connection = this.#add(native, sourceId, remote, handler)
    this.flushSoon(connection)
    return connection
  }

  receive(packet: Buffer, host: string, port: number): void {
    if (this.#closed) return
    const key = destinationKey(packet)
    const connection = key === undefined ? undefined : this.#connections.get(key)
    if (connection === undefined) this.#meet(packet, { host, port })
    else connection.receive(packet, host, port)
  }

  /** Closes every connection, sends what that takes, and forgets them all. */
  closeAll(reason: string): void {
    for (const connection of this.#connections.values()) connection.close(0, reason)
    this.flushAll()
    this.#closed = true
    clearImmediate(this.#due)
    for (const connection of [...this.#connections.values()]) connection.drop()
  }

  flushSoon(connection: Connection): void {
    if (connection.dirty) return
    connection.dirty = true
    this.#dirty.push(connection)
    this.schedule()
  }

  /** Makes sure that a flush comes once this turn's input is read, or when the socket has room again. */
  schedule(): void {
    if (this.#socket.full) return
    if (this.#due !== undefined || this.#closed || this.#dirty.length === 0) return
    this.#due = setImmediate(() => this.flushAll())
  }

  flushAll(): void {
    clearImmediate(this.#due)
    this.#due = undefined
    const dirty = this.#dirty
    this.#dirty = []
    for (const connection of dirty) {
      connection.dirty = false
      connection.flush()
    }
  }

  send(length: number, host: string, port: number): void {
    this.#socket.send(length, host, port)
  }

  accepted(connection: Connection): ConnectionHandler {
    return this.#parts.accept(connection)
  }

  settled(connection: Connection): void {
    if (!connection.dialed) this.#parts.caps.end(connection.remote.host)
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection.key)
  }

  broke(): void {
    this.#parts.drops.count('brokenConnection')
  }

  #meet(packet: Buffer, client: Address): void {
    const { strangers, drops } = this.#parts
    const answer = strangers.answer(packet, client, this.#socket.packet)
    if (answer.kind === 'drop') drops.count(answer.why)
    else if (answer.kind === 'reply') this.#socket.send(answer.length, client.host, client.port)
    else this.#begin(packet, client, answer.sourceId, answer.firstId)
  }

  #begin(packet: Buffer, client: Address, sourceId: Uint8Array, firstId: Uint8Array): void {
    const { caps, drops } = this.#parts
    if (this.#connections.size >= limits.connectionsMax) drops.count('tooManyConnections')
    else if (!caps.mayBegin(client.host)) drops.count('tooManyHandshakes')
    else this.#accept(packet, client, sourceId, firstId)
  }

  #accept(packet: Buffer, client: Address, sourceId: Uint8Array, firstId: Uint8Array): void {
    const { caps, drops, quiche } = this.#parts
    const { config } = this.#transportTo(client)
    let native: NativeConnection
    try {
      native = quiche.Connection.accept(sourceId, firstId, this.#socket.address, plain(client), config)
    } catch {
      drops.count('malformed')
      return
    }
    caps.begin(client.host)
    this.#add(native, sourceId, client, undefined).receive(packet, client.host, client.port)
  }

  #add(
    native: NativeConnection,
    sourceId: Uint8Array,
    remote: Address,
    handler: ConnectionHandler | undefined,
  ): Connection {
    const key = keyOf(sourceId)
    const connection = new Connection(native, this, { key, local: this.#socket.address, remote, handler })
    this.#connections.set(key, connection)
    return connection
  }

  #transportTo(remote: Address): Transport {
    const { loopback, network } = this.#parts.transports
    return isLoopback(remote.host) ? loopback : network
  }
}

function plain({ host, port }: Address): Address {
  return { host: withoutZone(host), port }
}
