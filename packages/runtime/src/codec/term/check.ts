/**
 * One pass over MessagePack, before msgpackr sees it: nothing is made, and nothing recurses. What is let through is one
 * value, of the types that terms have, within the bounds. https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { isUtf8 } from 'node:buffer'
import type { MessageBounds } from '../bounds.ts'
import { heapEstimate, tableHeapBytes } from '../heap-estimate.ts'
import { Malformed, OverBounds } from '../refusals.ts'
import { isRefusedKey } from '../refused-keys.ts'
import { mark, markSign } from './marks.ts'

/** A mark is a container that does not count as one. */
const levelsMax = 2 * 64 + 2

const kind = { array: 0, map: 1, mark: 2 } as const

/** By the first byte: how many bytes follow it, where it is a number, nil or a boolean; otherwise what it is. */
const sizes = new Int8Array(256)
const special = { fixText: -1, text: -2, bytes: -3, array: -4, map: -5, refused: -6, double: -7 } as const

for (let head = 0; head < 256; head++) {
  if (head >= 0x80 && head < 0x90) sizes[head] = special.map
  else if (head >= 0x90 && head < 0xa0) sizes[head] = special.array
  else if (head >= 0xa0 && head < 0xc0) sizes[head] = special.fixText
  else if (head >= 0xc0 && head < 0xe0) sizes[head] = special.refused
}
for (const head of [0xc0, 0xc2, 0xc3]) sizes[head] = 0
for (const head of [0xc4, 0xc5, 0xc6]) sizes[head] = special.bytes
for (const head of [0xcc, 0xd0]) sizes[head] = 1
for (const head of [0xcd, 0xd1]) sizes[head] = 2
for (const head of [0xca, 0xce, 0xd2]) sizes[head] = 4
for (const head of [0xcf, 0xd3]) sizes[head] = 8
sizes[0xcb] = special.double
for (const head of [0xd9, 0xda, 0xdb]) sizes[head] = special.text
for (const head of [0xdc, 0xdd]) sizes[head] = special.array
for (const head of [0xde, 0xdf]) sizes[head] = special.map

const indexLengthMax = 10
/** V8 makes a table of an object with a larger one. */
const indexGapMax = 1_024
/** A slot, and half of one that is kept free. */
const indexHeapBytes = 12

const sign = markSign.charCodeAt(0)

/** The size of a term. */
export interface TermMeasure {
  nodes: number
  heapBytes: number
}

class TermCheck implements TermMeasure {
  nodes = 1
  heapBytes = 0
  #bytes: Buffer = Buffer.alloc(0)
  #bounds!: MessageBounds
  #at = 0
  #heapBytesMax = 0
  // By level: how many values are to come, keys among them, and what it is.
  readonly #left = new Int32Array(levelsMax + 1)
  readonly #kinds = new Uint8Array(levelsMax + 1)
  /** The last key of the map that is an index, or -1. */
  readonly #indices = new Float64Array(levelsMax + 1)
  #level = 0
  #depth = 0
  /** Elements that the array which follows may have. */
  #elementsMax = 0

