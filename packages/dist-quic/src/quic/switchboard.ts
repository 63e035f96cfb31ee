/**
 * All connections of an endpoint: finds the one each datagram is for, starts those that strangers may start, and
 * flushes every connection that needs it, once a turn of the event loop. What many callers write in one turn, and
 * the acknowledgements of all datagrams that came in it, so share their packets.
 */
import type { Clock, Entropy } from '@barrel-actors/runtime'
import { problemOf } from '../errors.ts'
import { AdapterPort, type DatagramAdapter } from './adapter.ts'
import { type Address, keyOfAddress, keyOfSender, withoutZone } from './address.ts'
import { ChunkPool } from './chunk-pool.ts'
import { Connection } from './connection.ts'
import type { ConnectionOwner, ConnectionStart, UntrustedBounds } from './connection-owner.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import type { DatagramPort } from './datagram-port.ts'
import { DatagramSocket } from './datagram-socket.ts'
import type { DropLog } from './drop-log.ts'
import { failedDial } from './failed-dial.ts'
import type { HandshakeCaps } from './handshake-caps.ts'
import type { NativeConnection, Quiche } from './native.ts'
import { destinationKey, isWithoutId, noConnectionId } from './packet-head.ts'
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
  readonly caps: HandshakeCaps<Connection>
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
  /** Each accepted connection under all its ids. */
  readonly #byId = new Map<string, Connection>()
  /** Each connection that was dialed from the endpoint's socket, by its peer's address. */
  readonly #dialed = new Map<string, Connection>()
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
    const start = { transport, remote, handler, sourceId: noConnectionId }
    const key = keyOfAddress(remote)
    // Without an id only its address tells what is for it: a second one to the same peer has a socket of its own.
    if (this.#dialed.has(key)) return this.#dialAside(start)
    const connection = this.#connect({ ...start, port: this.#socket })
    this.#dialed.set(key, connection)
    return connection
  }

  #dialAside(start: Omit<ConnectionStart, 'port'> & { readonly handler: ConnectionHandler }): QuicConnection {
    try {
      const port = this.#openSocket(this.#socket.address.host, () => connection)
      const connection = this.#connect({ ...start, port })
      return connection
    } catch (error) {
      return failedDial(start.remote, start.handler, problemOf(error))
    }
  }

  /** Starts a connection through an adapter. `remote` is what it is called; nothing is sent there. */
  dialThrough(adapter: DatagramAdapter, remote: Address, handler: ConnectionHandler): QuicConnection {
    const transport = this.#parts.transports.adapter
    const port = new AdapterPort(adapter, remote, Math.max(...transport.packetSizes))
    const connection = this.#connect({ transport, port, remote, handler, sourceId: noConnectionId })
    const received = (packet: Buffer): void => this.#give(connection, packet, remote, port)
    connection.attempt(() => port.start(received))
    return connection
  }

  /** A datagram that came to the endpoint's socket. */
  receive(packet: Buffer, host: string, port: number): void {
    if (this.#closed) return
    const key = destinationKey(packet)
    const accepted = key === undefined ? undefined : this.#byId.get(key)
    if (accepted !== undefined) {
      this.#parts.caps.heard(accepted)
      return accepted.receive(packet, host, port, this.#socket, key)
    }
    const dialed = isWithoutId(packet) ? this.#dialed.get(keyOfSender(host, port)) : undefined
    if (dialed !== undefined) dialed.receive(packet, host, port, this.#socket, undefined)
    else this.#meet(packet, { host, port })
  }

  // A datagram that came to a port of that dialed connection alone.
  #give(connection: Connection, packet: Buffer, { host, port }: Address, via: DatagramPort): void {
    if (this.#closed) return
    if (isWithoutId(packet)) connection.receive(packet, host, port, via, undefined)
    else this.#parts.drops.count('unknownConnection')
  }

  /** Closes every connection, sends what that takes, and forgets them all. */
  closeAll(reason: string): void {
    for (const connection of this.#connections) connection.close(0, reason)
    this.flushAll()
    this.#closed = true
    clearImmediate(this.#due)
    for (const connection of [...this.#connections]) connection.drop(reason)
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

  openSocket(connection: Connection, host: string): DatagramSocket {
    return this.#openSocket(host, () => connection)
  }

  #openSocket(host: string, connection: () => Connection): DatagramSocket {
    const socket: DatagramSocket = DatagramSocket.openOwn(host, this.#socket.packet.length, {
      received: (packet, { address, port }) => this.#give(connection(), packet, { host: address, port }, socket),
      roomAgain: () => this.flushSoon(connection()),
    })
    return socket
  }

  accepted(connection: Connection): ConnectionHandler {
    return this.#parts.accept(connection)
  }

  settled(connection: Connection): void {
    this.#parts.caps.end(connection)
  }

  gone(connection: Connection): void {
    this.#connections.delete(connection)
    const key = keyOfAddress(connection.remote)
    if (this.#dialed.get(key) === connection) this.#dialed.delete(key)
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
    else if (caps.mayBegin(client.host) || this.#evict(client.host)) this.#accept(packet, client, sourceId, firstId)
    else drops.count('tooManyHandshakes')
  }

  // Whether there is room now.
  #evict(host: string): boolean {
    const silent = this.#parts.caps.silent(host)
    silent?.drop('it was silent, and others waited')
    if (silent !== undefined) this.#parts.drops.count('silentHandshake')
    return silent !== undefined
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
    const start = { transport, port: this.#socket, remote: client, handler: undefined, sourceId }
    const connection = this.#add(native, start)
    caps.begin(client.host, connection)
    connection.receive(packet, client.host, client.port, this.#socket, undefined)
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
}

function plain({ host, port }: Address): Address {
  return { host: withoutZone(host), port }
}
