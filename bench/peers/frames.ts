/**
 * MessagePack over a byte stream, for the tls and tcp peers: length-prefixed frames, packed with record shapes
 * (`sequential`), everything written in one turn going out in one write.
 */

import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { Packr, RESERVE_START_SPACE, Unpackr } from 'msgpackr'

const lengthBytes = 4
/** Frames are joined up to that size: beyond it a write of its own costs less than the copy. */
const joinedBytesMax = 64 * 1024

export class FrameWriter {
  readonly #stream: Writable
  readonly #packr = new Packr({ sequential: true })
  #frames: Buffer[] = []
  #bytes = 0

  constructor(stream: Writable) {
    this.#stream = stream
  }

  write(message: unknown): void {
    const frame = this.#packr.pack(message, RESERVE_START_SPACE | lengthBytes)
    frame.writeUInt32BE(frame.length - lengthBytes, 0)
    if (this.#frames.length === 0) process.nextTick(this.#flush)
    this.#frames.push(frame)
    this.#bytes += frame.length
    if (this.#bytes >= joinedBytesMax) this.#flush()
  }

  /** Waits while the stream asks to, as its documentation wants. */
  async drained(): Promise<void> {
    if (this.#stream.writableNeedDrain) await once(this.#stream, 'drain')
  }

  readonly #flush = (): void => {
    if (this.#frames.length === 0) return
    const [first] = this.#frames
    const isOne = this.#frames.length === 1 && first !== undefined
    this.#stream.write(isOne ? first : Buffer.concat(this.#frames, this.#bytes))
    this.#frames = []
    this.#bytes = 0
  }
}

export class FrameReader {
  readonly #unpackr = new Unpackr({ sequential: true })
  readonly #received: (message: unknown) => void
  #chunks: Buffer[] = []
  #bytes = 0
  /** With fewer bytes than that there is no whole frame: chunks of a big one are joined once, not one by one. */
  #bytesNeeded = lengthBytes

  constructor(received: (message: unknown) => void) {
    this.#received = received
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes < this.#bytesNeeded) return
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bytes)
    const rest = bytes.subarray(this.#readAll(bytes))
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#bytes = rest.length
  }

  /** Reads every whole frame; returns where the first one begins that is not whole. */
  #readAll(bytes: Buffer): number {
    let at = 0
    this.#bytesNeeded = lengthBytes
    while (bytes.length - at >= lengthBytes) {
      const start = at + lengthBytes
      const end = start + bytes.readUInt32BE(at)
      if (end > bytes.length) {
        this.#bytesNeeded = end - at
        break
      }
      this.#received(this.#unpackr.unpack(bytes, { start, end }))
      at = end
    }
    return at
  }
}
