/**
 * The texts that one flow has sent, as its sender remembers them. A short text gets a number when it comes for the
 * second time: texts that never come again cost neither end a place.
 *
 *   first time       the text itself
 *   second time      the text, which takes the next number
 *   from then on     its number, until 1,024 others have taken theirs
 */
import { flowLimits } from './flow-limits.ts'

const slotsCountFirst = 128
/** Twice as many as there are numbers. */
const slotsCountMax = 2 * flowLimits.textsMax

/** In the place of the number of a text that has none. */
export const noNumber = -1

/** V8 makes a text of this length or more a view of the text that it was cut from, which it would keep alive. */
const viewLengthMin = 13

export class SentTexts {
  /** By slot, which the text chooses: the text, its number, and the hash of one that came once. */
  #texts: (string | undefined)[] = []
  #numbers = new Int16Array(0)
  #seen = new Int32Array(0)
  #mask = -1
  readonly #byNumber: string[] = []
  /** Of the text that was looked for last. */
  #slot = 0
  #defined = 0
  /** How many texts found their slot taken since there are so many slots. */
  #conflicts = 0

  /** Whether that number stands for the text. */
  has(number: number, text: string): boolean {
    return this.#byNumber[number] === text
  }

  /** The number of the text. */
  find(text: string): number {
    if (this.#conflicts > this.#mask) this.#grow()
    const slot = slotOf(text) & this.#mask
    this.#slot = slot
    return this.#texts[slot] === text ? (this.#numbers[slot] as number) : noNumber
  }

  /** The text that was looked for last has no number, and that hash. Whether it has come before, and is to have one. */
  comesAgain(hash: number): boolean {
    const slot = this.#slot
    const seen = this.#seen[slot]
    // 0 stands for none.
    const mark = hash | 1
    if (seen === mark) return true
    if (seen !== 0) this.#conflicts++
    this.#seen[slot] = mark
    return false
  }

  /** Gives the next number to a text. */
  define(text: string): number {
    const number = this.#defined % flowLimits.textsMax
    this.#defined++
    this.#forget(number)
    this.#put(text.length < viewLengthMin ? text : copyOf(text), number)
    return number
  }

  #put(text: string, number: number): void {
    const slot = slotOf(text) & this.#mask
    this.#texts[slot] = text
    this.#numbers[slot] = number
    this.#byNumber[number] = text
  }

  #forget(number: number): void {
    const text = this.#byNumber[number]
    if (text === undefined) return
    const slot = slotOf(text) & this.#mask
    if (this.#numbers[slot] === number) this.#texts[slot] = undefined
    this.#byNumber[number] = unused
  }

  /** A flow that repeats few texts keeps few slots. */
  #grow(): void {
    this.#conflicts = 0
    const count = this.#mask + 1
    if (count === slotsCountMax) return
    const before = { texts: this.#texts, numbers: this.#numbers }
    const grown = count === 0 ? slotsCountFirst : count * 4
    this.#mask = grown - 1
    this.#texts = new Array<string | undefined>(grown).fill(undefined)
    this.#numbers = new Int16Array(grown)
    this.#seen = new Int32Array(grown)
    for (const [slot, text] of before.texts.entries()) {
      if (text !== undefined) this.#put(text, before.numbers[slot] as number)
    }
  }

  /** The point that `rollBack` goes back to. */
  get mark(): number {
    return this.#defined
  }

  /** The other end will not get what was defined since then. */
  rollBack(mark: number): void {
    const first = Math.max(mark, this.#defined - flowLimits.textsMax)
    for (let defined = first; defined < this.#defined; defined++) this.#forget(defined % flowLimits.textsMax)
    this.#defined = mark
  }
}

function copyOf(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le')
}

/** No text that has a number is as short. */
const unused = ''

/** Of some of its characters: texts that are alike differ most at their end. */
function slotOf(text: string): number {
  const { length } = text
  let hash = length + text.charCodeAt(0)
  hash = hash * 31 + text.charCodeAt(length >> 1)
  hash = hash * 31 + text.charCodeAt(length - 3)
  hash = hash * 31 + text.charCodeAt(length - 2)
  hash = hash * 31 + text.charCodeAt(length - 1)
  return hash ^ (hash >>> 11)
}
