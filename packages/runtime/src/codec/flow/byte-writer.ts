/** Numbers and texts as bytes, in a buffer that grows up to a bound. */

import { TooLarge } from '../refusals.ts'
import { isWellFormed } from '../well-formed.ts'
import { tag } from './tags.ts'

// Constants of this module, which the compiler of V8 knows; it looks up those of another one each time.
const {
  shortText: shortTextTag,
  latin1Text: latin1TextTag,
  utf16Text: utf16TextTag,
  utf8Text: utf8TextTag,
  int16: int16Tag,
  int32: int32Tag,
  float64: float64Tag,
} = tag

/** Gives a writer memory. A buffer that is given back may be used for something else at once. */
export interface WriterMemory {
  take(bytes: number): Buffer
  give(buffer: Buffer): void
}

/** Free behind every value, so that heads and short texts are written without looking. */
const slack = 128
const shortLengthMax = 31
/** Up to so many characters a loop is quicker than a call of the library. */
const loopLengthMax = 40
/** FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv */
const hashFactor = 0x01000193

export class ByteWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(0)
  at = 0
  /** Of the last text of up to 40 characters. */
  textHash = 0
  #view = new DataView(this.bytes.buffer)
  #memory: WriterMemory | undefined
  #start = 0
  #bytesMax = 0
  #wantedBytes = 0
  /** Up to here without a look at the bound and the buffer. */
  #limit = 0

  /** Begins at `start` of a buffer, for at most so many bytes; memory for more comes from `memory`. */
  begin(buffer: Buffer, start: number, bytesMax: number, memory: WriterMemory): void {
    this.#memory = memory
    this.#start = start
    this.#bytesMax = bytesMax
    this.at = start
    this.#use(buffer)
  }

  #use(buffer: Buffer): void {
    if (this.bytes !== buffer) {
      this.bytes = buffer
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length)
    }
    this.#limit = Math.min(buffer.length - slack, this.#start + this.#bytesMax)
  }

  /** Makes room for that many bytes and a little more. @throws TooLarge */
  protected room(needed: number): void {
    if (this.at + needed > this.#limit) this.#grow(needed)
  }

  #hasRoom(needed: number): boolean {
    return this.at + needed <= this.#limit
  }

  #grow(needed: number): void {
    const { bytes, at } = this
    if (at - this.#start + needed > this.#bytesMax) throw this.#tooLarge(needed)
    if (at + needed + slack <= bytes.length) return
    const memory = this.#memory as WriterMemory
    const grown = memory.take(
      Math.max(at + needed + slack, Math.min(bytes.length * 2, this.#start + this.#bytesMax + slack)),
    )
    bytes.copy(grown, 0, 0, at)
    memory.give(bytes)
    this.#use(grown)
  }

  /** @throws TooLarge */
  protected checkEnd(): void {
    if (this.at - this.#start > this.#bytesMax) throw this.#tooLarge(0)
  }

  /** The size at which the last signal was found too large. Told once. */
  takeWanted(): number {
    const bytes = this.#wantedBytes
    this.#wantedBytes = 0
    return bytes
  }

  #tooLarge(needed: number): TooLarge {
    this.#wantedBytes = this.at - this.#start + needed
    return new TooLarge()
  }

  byte(byte: number): void {
    this.bytes[this.at++] = byte
  }

  /** A whole number from 0 on: seven bits a byte, the lowest first, the highest bit where more follow. */
  whole(value: number): void {
    const { bytes } = this
    let { at } = this
    let rest = value
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80)
    }
    bytes[at++] = rest
    this.at = at
  }

  /** A whole number from 0 to 2^64 - 1, in eight bytes. */
  wide(value: bigint): void {
    const { at } = this
    this.#view.setBigUint64(at, value, true)
    this.at = at + 8
  }

  number(value: number): void {
    const whole = value | 0
    if (whole !== value || (whole === 0 && 1 / value < 0)) return this.float(float64Tag, value)
    if (whole >= 0 && whole < 0x80) {
      this.bytes[this.at++] = whole
      return
    }
    this.#int(whole)
  }

  #int(whole: number): void {
    const { bytes } = this
    let { at } = this
    const isShort = whole >= -0x8000 && whole < 0x8000
    bytes[at++] = isShort ? int16Tag : int32Tag
    bytes[at++] = whole
    bytes[at++] = whole >> 8
    if (!isShort) {
      bytes[at++] = whole >> 16
      bytes[at++] = whole >> 24
    }
    this.at = at
  }

  float(head: number, value: number): void {
    const { at } = this
    this.bytes[at] = head
    this.#view.setFloat64(at + 1, value, true)
    this.at = at + 9
  }

  /** A text, without a number of the flow. Gives what its characters take in memory. */
  text(text: string): number {
    const { length } = text
    if (length > loopLengthMax) return this.#longText(text)
    const { bytes, at } = this
    const start = length <= shortLengthMax ? at + 1 : at + 2
    let hash = length
    for (let place = 0; place < length; place++) {
      const unit = text.charCodeAt(place)
      if (unit > 0xff) return this.#utf16(text)
      hash = Math.imul(hash ^ unit, hashFactor)
      bytes[start + place] = unit
    }
    this.textHash = hash
    if (length <= shortLengthMax) bytes[at] = shortTextTag + length
    else {
      bytes[at] = latin1TextTag
      bytes[at + 1] = length
    }
    this.at = start + length
    return length
  }

  #utf16(text: string): number {
    const { length } = text
    this.room(length * 2)
    this.byte(utf16TextTag)
    this.whole(length)
    if (length > loopLengthMax) {
      this.at += this.bytes.write(text, this.at, 'utf16le')
      return 2 * length
    }
    const { bytes } = this
    let { at } = this
    let hash = length
    for (let place = 0; place < length; place++) {
      const unit = text.charCodeAt(place)
      hash = Math.imul(hash ^ unit, hashFactor)
      bytes[at++] = unit
      bytes[at++] = unit >> 8
    }
    this.at = at
    this.textHash = hash
    return 2 * length
  }

  // As UTF-8 first: where that takes a byte for each character, the text is ASCII.
  #longText(text: string): number {
    const { length } = text
    if (!this.#hasRoom(3 * length)) {
      const exact = Buffer.byteLength(text)
      if (exact >= 2 * length) return this.#utf16(text)
      this.room(exact)
    }
    const { at } = this
    const headBytes = wholeBytes(3 * length)
    const written = this.bytes.write(text, at + 1 + headBytes)
    if (written === length) return this.#longHead(latin1TextTag, written, headBytes)
    if (written >= 2 * length || !isWellFormed(text)) return this.#utf16(text)
    this.#longHead(utf8TextTag, written, headBytes)
    return 2 * written
  }

  /** The head before a text that is written already: its length in as many bytes as were left free. */
  #longHead(head: number, written: number, headBytes: number): number {
    const { bytes, at } = this
    bytes[at] = head
    let rest = written
    for (let place = 1; place < headBytes; place++) {
      bytes[at + place] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[at + headBytes] = rest
    this.at = at + 1 + headBytes + written
    return written
  }

  blob(bytes: Uint8Array): void {
    const { length } = bytes
    this.room(length)
    if (length > loopLengthMax) this.bytes.set(bytes, this.at)
    else for (let place = 0; place < length; place++) this.bytes[this.at + place] = bytes[place] as number
    this.at += length
  }
}

function wholeBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}
