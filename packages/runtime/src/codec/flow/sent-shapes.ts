/**
 * The shapes of objects that one flow has sent, as its sender remembers them: the keys in their order. A shape gets a
 * number when it comes for the second time, so that objects used as tables, whose keys never come again, get none.
 */

import { isRefusedKey } from '../refused-keys.ts'
import { flowLimits } from './flow-limits.ts'
import { noNumber } from './sent-texts.ts'

/** Keys in their order, as one object had them. */
export class SentShape {
  readonly keys: readonly string[]
  number: number = noNumber
  wasSeen = false
  /** The first of its keys that no message may have. */
  readonly refusedKey: string | undefined
  /** By field, the shape of the object that stood there last. */
  readonly inside: (SentShape | undefined)[]
  /** By field, the number of the text that stood there last. */
  readonly texts: Int16Array

  constructor(keys: readonly string[]) {
    this.keys = keys
    this.refusedKey = keys.find(isRefusedKey)
    this.texts = new Int16Array(keys.length).fill(noNumber)
    this.inside = new Array<SentShape | undefined>(keys.length).fill(undefined)
  }
}

/** A place in the tree of keys: where objects begin alike they go the same way. */
class KeyNode {
  shape: SentShape | undefined = undefined
  // Most have one way on.
  #key: string | undefined = undefined
  #next: KeyNode | undefined = undefined
  #others: Map<string, KeyNode> | undefined = undefined

  follow(key: string): KeyNode | undefined {
    return key === this.#key ? this.#next : this.#others?.get(key)
  }

  add(key: string): KeyNode {
    const node = new KeyNode()
    if (this.#key === undefined) {
      this.#key = key
      this.#next = node
    } else {
      this.#others ??= new Map()
      this.#others.set(key, node)
    }
    return node
  }
}

/** Of shapes that came once or have a number; past it those that came once are forgotten. */
const keyNodesMax = 4_096
const keyCharactersMax = 256 * 1024

export class SentShapes {
  readonly #numbered: SentShape[] = []
  #characters = 0
  #root = new KeyNode()
  #nodes = 0
  #nodeCharacters = 0

  /** The shape with the first `count` of these keys. */
  find(keys: readonly string[], count: number): SentShape {
    let node = this.#root
    for (let place = 0; place < count; place++)
      node = node.follow(keys[place] as string) ?? this.#grow(node, keys[place] as string)
    node.shape ??= new SentShape(keys.slice(0, count))
    return node.shape
  }

  #grow(node: KeyNode, key: string): KeyNode {
    this.#nodes++
    this.#nodeCharacters += key.length
    return node.add(key)
  }

  /** Whether the flow has room for it. It has a number then. */
  define(shape: SentShape): boolean {
    const characters = shape.keys.reduce((sum, key) => sum + key.length, 0)
    const isFull = this.#numbered.length === flowLimits.shapesMax
    if (isFull || this.#characters + characters > flowLimits.shapeCharactersMax) return false
    shape.number = this.#numbered.length
    this.#numbered.push(shape)
    this.#characters += characters
    return true
  }

  /** Between two signals: keeps the tree within its bound. */
  trim(): void {
    if (this.#nodes <= keyNodesMax && this.#nodeCharacters <= keyCharactersMax) return
    this.#root = new KeyNode()
    this.#nodes = 0
    this.#nodeCharacters = 0
    for (const shape of this.#numbered) {
      let node = this.#root
      for (const key of shape.keys) node = node.follow(key) ?? this.#grow(node, key)
      node.shape = shape
    }
  }

  /** The point that `rollBack` goes back to. */
  get mark(): number {
    return this.#numbered.length
  }

  /** The other end will not get what was defined since then. */
  rollBack(mark: number): void {
    for (const shape of this.#numbered.splice(mark)) {
      shape.number = noNumber
      this.#characters -= shape.keys.reduce((sum, key) => sum + key.length, 0)
    }
  }
}
