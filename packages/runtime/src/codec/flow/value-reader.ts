/**
 * Bytes to values, checked and built in one pass. Nothing recurses: a container that has begun is a frame, which holds
 * its values until there are enough of them. An object of a shape that never had a container in it is read at once.
 *
 *   [1, { a: 2, b: [] }]     root > array of 2: 1, … > object {a, b}: 2, …
 *
 * One reader serves all flows of the OS process, one signal at a time.
 */

import type { MessageBounds } from '../bounds.ts'
import { makeError, makeMap, makeSet } from '../containers.ts'
import { heapEstimate, tableHeapBytes } from '../heap-estimate.ts'
import { isLongKey } from '../key-length.ts'
import { Malformed, OverBounds } from '../refusals.ts'
import { isRefusedKey } from '../refused-keys.ts'
import { FlowReader, type Known } from './flow-reader.ts'
import type { KnownShape } from './known-shapes.ts'
import { readBigint, readRare } from './rare-reads.ts'
import { setField } from './record-maker.ts'
import { tag } from './tags.ts'

// Constants of this module, which the compiler of V8 knows; it looks up those of another one each time.
const {
  shortText: shortTextTag,
  knownText: knownTextTag,
  newText: newTextTag,
  null: nullTag,
  undefined: undefinedTag,
  true: trueTag,
  false: falseTag,
  int16: int16Tag,
  int32: int32Tag,
  float64: float64Tag,
  bigint: bigintTag,
  shortArray: shortArrayTag,
  shortRecord: shortRecordTag,
  record: recordTag,
  newShape: newShapeTag,
  object: objectTag,
  array: arrayTag,
  set: setTag,
  map: mapTag,
  date: dateTag,
  error: errorTag,
  errorWithoutCause: errorWithoutCauseTag,
} = tag
const {
  double: doubleHeap,
  object: objectHeap,
  field: fieldHeap,
  array: arrayHeap,
  element: elementHeap,
  map: mapHeap,
  mapEntry: mapEntryHeap,
  set: setHeap,
  setEntry: setEntryHeap,
  date: dateHeap,
  error: errorHeap,
} = heapEstimate

/** In the place of a value: a container has begun. */
const begun = Symbol('begun')

/** A container that has begun. */
class Frame {
  readonly parent: Frame | undefined
  readonly depth: number
  child: Frame | undefined = undefined
  head = 0
  shape: KnownShape | undefined = undefined
  /** Its values, and how many of them are read, or are containers that have begun. */
  values: unknown[] = nothing
  filled = 0

  constructor(parent: Frame | undefined) {
    this.parent = parent
    this.depth = parent === undefined ? 0 : parent.depth + 1
  }
}

const nothing: unknown[] = []

export class ValueReader extends FlowReader {
  /** The message is the one value of this. */
  readonly #root = new Frame(undefined)
  /** The container that is being read. */
  #frame: Frame = this.#root
  #nodes = 0
  /** Whether `scalar` has come upon a container. */
  #metContainer = false

  /** Reads the one value that follows, up to the end. @throws Malformed, OverBounds */
  message(known: Known): unknown {
    const values = [undefined]
    this.beginMessage(known)
    this.#nodes = 1
    this.#root.values = values
    this.#root.filled = 0
    try {
      this.#read(this.#root)
    } finally {
      this.#forget()
    }
    return values[0]
  }

  // The reader must not keep values alive.
  #forget(): void {
    for (let frame: Frame | undefined = this.#root; frame !== undefined; frame = frame.child) {
      if (frame !== this.#root && frame.values === nothing) return
      frame.values = nothing
    }
  }

