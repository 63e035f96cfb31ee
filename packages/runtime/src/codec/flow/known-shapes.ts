/** The shapes of objects that one flow has brought, by number. */

import { messageBoundsDefaults } from '../bounds.ts'
import { isLongKey } from '../key-length.ts'
import { Malformed } from '../refusals.ts'
import { isRefusedKey } from '../refused-keys.ts'
import { flowLimits } from './flow-limits.ts'
import {
  compiledMaker,
  compiledReader,
  compiledUsesMin,
  makeRecord,
  type RecordMaker,
  type RecordReader,
} from './record-maker.ts'

export class KnownShape {
  readonly keys: readonly string[]
  /** Reads an object at once. Undefined until the shape has come often, and once a value of it was a container. */
  read: RecordReader | undefined = undefined
  #make: RecordMaker | undefined
  #uses = 0
  #isFlat = true

  constructor(keys: readonly string[]) {
    this.keys = keys
  }

  /** It has come once more. */
  used(): void {
    this.#uses++
    if (this.#uses !== compiledUsesMin) return
    if (this.#isFlat) this.read = compiledReader(this.keys)
    else this.#make = compiledMaker(this.keys)
  }

  /** A value of it was a container. */
  hasContainer(): void {
    this.#isFlat = false
    this.read = undefined
    if (this.#uses >= compiledUsesMin) this.#make = compiledMaker(this.keys)
  }

  make(values: readonly unknown[]): object {
    return this.#make === undefined ? makeRecord(this.keys, values) : this.#make(values)
  }
}

export class KnownShapes {
  readonly #shapes: KnownShape[] = []
  #characters = 0

  /** @throws Malformed */
  find(number: number): KnownShape {
    const shape = this.#shapes[number]
    if (shape === undefined) throw new Malformed('a shape that was not defined')
    return shape
  }

  /** Gives the next number to a shape. @throws Malformed */
  define(keys: readonly string[]): KnownShape {
    if (keys.some(isRefusedKey)) throw new Malformed('a key that no object has')
    if (keys.some(key => isLongKey(key, messageBoundsDefaults.keyBytesMax)))
      throw new Malformed('a key that is too long')
    if (new Set(keys).size !== keys.length) throw new Malformed('a shape with a key twice')
    if (this.#shapes.length === flowLimits.shapesMax) throw new Malformed('too many shapes')
    this.#characters += charactersOf(keys)
    if (this.#characters > flowLimits.shapeCharactersMax) throw new Malformed('shapes with too many characters')
    const shape = new KnownShape(keys)
    this.#shapes.push(shape)
    return shape
  }

  /** The point that `rollBack` goes back to. */
  get mark(): number {
    return this.#shapes.length
  }

  /** Forgets the shapes defined since then: they will be read again. */
  rollBack(mark: number): void {
    for (const { keys } of this.#shapes.splice(mark)) this.#characters -= charactersOf(keys)
  }
}

function charactersOf(keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + key.length, 0)
}
