/**
 * Values to bytes, checked and written in one pass. What the other end of a flow remembers, shapes of objects and short
 * texts, is referred to by number; docs/wire/signals.md has the format.
 *
 * One writer serves all flows of the OS process, one signal at a time: its buffer is large, and a flow keeps no more
 * than what it has sent.
 */
import { runtimeError } from '../../errors.ts'
import { Pid } from '../../pid.ts'
import { Ref } from '../../ref.ts'
import { heapEstimate, tableHeapBytes } from '../heap-estimate.ts'
import { collidingEntriesMin, KeyCollisions } from '../key-collisions.ts'
import { TooLarge, Unsendable } from '../refusals.ts'
import { isRefusedKey } from '../refused-keys.ts'
import { flowLimits } from './flow-limits.ts'
import { FlowWriter, type Sent } from './flow-writer.ts'
import { writeBigint, writeBytes, writeError, writePid, writeRef } from './rare-values.ts'
import type { SentShape } from './sent-shapes.ts'
import { noNumber } from './sent-texts.ts'
import { tag } from './tags.ts'

// Constants of this module, which the compiler of V8 knows; it looks up those of another one each time.
const {
  null: nullTag,
  undefined: undefinedTag,
  true: trueTag,
  false: falseTag,
  shortArray: shortArrayTag,
  shortRecord: shortRecordTag,
  record: recordTag,
  object: objectTag,
  array: arrayTag,
  set: setTag,
  map: mapTag,
  date: dateTag,
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
} = heapEstimate

const shortTags = { array: 16, record: 32 }

export class ValueWriter extends FlowWriter {
  readonly #path: (string | number)[] = []
  /** Of the objects that are being written: the values of their fields. */
  readonly #values: unknown[] = []
  #top = 0
  /** Of the object that is being read. */
  readonly #keys: string[] = []
  /** The shape that the next object is likely to have. */
  #expected: SentShape | undefined
  /** Whether the fields that an object shows are its own. */
  #expects = true
  /** Values so far. */
  #nodes = 0

  get nodes(): number {
    return this.#nodes
  }

  /**
   * Writes what a signal carries.
   * @throws E_MESSAGE_INVALID, naming the place; TooLarge
   */
  message(value: unknown, sent: Sent, expected: SentShape | undefined): SentShape | undefined {
    this.sent = sent
    this.heapBytes = 0
    this.#nodes = 0
    this.#expected = expected
    this.#expects = !hasInheritedFields()
    const start = this.at
    try {
      this.count(1)
      this.value(value, 0)
      this.checkEnd()
      this.#checkHeap(this.at - start)
    } catch (error) {
      throw this.#refusal(error)
    }
    return this.#expected
  }

