/**
 * All connections of an endpoint: finds the one each datagram is for, starts those that strangers may start, and
 * flushes every connection that needs it, once a turn of the event loop. What many callers write in one turn, and
 * the acknowledgements of all datagrams that came in it, so share their packets.
 */
import type { Clock, Entropy } from '@barrel-actors/runtime'
import { AdapterPort, type DatagramAdapter } from './adapter.ts'
import { type Address, withoutZone } from './address.ts'
import { ChunkPool } from './chunk-pool.ts'
import { Connection } from './connection.ts'
import type { ConnectionOwner, ConnectionStart, UntrustedBounds } from './connection-owner.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import type { DatagramPort } from './datagram-port.ts'
import { DatagramSocket } from './datagram-socket.ts'
import type { DropLog } from './drop-log.ts'
import type { HandshakeCaps } from './handshake-caps.ts'
import type { NativeConnection, Quiche } from './native.ts'
import { connectionIdBytes, destinationKey } from './packet-head.ts'
import type { StrangerDesk } from './stranger.ts'
import type { Transports } from './transports.ts'

/** Gives the handler of an accepted connection, whose TLS is done; `established()` follows at once. */
export type Accept = (connection: QuicConnection) => ConnectionHandler

/** What the switchboard works with; all of it belongs to the endpoint. */
export interface SwitchboardParts {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly idleTimeoutMs: number
  readonly keepAliveMs: number
  readonly handshakeTimeoutMs: number
  readonly connectionsMax: number
  readonly untrusted: UntrustedBounds | undefined
  readonly quiche: Quiche
  readonly socket: DatagramSocket
  readonly transports: Transports
  readonly strangers: StrangerDesk
  readonly drops: DropLog
  readonly caps: HandshakeCaps
  readonly accept: Accept
}

// Reading a stream takes this much at a time.
const readBufferBytes = 256 * 1024

export class Switchboard implements ConnectionOwner {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly idleTimeoutMs: number
  readonly keepAliveMs: number
  readonly handshakeTimeoutMs: number
  readonly untrusted: UntrustedBounds | undefined
  readonly chunks: ChunkPool = new ChunkPool()
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(readBufferBytes)
  readonly #parts: SwitchboardParts
  readonly #socket: DatagramSocket
  readonly #connections = new Set<Connection>()
  /** Each connection under all its ids. */
  readonly #byId = new Map<string, Connection>()
  #dirty: Connection[] = []
  #due: NodeJS.Immediate | undefined
  #closed = false

  constructor(parts: SwitchboardParts) {
    this.clock = parts.clock
    this.entropy = parts.entropy
    this.idleTimeoutMs = parts.idleTimeoutMs
    this.keepAliveMs = parts.keepAliveMs
    this.handshakeTimeoutMs = parts.handshakeTimeoutMs
    this.untrusted = parts.untrusted
    this.#parts = parts
    this.#socket = parts.socket
  }

  get size(): number {
    return this.#connections.size
  }

  /** Connection ids in the table. */
  get idsCount(): number {
    return this.#byId.size
  }

  /** Starts a connection to that address, which the socket can reach. */
  dial(remote: Address, handler: ConnectionHandler): QuicConnection {
    const transport = this.#parts.transports.to(remote.host)
    return this.#connect({ transport, port: this.#socket, remote, handler, sourceId: this.#newId() })
  }

