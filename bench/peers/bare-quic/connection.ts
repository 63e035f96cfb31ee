/**
 * A connection of the bare native binding, driven as well as JavaScript allows: everything written in a turn of the
 * event loop goes out in one flush, small messages share one native call, reading goes through one large buffer.
 */

import type { Socket } from 'node:dgram'
import type { Connection as NativeConnection } from '@matrixai/quic/native/index.js'
import type { Line } from '../line.ts'
import { framed, LengthReader } from './length-frames.ts'

/** The only stream: the first one of the dialer, both ways. */
const streamId = 0
const joinedBytesMax = 64 * 1024
const readBuffer = Buffer.allocUnsafeSlow(256 * 1024)
const packet = Buffer.allocUnsafeSlow(16 * 1024)

export class BareConnection implements Line {
  readonly #native: NativeConnection
  readonly #socket: Socket
  readonly #local: { host: string; port: number }
  #queue: Buffer[] = []
  #timer: NodeJS.Timeout | undefined
  #isDue = false
  #reader: LengthReader | undefined
  #established: (() => void) | undefined

  constructor(native: NativeConnection, socket: Socket) {
    const { address, port } = socket.address()
    this.#native = native
    this.#socket = socket
    this.#local = { host: address, port }
  }

  get isOpen(): boolean {
    return this.#native.isEstablished() && !this.#native.isClosed() && !this.#native.isDraining()
  }

  listen(received: (message: Buffer) => void): void {
    this.#reader = new LengthReader(received)
  }

  /** Resolves once TLS is done. */
  established(): Promise<void> {
    this.flushSoon()
    return new Promise(resolve => {
      this.#established = resolve
    })
  }

  write(message: Uint8Array): void {
    for (const piece of framed(message)) this.#queue.push(piece)
    this.flushSoon()
  }

  /** The arms bound what is on its way. */
  async drained(): Promise<void> {}

  receive(datagram: Buffer, host: string, port: number): void {
    this.#native.recv(datagram, { from: { host, port }, to: this.#local })
    if (this.#established !== undefined && this.#native.isEstablished()) {
      this.#established()
      this.#established = undefined
    }
    this.#read()
    this.flushSoon()
  }

  flushSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(this.#flush)
  }

  close(): void {
    this.#native.close(true, 0, Buffer.alloc(0))
    this.#flush()
    clearTimeout(this.#timer)
  }

  #read(): void {
    const native = this.#native
    while (native.isEstablished() && native.streamReadable(streamId)) {
      const read = native.streamRecv(streamId, readBuffer)
      if (read === null) return
      this.#reader?.push(readBuffer.subarray(0, read[0]))
    }
  }

  readonly #flush = (): void => {
    this.#isDue = false
    if (this.#native.isEstablished()) this.#push()
    for (let sent = this.#native.send(packet); sent !== null; sent = this.#native.send(packet)) {
      const [length, { to }] = sent
      // Node keeps what the kernel does not take at once.
      const isKept = this.#socket.getSendQueueCount() > 0
      this.#socket.send(isKept ? Buffer.from(packet.subarray(0, length)) : packet, 0, length, to.port, to.host)
    }
    this.#arm()
  }

  // Hands over what flow and congestion control allow.
  #push(): void {
    let taken = 0
    while (taken < this.#queue.length) {
      const bytes = this.#join(taken)
      const length = this.#native.streamSend(streamId, bytes, false) ?? 0
      if (length < bytes.length) {
        this.#queue[taken] = bytes.subarray(length)
        break
      }
      taken++
    }
    this.#queue = this.#queue.slice(taken)
  }

  // The piece at `at`, which takes along the small ones that follow it.
  #join(at: number): Buffer {
    let end = at
    let bytes = 0
    while (end < this.#queue.length && bytes + (this.#queue[end] as Buffer).length <= joinedBytesMax) {
      bytes += (this.#queue[end] as Buffer).length
      end++
    }
    if (end - at > 1) this.#queue.splice(at, end - at, Buffer.concat(this.#queue.slice(at, end), bytes))
    return this.#queue[at] as Buffer
  }

  #arm(): void {
    clearTimeout(this.#timer)
    const timeoutMs = this.#native.timeout()
    if (timeoutMs === null || this.#native.isClosed()) return
    this.#timer = setTimeout(() => {
      this.#native.onTimeout()
      this.#flush()
    }, timeoutMs + 1)
  }
}
