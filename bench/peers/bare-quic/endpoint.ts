/** One UDP socket with large buffers, and all the connections over it, found by their connection id. */

import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { quiche } from '@matrixai/quic/native/index.js'
import { BareConnection } from './connection.ts'
import { socketBufferBytes, transportConfig } from './transport.ts'

const idBytes = 16

export class BareEndpoint {
  readonly #socket: Socket
  readonly #config: ReturnType<typeof transportConfig>
  readonly #connections = new Map<string, BareConnection>()
  readonly #accept: ((connection: BareConnection) => void) | undefined

  static async open(packetBytes: number, accept?: (connection: BareConnection) => void): Promise<BareEndpoint> {
    const socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) })
    const listening = once(socket, 'listening')
    socket.bind(0, '127.0.0.1')
    await listening
    socket.setRecvBufferSize(socketBufferBytes)
    socket.setSendBufferSize(socketBufferBytes)
    return new BareEndpoint(socket, packetBytes, accept)
  }

  private constructor(socket: Socket, packetBytes: number, accept: ((connection: BareConnection) => void) | undefined) {
    this.#socket = socket
    this.#accept = accept
    this.#config = transportConfig(packetBytes, socket.getRecvBufferSize())
    socket.on('message', (datagram, { address, port }) => this.#receive(datagram, address, port))
  }

  get port(): number {
    return this.#socket.address().port
  }

  /** A connection whose TLS is done. */
  async dial(port: number): Promise<BareConnection> {
    const id = randomBytes(idBytes)
    const native = quiche.Connection.connect(null, id, this.#local, { host: '127.0.0.1', port }, this.#config)
    const connection = new BareConnection(native, this.#socket)
    this.#connections.set(id.toString('latin1'), connection)
    await connection.established()
    return connection
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close()
    this.#socket.close()
  }

  get #local(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port }
  }

  #receive(datagram: Buffer, host: string, port: number): void {
    const isLong = ((datagram[0] as number) & 0x80) !== 0
    const start = isLong ? 6 : 1
    const key = datagram.toString('latin1', start, start + (isLong ? (datagram[5] as number) : idBytes))
    const connection = this.#connections.get(key) ?? (isLong ? this.#begin(key, host, port) : undefined)
    connection?.receive(datagram, host, port)
  }

  #begin(firstKey: string, host: string, port: number): BareConnection | undefined {
    if (this.#accept === undefined) return undefined
    const id = randomBytes(idBytes)
    const native = quiche.Connection.accept(id, null, this.#local, { host, port }, this.#config)
    const connection = new BareConnection(native, this.#socket)
    // The dialer's own choice of our id holds until it has learned ours.
    this.#connections.set(firstKey, connection)
    this.#connections.set(id.toString('latin1'), connection)
    this.#accept(connection)
    return connection
  }
}