  run(bytes: Buffer, bounds: MessageBounds): this {
    this.#bytes = bytes
    this.#bounds = bounds
    this.nodes = 1
    this.heapBytes = 0
    this.#heapBytesMax = bounds.heapPerByteMax * bytes.length + bounds.heapBytesFree
    this.#at = 0
    this.#level = 0
    this.#depth = 0
    this.#left[0] = 1
    this.#kinds[0] = kind.array
    this.#elementsMax = Number.POSITIVE_INFINITY
    this.#walk()
    if (this.#at !== bytes.length) throw new Malformed('more or fewer bytes than it has')
    return this
  }

  #walk(): void {
    const left = this.#left
    const bytes = this.#bytes
    for (;;) {
      const { length } = bytes
      const values = left[this.#level] as number
      if (values === 0) {
        if (this.#level === 0) return
        if (this.#kinds[this.#level] !== kind.mark) this.#depth--
        this.#level--
        continue
      }
      left[this.#level] = values - 1
      if (this.#at >= length) throw new Malformed('it is cut short')
      const head = bytes[this.#at++] as number
      if (this.#kinds[this.#level] !== kind.array && values % 2 === 0) this.#key(head)
      else {
        const size = sizes[head] as number
        if (size >= 0) this.#at += size
        else this.#value(head, size)
      }
    }
  }

  #value(head: number, size: number): void {
    switch (size) {
      case special.double:
        this.#charge(heapEstimate.double)
        this.#at += 8
        return
      case special.fixText:
        return void this.#text(head & 0x1f)
      case special.text:
        return void this.#text(this.#length(1 << (head - 0xd9)))
      case special.bytes: {
        const length = this.#length(1 << (head - 0xc4))
        this.#charge(heapEstimate.typedArray + length)
        return this.#over(length)
      }
      case special.array:
        return this.#array(head < 0xa0 ? head & 0x0f : this.#length(head === 0xdc ? 2 : 4))
      case special.map:
        return this.#map(head < 0xa0 ? head & 0x0f : this.#length(head === 0xde ? 2 : 4))
      default:
        throw new Malformed('a type that no term has')
    }
  }

  /** A number of that many bytes. */
  #length(width: number): number {
    const at = this.#at
    this.#over(width)
    let length = 0
    for (let place = at; place < at + width; place++) length = length * 256 + (this.#bytes[place] as number)
    return length
  }

  #over(length: number): void {
    this.#at += length
    if (this.#at > this.#bytes.length) throw new Malformed('it is cut short')
  }

  /** A text of so many bytes. Where it begins. */
  #text(length: number): number {
    const start = this.#at
    this.#over(length)
    const isAscii = this.#checkText(start, this.#at)
    this.#charge(heapEstimate.text + (isAscii ? length : 2 * length))
    return start
  }

  /** Whether it is ASCII. */
  #checkText(start: number, end: number): boolean {
    const bytes = this.#bytes
    let at = start
    while (at < end && (bytes[at] as number) < 0x80) at++
    if (at === end) return true
    if (!isUtf8(this.#bytes.subarray(at, end))) throw new Malformed('a text that is not UTF-8')
    return false
  }

  #key(head: number): void {
    const size = sizes[head]
    if (size !== special.fixText && size !== special.text) throw new Malformed('a key that is not a text')
    const start = this.#text(size === special.fixText ? head & 0x1f : this.#length(1 << (head - 0xd9)))
    const length = this.#at - start
    const { keyBytesMax } = this.#bounds
    if (length > keyBytesMax) throw new OverBounds(`a key of more than ${keyBytesMax} bytes`)
    if (length <= indexLengthMax) this.#index(start, length)
    if (length >= 8 && length <= 11 && isRefusedKey(this.#bytes.toString('latin1', start, this.#at))) {
      throw new Malformed('a key that no object has')
    }
  }

  /** An object makes room for every index before one of its keys, unless that is far off. */
  #index(start: number, length: number): void {
    let index = 0
    for (let at = start; at < start + length; at++) {
      const digit = (this.#bytes[at] as number) - 0x30
      if (digit < 0 || digit > 9) return
      index = index * 10 + digit
    }
    const before = this.#indices[this.#level] as number
    this.#indices[this.#level] = Math.max(index, before)
    const gap = index - before
    if (gap > 1 && gap <= indexGapMax) this.#charge(gap * indexHeapBytes)
  }

  #array(length: number): void {
    const elementsMax = this.#elementsMax
    this.#elementsMax = Number.POSITIVE_INFINITY
    if (length > elementsMax) throw new OverBounds(`a Map or Set of more than ${this.#bounds.entriesMax} entries`)
    this.#charge(heapEstimate.array + heapEstimate.element * length)
    this.#count(length)
    this.#begin(kind.array, length)
  }

  #map(length: number): void {
    if (length === 1 && this.#beginsMark()) {
      this.#charge(heapEstimate.map)
      this.#expectEntries()
      return this.#begin(kind.mark, 2)
    }
    this.#elementsMax = Number.POSITIVE_INFINITY
    this.#charge(tableHeapBytes(length))
    this.#count(length)
    this.#begin(kind.map, 2 * length)
  }

  /** Whether the key that follows begins as marks do. */
  #beginsMark(): boolean {
    const head = this.#bytes[this.#at] as number
    if (sizes[head] === special.fixText) return (head & 0x1f) > 0 && this.#bytes[this.#at + 1] === sign
    // The other texts have their length between.
    const skipped = head === 0xd9 ? 2 : head === 0xda ? 3 : 5
    return sizes[head] === special.text && this.#bytes[this.#at + skipped] === sign
  }

  #expectEntries(): void {
    const { entriesMax } = this.#bounds
    const end = this.#at + 1 + mark.map.length
    const key = this.#bytes.toString('latin1', this.#at + 1, end)
    if (key === mark.map) this.#elementsMax = 2 * entriesMax
    else if (key === mark.set) this.#elementsMax = entriesMax
  }

  #begin(kindOfLevel: number, values: number): void {
    const { depthMax } = this.#bounds
    if (kindOfLevel !== kind.mark) this.#depth++
    if (this.#depth > depthMax || this.#level === levelsMax) throw new OverBounds(`data nested deeper than ${depthMax}`)
    // Each takes a byte at least.
    if (values > this.#bytes.length - this.#at) throw new Malformed('it is cut short')
    this.#level++
    this.#left[this.#level] = values
    this.#kinds[this.#level] = kindOfLevel
    this.#indices[this.#level] = -1
  }

  #count(values: number): void {
    this.nodes += values
    if (this.nodes > this.#bounds.nodesMax) throw new OverBounds(`more than ${this.#bounds.nodesMax} values`)
  }

  #charge(bytes: number): void {
    this.heapBytes += bytes
    if (this.heapBytes > this.#heapBytesMax) throw new OverBounds('more on the heap than its bytes allow')
  }
}

const check = new TermCheck()

/**
 * Looks at every byte of a term. What it gives holds until the next call.
 * @throws Malformed, OverBounds
 */
export function checkTerm(bytes: Buffer, bounds: MessageBounds): Readonly<TermMeasure> {
  return check.run(bytes, bounds)
}
