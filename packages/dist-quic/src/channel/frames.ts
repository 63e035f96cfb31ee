/**
 * Signals on a stream: each behind its length, 4 bytes, big-endian. Frames that lie whole in what came are
 * handed on where they lie; only one that is cut is put together in a buffer of its own.
 */
import { limits } from '../limits.ts'

export const frameHeadBytes = 4

/** Writes the head of a frame that fills `frame`, the head included. */
export function writeFrameHead(frame: Uint8Array): void {
  const length = frame.length - frameHeadBytes
  frame[0] = length >>> 24
  frame[1] = length >>> 16
  frame[2] = length >>> 8
  frame[3] = length
}

/** Gets each frame: the bytes between `start` and `end`, valid during the call only. */
export type FrameSink = (bytes: Uint8Array, start: number, end: number) => void

export class FrameReader {
  /** A frame, or its head, that is not whole yet. */
  #partial: Uint8Array = Buffer.alloc(0)
  #have = 0

  /**
   * Takes the next bytes of the stream. What the sink throws comes through, and ends the stream.
   * @returns a problem where the peer announced a frame that is too large; the stream cannot go on then
   */
  push(bytes: Uint8Array, sink: FrameSink): string | undefined {
    let at = 0
    while (at < bytes.length) {
      if (this.#have > 0) {
        at = this.#complete(bytes, at, sink)
        if (at < 0) return tooLarge
        continue
      }
      const left = bytes.length - at
      const length = left < frameHeadBytes ? 0 : lengthAt(bytes, at)
      if (length > limits.frameBytesMax) return tooLarge
      if (left < frameHeadBytes + length || left < frameHeadBytes) {
        this.#keep(bytes.subarray(at), frameHeadBytes + length)
        return undefined
      }
      sink(bytes, at + frameHeadBytes, at + frameHeadBytes + length)
      at += frameHeadBytes + length
    }
    return undefined
  }

  /** Goes on with a cut frame; where the bytes go on after it, or -1 where it is too large. */
  #complete(bytes: Uint8Array, at: number, sink: FrameSink): number {
    if (this.#have < frameHeadBytes) {
      const part = bytes.subarray(at, at + frameHeadBytes - this.#have)
      this.#keep(part, frameHeadBytes)
      if (this.#have < frameHeadBytes) return at + part.length
      return lengthAt(this.#partial, 0) > limits.frameBytesMax ? -1 : this.#finish(sink, at + part.length)
    }
    const size = frameHeadBytes + lengthAt(this.#partial, 0)
    const part = bytes.subarray(at, at + size - this.#have)
    this.#keep(part, size)
    return this.#finish(sink, at + part.length)
  }

  #finish(sink: FrameSink, next: number): number {
    const size = frameHeadBytes + lengthAt(this.#partial, 0)
    if (this.#have < size) return next
    const frame = this.#partial
    this.#partial = Buffer.alloc(0)
    this.#have = 0
    sink(frame, frameHeadBytes, size)
    return next
  }

  // Memory follows what has come, not what was announced: at most twice of it, or 64 KiB.
  #keep(part: Uint8Array, size: number): void {
    const needed = this.#have + part.length
    if (needed > this.#partial.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(size, Math.max(2 * needed, partialBytesMin))))
      grown.set(this.#partial.subarray(0, this.#have))
      this.#partial = grown
    }
    this.#partial.set(part, this.#have)
    this.#have = needed
  }
}

const partialBytesMin = 64 * 1024
const tooLarge = `a frame of more than ${limits.frameBytesMax} bytes`

function lengthAt(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
  return a * 0x1000000 + (b << 16) + (c << 8) + d
}
