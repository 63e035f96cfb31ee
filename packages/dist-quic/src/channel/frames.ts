/**
 * Signals on a stream. A small one is one frame; a large one is cut into parts, so that those of other senders find
 * their way between them. A frame begins with two bits of kind and thirty of length, big-endian:
 *
 *   whole   0, length | the signal
 *   first   1, length | message (4), size of the whole signal (4), bytes
 *   next    2, length | message (4), bytes
 *
 * What lies whole in what came is handed on where it lies.
 */
import { limits } from '../limits.ts'

export const frameHeadBytes = 4
/** Before the bytes of a part. */
export const partHeadBytes = { first: 12, next: 8 } as const

/** On the wire. Append only. */
const frameKind = { whole: 0, first: 1, next: 2 } as const

/** Writes the head of a whole frame that lies between `start` and `end`, the head included. */
export function writeFrameHead(bytes: Uint8Array, start: number, end: number): void {
  writeWord(bytes, start, end - start - frameHeadBytes)
}

/** The head of the part of a message that has `bytes` of it; `size` of the whole, in its first part only. */
export function partHead(message: number, bytes: number, size: number | undefined): Uint8Array {
  const isFirst = size !== undefined
  const head = Buffer.allocUnsafe(isFirst ? partHeadBytes.first : partHeadBytes.next)
  const kind = isFirst ? frameKind.first : frameKind.next
  writeWord(head, 0, kind * 0x40000000 + head.length - frameHeadBytes + bytes)
  writeWord(head, 4, message)
  if (isFirst) writeWord(head, 8, size)
  return head
}

/** Gets what a stream brings. The bytes between `start` and `end` are valid during the call only. */
export interface FrameSink {
  /** A signal in one piece. */
  whole(bytes: Uint8Array, start: number, end: number): void
  /** A part of that many bytes begins, the first one of a message where `size` is given. What is wrong, or nothing. */
  part(message: number, size: number | undefined, bytes: number): string | undefined
  /** Some of those bytes. What is wrong with them, or nothing. */
  piece(message: number, bytes: Uint8Array, start: number, end: number): string | undefined
}

export class FrameReader {
  /** A whole frame, or a head, that has not come to its end. */
  #partial: Uint8Array = Buffer.alloc(0)
  #have = 0
  /** The part under way. */
  #message = 0
  #pieceLeft = 0

  /**
   * Takes the next bytes of the stream. What the sink throws comes through, and ends the stream.
   * @returns what the peer did wrong; the stream cannot go on then
   */
  push(bytes: Uint8Array, sink: FrameSink): string | undefined {
    for (let at = 0; at < bytes.length; ) {
      const wholeEnd = this.#have + this.#pieceLeft === 0 ? wholeEndOf(bytes, at) : 0
      if (wholeEnd > 0) {
        sink.whole(bytes, at + frameHeadBytes, wholeEnd)
        at = wholeEnd
        continue
      }
      const next = this.#step(bytes, at, sink)
      if (typeof next === 'string') return next
      at = next
    }
    return undefined
  }

  /** Where the bytes go on, or what is wrong with them. */
  #step(bytes: Uint8Array, at: number, sink: FrameSink): number | string {
    if (this.#pieceLeft > 0) return this.#piece(bytes, at, sink)
    if (this.#have > 0) return this.#complete(bytes, at, sink)
    const have = bytes.length - at
    const needed = neededOf(bytes, at, have)
    if (typeof needed === 'string') return needed
    if (have >= needed) return this.#take(bytes, at, needed, sink) ?? at + needed
    this.#keep(bytes, at, bytes.length, needed)
    return bytes.length
  }

  #piece(bytes: Uint8Array, at: number, sink: FrameSink): number | string {
    const end = Math.min(bytes.length, at + this.#pieceLeft)
    this.#pieceLeft -= end - at
    return sink.piece(this.#message, bytes, at, end) ?? end
  }

  /** Goes on with what was cut. */
  #complete(bytes: Uint8Array, at: number, sink: FrameSink): number | string {
    const wanted = neededOf(this.#partial, 0, this.#have)
    if (typeof wanted === 'string') return wanted
    const end = Math.min(bytes.length, at + wanted - this.#have)
    this.#keep(bytes, at, end, wanted)
    // Once the head is there, it says how much more.
    const needed = neededOf(this.#partial, 0, this.#have)
    if (typeof needed === 'string') return needed
    if (this.#have < needed) return end
    const frame = this.#partial
    this.#have = 0
    if (frame.length > partialBytesMin) this.#partial = Buffer.alloc(0)
    return this.#take(frame, 0, needed, sink) ?? end
  }

  #take(frame: Uint8Array, start: number, needed: number, sink: FrameSink): string | undefined {
    const word = wordAt(frame, start)
    const kind = word >>> 30
    if (kind === frameKind.whole) {
      sink.whole(frame, start + frameHeadBytes, start + needed)
      return undefined
    }
    this.#message = wordAt(frame, start + 4)
    this.#pieceLeft = (word & lengthMask) + frameHeadBytes - needed
    const size = kind === frameKind.first ? wordAt(frame, start + 8) : undefined
    return sink.part(this.#message, size, this.#pieceLeft)
  }

  // Memory follows what has come, not what was announced: at most twice of it, or 4 KiB.
  #keep(bytes: Uint8Array, start: number, end: number, wanted: number): void {
    const length = this.#have + end - start
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, Math.min(wanted, 2 * length), partialBytesMin))
      grown.set(this.#partial.subarray(0, this.#have))
      this.#partial = grown
    }
    this.#partial.set(bytes.subarray(start, end), this.#have)
    this.#have = length
  }
}

const lengthMask = 0x3fffffff
const partialBytesMin = 4 * 1024

/** Where the whole frame ends that begins there, where it lies in what came to its end; otherwise 0. The common case. */
function wholeEndOf(bytes: Uint8Array, start: number): number {
  if (bytes.length - start < frameHeadBytes) return 0
  // The kind is 0.
  const length = wordAt(bytes, start)
  const end = start + frameHeadBytes + length
  return length <= limits.frameBytesMax && end <= bytes.length ? end : 0
}

/** How many bytes there must be to go on: a whole frame, or the head of a part; what is wrong, where something is. */
function neededOf(frame: Uint8Array, start: number, have: number): number | string {
  if (have < frameHeadBytes) return frameHeadBytes
  const word = wordAt(frame, start)
  const length = word & lengthMask
  switch (word >>> 30) {
    case frameKind.whole:
      return length > limits.frameBytesMax ? tooLarge : frameHeadBytes + length
    case frameKind.first:
      return isPart(length, partHeadBytes.first) ? partHeadBytes.first : brokenPart
    case frameKind.next:
      return isPart(length, partHeadBytes.next) ? partHeadBytes.next : brokenPart
    default:
      return 'a frame of an unknown kind'
  }
}

const tooLarge = `a frame of more than ${limits.frameBytesMax} bytes`
const brokenPart = `a part that has no bytes, or more than ${limits.partBytesMax}`

function isPart(length: number, headBytes: number): boolean {
  const bytes = length + frameHeadBytes - headBytes
  return bytes > 0 && bytes <= limits.partBytesMax
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  return (bytes[at] as number) * 0x1000000 + low
}
