/** Numbers and texts out of bytes, none of which is believed. */

import { isUtf8 } from 'node:buffer'
import { Malformed } from '../refusals.ts'

const wholeBytesMax = 8
/** Up to so many characters a part of a text is a copy; a longer one would keep all of it alive. */
const copiedLengthMax = 12
/** So many bytes are made a text at once. */
const windowBytes = 1024

export class ByteReader {
  bytes: Buffer = Buffer.alloc(0)
  #view = new DataView(this.bytes.buffer)
  at = 0
  end = 0
  /** Some of the bytes as a text, out of which short ones are taken. */
  #window = ''
  #windowStart = 0

  begin(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) this.#use(bytes)
    this.at = start
    this.end = end
    this.#window = ''
  }

  #use(bytes: Uint8Array): void {
    const { buffer, byteOffset, length } = bytes
    this.bytes = bytes instanceof Buffer ? bytes : Buffer.from(buffer, byteOffset, length)
    this.#view = new DataView(buffer, byteOffset, length)
  }

  /** The end of so many bytes from here on. @throws Malformed if there are fewer */
  protected endOf(length: number): number {
    const end = this.at + length
    if (!(end <= this.end)) throw new Malformed('it is cut short')
    return end
  }

  byte(): number {
    if (this.at >= this.end) throw new Malformed('it is cut short')
    return this.bytes[this.at++] as number
  }

  /** As `ByteWriter.whole` wrote it. */
  whole(): number {
    let value = 0
    let scale = 1
    for (let length = 0; length < wholeBytesMax; length++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break
        return value
      }
      scale *= 0x80
    }
    throw new Malformed('a number past all numbers')
  }

  int16(): number {
    const { at } = this
    this.at = this.endOf(2)
    return this.#view.getInt16(at, true)
  }

  int32(): number {
    const { at } = this
    this.at = this.endOf(4)
    return this.#view.getInt32(at, true)
  }

  float64(): number {
    const { at } = this
    this.at = this.endOf(8)
    return this.#view.getFloat64(at, true)
  }

  /** As `ByteWriter.wide` wrote it. */
  wide(): bigint {
    const { at } = this
    this.at = this.endOf(8)
    return this.#view.getBigUint64(at, true)
  }

  latin1(length: number): string {
    const { at } = this
    this.at = this.endOf(length)
    if (length > copiedLengthMax) return this.bytes.toString('latin1', at, this.at)
    const from = at - this.#windowStart
    // Also where the reader has gone back.
    if (from >= 0 && from + length <= this.#window.length) return this.#window.substring(from, from + length)
    this.#windowStart = at
    this.#window = this.bytes.toString('latin1', at, Math.min(this.end, at + windowBytes))
    return this.#window.substring(0, length)
  }

  utf16(length: number): string {
    const { at } = this
    this.at = this.endOf(2 * length)
    return this.bytes.toString('utf16le', at, this.at)
  }

  /** @throws Malformed where it is not UTF-8 */
  utf8(length: number): string {
    const { at } = this
    this.at = this.endOf(length)
    const text = this.bytes.toString('utf8', at, this.at)
    // Node replaces invalid bytes with U+FFFD, which a valid text may hold too.
    if (text.includes('\ufffd') && !isUtf8(this.bytes.subarray(at, this.at)))
      throw new Malformed('a text that is not UTF-8')
    return text
  }

  /** A copy of few bytes: a loop is quicker than a view of them. */
  smallBlob(length: number): Uint8Array<ArrayBuffer> {
    const { at, bytes } = this
    this.at = this.endOf(length)
    const copy = new Uint8Array(length)
    for (let place = 0; place < length; place++) copy[place] = bytes[at + place] as number
    return copy
  }

  /** A view of the bytes. */
  blob(length: number): Uint8Array {
    const { at } = this
    this.at = this.endOf(length)
    return this.bytes.subarray(at, this.at)
  }
}