  #read(root: Frame): void {
    let frame = root
    for (;;) {
      const { values } = frame
      if (this.#fill(frame, values)) {
        const { parent } = frame
        if (parent === undefined) return
        parent.values[parent.filled - 1] = this.#complete(frame)
        frame = parent
        continue
      }
      this.#frame = frame
      const value = this.#container(this.byte())
      if (value === begun) frame = this.#frame
      else values[frame.filled - 1] = value
    }
  }

  /** Takes values up to the next container, whose place is kept. True if there is none. */
  #fill(frame: Frame, values: unknown[]): boolean {
    const { bytes, end } = this
    const { length } = values
    let { filled } = frame
    while (filled < length) {
      if (this.at < end && (bytes[this.at] as number) >= shortArrayTag) {
        frame.filled = filled + 1
        return false
      }
      values[filled++] = this.scalar()
    }
    frame.filled = filled
    return true
  }

  /** A value that is not a container; where one follows it stays, and is noted. @throws Malformed, OverBounds */
  scalar(): unknown {
    const { at, bytes } = this
    if (at >= this.end) throw new Malformed('it is cut short')
    const head = bytes[at] as number
    if (head < shortTextTag) {
      this.at = at + 1
      return head
    }
    if (head >= knownTextTag && head < newTextTag) {
      if (at + 1 >= this.end) throw new Malformed('it is cut short')
      this.at = at + 2
      return this.known.texts.find(((head - knownTextTag) << 8) | (bytes[at + 1] as number))
    }
    if (head >= shortArrayTag) {
      this.#metContainer = true
      return undefined
    }
    this.at = at + 1
    return head < knownTextTag ? this.text(head) : this.#scalar(head)
  }

  #scalar(head: number): unknown {
    switch (head) {
      case nullTag:
        return null
      case undefinedTag:
        return undefined
      case trueTag:
        return true
      case falseTag:
        return false
      case int16Tag:
        return this.int16()
      case int32Tag:
        return this.int32()
      case float64Tag:
        this.charge(doubleHeap)
        return this.float64()
      case bigintTag:
        return readBigint(this)
      default:
        return this.text(head)
    }
  }

  #container(head: number): unknown {
    if (head < shortRecordTag) return this.#array(head - shortArrayTag)
    if (head < recordTag) return this.#record(this.known.shapes.find(head - shortRecordTag))
    switch (head) {
      case recordTag:
        return this.#record(this.known.shapes.find(this.byte()))
      case newShapeTag:
        return this.#record(this.newShape())
      case arrayTag:
        return this.#array(this.whole())
      case objectTag:
        return this.#table(this.whole())
      case setTag:
        return this.#set(this.whole())
      case mapTag:
        return this.#map(this.whole())
      case errorTag:
        return this.#error(5)
      case errorWithoutCauseTag:
        return this.#error(4)
      case dateTag:
        this.charge(dateHeap)
        return new Date(this.float64())
      default:
        return readRare(this, head)
    }
  }

  #record(shape: KnownShape): unknown {
    const { length } = shape.keys
    this.#open(length, objectHeap + fieldHeap * length)
    shape.used()
    if (shape.read !== undefined) {
      const record = this.#flatRecord(shape, shape.read)
      if (record !== undefined) return record
    }
    return this.#begin(recordTag, length, shape)
  }

  /** An object without containers, read at once; undefined where it has one, and nothing was read. */
  #flatRecord(shape: KnownShape, read: (reader: ValueReader) => object): object | undefined {
    const { at, heapBytes } = this
    const { texts } = this.known
    const { mark } = texts
    this.#metContainer = false
    const record = read(this)
    if (!this.#metContainer) return record
    shape.hasContainer()
    texts.rollBack(mark)
    this.at = at
    this.heapBytes = heapBytes
    return undefined
  }

  #array(length: number): unknown {
    this.#open(length, arrayHeap + elementHeap * length)
    return length === 0 ? [] : this.#begin(arrayTag, length)
  }

  #table(keys: number): unknown {
    this.#open(keys, tableHeapBytes(keys))
    return this.#begin(objectTag, 2 * keys)
  }

  #set(entries: number): unknown {
    this.#checkEntries(entries)
    this.#open(entries, setHeap + setEntryHeap * entries)
    return this.#begin(setTag, entries)
  }

  #map(entries: number): unknown {
    this.#checkEntries(entries)
    this.#open(2 * entries, mapHeap + mapEntryHeap * entries)
    return this.#begin(mapTag, 2 * entries)
  }

  #error(fields: number): unknown {
    this.#open(fields, errorHeap)
    return this.#begin(errorTag, fields)
  }

  #checkEntries(entries: number): void {
    const { entriesMax } = this.known.bounds
    if (entries > entriesMax) throw new OverBounds(`a Map or Set of more than ${entriesMax} entries`)
  }

  /** Looks at the bounds before a container of so many values is made. */
  #open(values: number, heapBytes: number): void {
    const { nodesMax, depthMax } = this.known.bounds
    // Each value takes a byte at least.
    this.endOf(values)
    this.#nodes += values
    if (this.#nodes > nodesMax) throw new OverBounds(`more than ${nodesMax} values`)
    if (this.#frame.depth >= depthMax) throw new OverBounds(`data nested deeper than ${depthMax}`)
    this.charge(heapBytes)
  }

  /** A container begins, which is made of so many values. */
  #begin(head: number, length: number, shape?: KnownShape): unknown {
    const parent = this.#frame
    let frame = parent.child
    if (frame === undefined) {
      frame = new Frame(parent)
      parent.child = frame
    }
    // An object of keys and values has twice as many of them as nodes.
    if (length > 0) this.endOf(length)
    frame.head = head
    frame.values = new Array<unknown>(length)
    frame.filled = 0
    frame.shape = shape
    this.#frame = frame
    return begun
  }

  #complete(frame: Frame): unknown {
    const { head, values, shape } = frame
    frame.values = nothing
    if (shape !== undefined) return shape.make(values)
    if (head === arrayTag) return values
    if (head === objectTag) return makeTable(values, this.known.bounds)
    if (head === errorTag) return makeError(values)
    return head === mapTag ? makeMap(values, this.known.bounds) : makeSet(values, this.known.bounds)
  }
}

/** Of keys and values in turn. @throws Malformed, OverBounds */
function makeTable(values: readonly unknown[], { keyBytesMax }: MessageBounds): object {
  const table: Record<string, unknown> = {}
  for (let place = 0; place < values.length; place += 2) {
    const key = values[place]
    if (typeof key !== 'string' || isRefusedKey(key)) throw new Malformed('a key that no object has')
    if (isLongKey(key, keyBytesMax)) throw new OverBounds(`a key of more than ${keyBytesMax} bytes`)
    setField(table, key, values[place + 1])
  }
  return table
}