  #checkHeap(bytes: number): void {
    const { heapPerByteMax, heapBytesFree } = this.sent.bounds
    if (this.heapBytes > heapPerByteMax * bytes + heapBytesFree) {
      throw new Unsendable('so many small values that the receiver needs far more memory than it has bytes')
    }
  }

  #refusal(error: unknown): unknown {
    const path = this.#path.length === 0 ? 'its root' : this.#path.join('.')
    this.#path.length = 0
    this.#values.length = 0
    this.#top = 0
    if (error instanceof TooLarge) return error
    // A getter, a proxy, a buffer that was given away.
    const problem = error instanceof Unsendable ? error.message : 'a value that throws when it is read'
    const cause = error instanceof Unsendable ? undefined : error
    return runtimeError('E_MESSAGE_INVALID', { problem: `it holds ${problem}`, path }, cause)
  }

  value(value: unknown, depth: number): void {
    this.room(0)
    switch (typeof value) {
      case 'string':
        return void this.knownText(value)
      case 'number':
        return this.#numeric(value)
      case 'boolean':
        return this.byte(value ? trueTag : falseTag)
      case 'undefined':
        return this.byte(undefinedTag)
      case 'object':
        return value === null ? this.byte(nullTag) : this.#object(value, depth)
      case 'bigint':
        return writeBigint(this, value)
      default:
        throw new Unsendable(`a ${typeof value}`)
    }
  }

  #numeric(value: number): void {
    if ((value | 0) !== value || (value === 0 && 1 / value < 0)) this.heapBytes += doubleHeap
    this.number(value)
  }

  #object(value: object, depth: number): void {
    if (depth >= this.sent.bounds.depthMax) {
      throw new Unsendable(`data nested deeper than ${this.sent.bounds.depthMax}, or a cycle,`)
    }
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) return this.#plain(value as Record<string, unknown>, depth)
    if (Array.isArray(value)) return this.#array(value, depth)
    if (prototype === null) return this.#plain(value as Record<string, unknown>, depth)
    if (value instanceof Pid) return writePid(this, value)
    if (value instanceof Ref) return writeRef(this, value)
    if (value instanceof Map) return this.#map(value, depth)
    if (value instanceof Set) return this.#set(value, depth)
    if (value instanceof Date) return this.#date(value)
    if (value instanceof Error) return writeError(this, value, depth)
    writeBytes(this, value)
  }

  /** So many more values. */
  count(values: number): void {
    this.#nodes += values
    const { nodesMax } = this.sent.bounds
    if (!(this.#nodes <= nodesMax)) throw new Unsendable(`more than ${nodesMax} values`)
  }

  /** A value within another one, at that place of it. */
  child(value: unknown, place: string | number, depth: number): void {
    this.#path.push(place)
    this.value(value, depth + 1)
    this.#path.pop()
  }

  // The elements of an array are likely to be alike: each is expected to have the shape of the one before.
  #array(array: readonly unknown[], depth: number): void {
    const { length } = array
    // A proxy says what it likes.
    if (!Number.isInteger(length) || length < 0) throw new Unsendable('an array of no length')
    this.count(length)
    this.heapBytes += arrayHeap + elementHeap * length
    this.#containerHead(length < shortTags.array ? shortArrayTag + length : arrayTag, length)
    let expected = this.#expected
    for (let index = 0; index < length; index++) {
      const element = array[index]
      if (typeof element === 'number') {
        this.room(0)
        this.#numeric(element)
        continue
      }
      this.#expected = expected
      this.child(element, index, depth)
      expected = this.#expected
    }
    this.#expected = expected
  }

  #containerHead(head: number, length: number): void {
    this.byte(head)
    if (head >= recordTag || head === arrayTag) this.whole(length)
  }

  // Each field is read once: what a getter gives is both what is checked and what is sent.
  #plain(object: Record<string, unknown>, depth: number): void {
    const base = this.#top
    let shape = this.#expects ? this.#expected : undefined
    let count = 0
    for (const key in object) {
      if (shape !== undefined && key !== shape.keys[count]) {
        this.#copyKeys(shape, count)
        shape = undefined
      }
      if (shape === undefined) this.#keys[count] = key
      this.#values[base + count] = object[key]
      count++
    }
    if (shape !== undefined && count !== shape.keys.length) {
      this.#copyKeys(shape, count)
      shape = undefined
    }
    if (shape === undefined) return this.#unexpected(object, base, count, depth)
    this.#ofShape(shape, base, depth)
  }

  #copyKeys({ keys }: SentShape, count: number): void {
    for (let place = 0; place < count; place++) this.#keys[place] = keys[place] as string
  }

  #unexpected(object: Record<string, unknown>, base: number, found: number, depth: number): void {
    // Those that a prototype was given are not the object's own.
    const own = Object.keys(object)
    if (!this.#expects || own.length !== found) {
      for (const [place, key] of own.entries()) {
        this.#keys[place] = key
        this.#values[base + place] = object[key]
      }
    }
    if (own.length <= flowLimits.shapeKeysMax) {
      return this.#ofShape(this.sent.shapes.find(this.#keys, own.length), base, depth)
    }
    const keys = this.#keys.slice(0, own.length)
    const refused = keys.find(isRefusedKey)
    if (refused !== undefined) throw new Unsendable(`the key ${refused}`)
    this.#table(keys, undefined, base, depth)
  }

  /** Writes an object whose values are kept from `base` on. */
  #ofShape(shape: SentShape, base: number, depth: number): void {
    if (shape.refusedKey !== undefined) throw new Unsendable(`the key ${shape.refusedKey}`)
    const { keys, number } = shape
    if (number === noNumber && !this.#isNew(shape)) return this.#table(keys, shape, base, depth)
    this.count(keys.length)
    this.heapBytes += objectHeap + fieldHeap * keys.length
    if (number === noNumber) this.newShape(keys)
    else if (number < shortTags.record) this.byte(shortRecordTag + number)
    else {
      this.byte(recordTag)
      this.byte(number)
    }
    this.#top = base + keys.length
    for (let place = 0; place < keys.length; place++) this.#field(shape, base, place, depth)
    this.#top = base
    this.#expected = shape
  }

  /** Whether a shape that has no number gets one now. */
  #isNew(shape: SentShape): boolean {
    if (shape.wasSeen) return this.sent.shapes.define(shape)
    shape.wasSeen = true
    return false
  }

  #field(shape: SentShape, base: number, place: number, depth: number): void {
    const value = this.#take(base + place)
    this.room(0)
    if (typeof value === 'string') shape.texts[place] = this.knownText(value, shape.texts[place])
    else if (typeof value === 'number') this.#numeric(value)
    else {
      this.#expected = shape.inside[place]
      this.child(value, shape.keys[place] as string, depth)
      shape.inside[place] = this.#expected
    }
  }

  #take(place: number): unknown {
    const value = this.#values[place]
    this.#values[place] = undefined
    return value
  }

  /** An object with its keys; of one that has been seen, what is inside is still likely to be alike. */
  #table(keys: readonly string[], shape: SentShape | undefined, base: number, depth: number): void {
    const { length } = keys
    this.count(length)
    this.heapBytes += tableHeapBytes(length)
    this.#containerHead(objectTag, length)
    this.#top = base + length
    for (let place = 0; place < length; place++) {
      const key = keys[place] as string
      this.key(key)
      if (shape !== undefined) this.#field(shape, base, place, depth)
      else this.child(this.#take(base + place), key, depth)
    }
    this.#top = base
    this.#expected = shape
  }

  #map(map: Map<unknown, unknown>, depth: number): void {
    const entries: unknown[] = []
    mapForEach.call(map, (value, key) => entries.push(key, value))
    const keys = this.#collectionHead(mapTag, entries.length / 2)
    this.count(entries.length)
    this.heapBytes += mapHeap + (mapEntryHeap * entries.length) / 2
    for (let place = 0; place < entries.length; place += 2) {
      this.#collectionKey(entries[place], 'a key', keys, depth)
      this.child(entries[place + 1], 'a value', depth)
    }
  }

  #set(set: Set<unknown>, depth: number): void {
    const elements: unknown[] = []
    setForEach.call(set, element => elements.push(element))
    const keys = this.#collectionHead(setTag, elements.length)
    this.count(elements.length)
    this.heapBytes += setHeap + setEntryHeap * elements.length
    for (const [index, element] of elements.entries()) this.#collectionKey(element, index, keys, depth)
  }

  #collectionHead(head: number, entries: number): KeyCollisions | undefined {
    const { entriesMax } = this.sent.bounds
    if (entries > entriesMax) throw new Unsendable(`a Map or Set of more than ${entriesMax} entries`)
    this.#containerHead(head, entries)
    return entries < collidingEntriesMin ? undefined : new KeyCollisions(entries)
  }

  #collectionKey(key: unknown, place: string | number, keys: KeyCollisions | undefined, depth: number): void {
    if (keys?.isCrowdedBy(key) === true) throw new Unsendable('keys of a Map or Set that collide')
    if (typeof key === 'string') this.key(key)
    else this.child(key, place, depth)
  }

  #date(date: Date): void {
    this.heapBytes += dateHeap
    this.float(dateTag, dateGetTime.call(date))
  }
}

const { forEach: mapForEach } = Map.prototype
const { forEach: setForEach } = Set.prototype
const { getTime: dateGetTime } = Date.prototype

/** Whether every object shows fields that are not its own: some program has given them to all. */
function hasInheritedFields(): boolean {
  for (const _ in Object.prototype) return true
  return false
}