  /** Starts a connection through an adapter. `remote` is what it is called; nothing is sent there. */
  dialThrough(adapter: DatagramAdapter, remote: Address, handler: ConnectionHandler): QuicConnection {
    const transport = this.#parts.transports.adapter
    const port = new AdapterPort(adapter, remote, Math.max(...transport.packetSizes))
    const closeAdapter = () => port.close()
    const start = { transport, port, remote, handler, sourceId: this.#newId(), closeAdapter }
    const connection = this.#connect(start)
    const received = (packet: Buffer): void => {
      const key = destinationKey(packet)
      // What is not for this connection would end it: the library takes it for a peer's mistake.
      if (key === undefined || this.#byId.get(key) !== connection) this.#parts.drops.count('unknownConnection')
      else connection.receive(packet, remote.host, remote.port, port, key)
    }
    connection.attempt(() => port.start(received))
    return connection
  }

  /** A datagram that came to that port, the endpoint's own unless it says otherwise. */
  receive(packet: Buffer, host: string, port: number, via: DatagramPort = this.#socket): void {
    if (this.#closed) return
    const key = destinationKey(packet)
    const connection = key === undefined ? undefined : this.#byId.get(key)
    if (connection !== undefined) connection.receive(packet, host, port, via, key)
    else if (via === this.#socket) this.#meet(packet, { host, port })
    else this.#parts.drops.count('unknownConnection')
  }

  /** Closes every connection, sends what that takes, and forgets them all. */
  closeAll(reason: string): void {
    for (const connection of this.#connections) connection.close(0, reason)
    this.flushAll()
    this.#closed = true
    clearImmediate(this.#due)
    for (const connection of [...this.#connections]) connection.drop()
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

  addId(key: string, connection: Connection): void {
    this.#byId.set(key, connection)
  }

  removeId(key: string): void {
    this.#byId.delete(key)
  }

  async openSocket(connection: Connection, host: string): Promise<DatagramSocket> {
    const socket: DatagramSocket = await DatagramSocket.open({ host, port: 0 }, this.#socket.packet.length, {
      received: (packet, from) => this.receive(packet, from.address, from.port, socket),
      roomAgain: () => this.flushSoon(connection),
    })
    return socket
  }

  accepted(connection: Connection): ConnectionHandler {
    return this.#parts.accept(connection)
  }

  settled(connection: Connection): void {
    if (!connection.dialed) this.#parts.caps.end(connection.firstHost)
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection)
  }

  broke(): void {
    this.#parts.drops.count('brokenConnection')
  }

  #meet(packet: Buffer, client: Address): void {
    const { strangers, drops } = this.#parts
    const answer = strangers.answer(packet, client, this.#socket.packet)
    if (answer.kind === 'drop') drops.count(answer.why)
    else if (answer.kind === 'reply') this.#socket.send(this.#socket.packet, answer.length, client.host, client.port)
    else this.#begin(packet, client, answer.sourceId, answer.firstId)
  }

  #begin(packet: Buffer, client: Address, sourceId: Uint8Array, firstId: Uint8Array): void {
    const { caps, connectionsMax, drops } = this.#parts
    if (this.#connections.size >= connectionsMax) drops.count('tooManyConnections')
    else if (!caps.mayBegin(client.host)) drops.count('tooManyHandshakes')
    else this.#accept(packet, client, sourceId, firstId)
  }

  #accept(packet: Buffer, client: Address, sourceId: Uint8Array, firstId: Uint8Array): void {
    const { caps, drops, quiche } = this.#parts
    const transport = this.#parts.transports.to(client.host)
    let native: NativeConnection
    try {
      native = quiche.Connection.accept(sourceId, firstId, this.#socket.address, plain(client), transport.config)
    } catch {
      drops.count('malformed')
      return
    }
    caps.begin(client.host)
    const start = { transport, port: this.#socket, remote: client, handler: undefined, sourceId }
    this.#add(native, start).receive(packet, client.host, client.port, this.#socket, undefined)
  }

  #connect(start: ConnectionStart): Connection {
    const { Connection } = this.#parts.quiche
    const { sourceId, port, remote, transport } = start
    const native = Connection.connect(null, sourceId, port.address, plain(remote), transport.config)
    const connection = this.#add(native, start)
    this.flushSoon(connection)
    return connection
  }

  #add(native: NativeConnection, start: ConnectionStart): Connection {
    const connection = new Connection(native, this, start)
    this.#connections.add(connection)
    return connection
  }

  #newId(): Uint8Array {
    return this.entropy.bytes(connectionIdBytes)
  }
}

function plain({ host, port }: Address): Address {
  return { host: withoutZone(host), port }
}
