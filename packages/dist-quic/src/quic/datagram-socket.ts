/**
 * A UDP socket: the one of an endpoint, or one that a connection moved to. Sending is synchronous almost always: the kernel copies the packet before
 * `send` returns, and the caller's buffer is free again. When the kernel's buffer is full, libuv keeps the packet
 * and the memory under it; then the caller is given a fresh buffer, and told to wait when too much is kept.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { problemOf, quicError } from '../errors.ts'
import { release } from '../memory.ts'
import { type Address, type SocketType, socketTypeOf } from './address.ts'
import type { DatagramPort } from './datagram-port.ts'
import { limits } from './limits.ts'

export interface DatagramEvents {
  /** The packet is the receiver's to change, and gone when it returns. */
  received(packet: Buffer, from: RemoteInfo): void
  /** There is room again after `full`. */
  roomAgain(): void
}

export class DatagramSocket implements DatagramPort {
  readonly kind: 'shared' | 'own'
  readonly type: SocketType
  readonly address: Address
  readonly #socket: Socket
  readonly #events: DatagramEvents
  #packet: Buffer
  #queuedBytes = 0
  #closing: Promise<void> | undefined

  /** Rejects with E_PORT_IN_USE, E_PORT_DENIED or E_BIND_FAILED. */
  static async open(local: Address, packetBytes: number, events: DatagramEvents): Promise<DatagramSocket> {
    const [socket, type] = create(local)
    await bound(socket, local)
    return new DatagramSocket(socket, type, 'shared', packetBytes, events)
  }

  /** A socket of one connection, at once: no name has to be looked up. Throws E_BIND_FAILED. */
  static openOwn(host: string, packetBytes: number, events: DatagramEvents): DatagramSocket {
    const [socket, type] = create({ host, port: 0 })
    try {
      socket.bind({ address: host, port: 0 })
      return new DatagramSocket(socket, type, 'own', packetBytes, events)
    } catch (error) {
      socket.on('error', () => {})
      socket.close()
      throw bindError({ host, port: 0 }, error)
    }
  }

  private constructor(
    socket: Socket,
    type: SocketType,
    kind: 'shared' | 'own',
    packetBytes: number,
    events: DatagramEvents,
  ) {
    const { address, port } = socket.address()
    this.kind = kind
    this.type = type
    this.address = { host: address, port }
    this.#socket = socket
    this.#events = events
    this.#packet = Buffer.allocUnsafeSlow(packetBytes)
    askForBuffers(socket)
    socket.on('message', (packet, from) => this.#receive(packet, from))
    // What the system says of a packet already gone, such as an unreachable port, is loss to QUIC.
    socket.on('error', () => {})
  }

  /** Where the next packet is written, before `send`. Not the same buffer for ever. */
  get packet(): Buffer {
    return this.#packet
  }

  /** Whether sending should wait for `roomAgain`. */
  get full(): boolean {
    return this.#queuedBytes > limits.socketQueueBytesMax
  }

  /** What the kernel gave for datagrams that were not read yet, in bytes as the kernel counts them. */
  get receiveBufferBytes(): number {
    return this.#socket.getRecvBufferSize()
  }

  /** Sends the first bytes of `packet`. Never throws: what cannot be sent is lost, as datagrams are. */
  send(packet: Buffer, length: number, host: string, port: number): void {
    const own = packet.buffer === this.#packet.buffer
    // The packet of another port: that port does not know that libuv may keep it.
    const bytes = own ? packet : Buffer.from(packet.subarray(0, length))
    try {
      // Without a callback a packet that went out at once costs no further turn.
      if (this.#queuedBytes === 0) this.#socket.send(bytes, 0, length, port, host)
      else this.#socket.send(bytes, 0, length, port, host, () => this.#settle())
      this.#queuedBytes = this.#socket.getSendQueueSize()
    } catch {
      return
    }
    if (own && this.#queuedBytes > 0) this.#packet = Buffer.allocUnsafeSlow(this.#packet.length)
  }

  /** May be called again. */
  close(): Promise<void> {
    this.#closing ??= new Promise<void>(resolve => this.#socket.close(resolve))
    return this.#closing
  }

  #receive(packet: Buffer, from: RemoteInfo): void {
    this.#events.received(packet, from)
    // Node allocates each datagram by itself; small ones are not worth the call.
    if (packet.length >= limits.releasedBytesMin) release(packet)
  }

  #settle(): void {
    const wasFull = this.full
    try {
      this.#queuedBytes = this.#socket.getSendQueueSize()
    } catch {
      this.#queuedBytes = 0
    }
    if (wasFull && !this.full) this.#events.roomAgain()
  }
}

function create(local: Address): [Socket, SocketType] {
  const type = socketTypeOf(local.host)
  if (type === undefined) {
    throw quicError('E_BIND_FAILED', { address: local.host, problem: 'it is not an IP address' })
  }
  return [createSocket({ type, lookup: (host, _, done) => done(null, host, type === 'udp4' ? 4 : 6) }), type]
}

async function bound(socket: Socket, local: Address): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ address: local.host, port: local.port }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    socket.close()
    throw bindError(local, error)
  }
}

function bindError(local: Address, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'EADDRINUSE') return quicError('E_PORT_IN_USE', { port: local.port }, error)
  if (code === 'EACCES') return quicError('E_PORT_DENIED', { port: local.port }, error)
  return quicError('E_BIND_FAILED', { address: local.host, problem: problemOf(error) }, error)
}

function askForBuffers(socket: Socket): void {
  try {
    socket.setRecvBufferSize(limits.socketBufferBytes)
    socket.setSendBufferSize(limits.socketBufferBytes)
  } catch {
    // The system gives what it gives.
  }
}
