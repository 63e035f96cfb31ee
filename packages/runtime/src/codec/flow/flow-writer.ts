/**
 * Writes texts and the keys of shapes of one flow, by their numbers where the other end knows them.
 */
import type { NodeLife } from '../../carrier.ts'
import type { MessageBounds } from '../bounds.ts'
import { heapEstimate } from '../heap-estimate.ts'
import { isLongKey } from '../key-length.ts'
import { Unsendable } from '../refusals.ts'
import { ByteWriter } from './byte-writer.ts'
import { flowLimits } from './flow-limits.ts'
import type { SentShapes } from './sent-shapes.ts'
import { noNumber, type SentTexts } from './sent-texts.ts'
import { tag } from './tags.ts'

// Constants of this module, which the compiler of V8 knows; it looks up those of another one each time.
const { knownText: knownTextTag, newText: newTextTag, newShape: newShapeTag } = tag
const { text: textHeap } = heapEstimate
const { textLengthMin, textLengthMax } = flowLimits

/** One flow: its ends, what may be sent, and what has been. */
export interface Sent {
  readonly local: NodeLife
  readonly remote: NodeLife | undefined
  readonly bounds: MessageBounds
  readonly texts: SentTexts
  readonly shapes: SentShapes
}

export class FlowWriter extends ByteWriter {
  sent!: Sent
  /** About what the message takes on the heap of the receiver. */
  heapBytes = 0

  /** The name of a process. */
  name(name: string): void {
    this.room(0)
    this.text(name)
  }

  /** A text, by its number where it has one: most likely by `guess`. Gives the number. */
  knownText(text: string, guess: number = noNumber): number {
    const { texts } = this.sent
    const { length } = text
    if (length < textLengthMin || length > textLengthMax) {
      this.#plainText(text)
      return noNumber
    }
    const number = guess !== noNumber && texts.has(guess, text) ? guess : texts.find(text)
    if (number === noNumber) return this.#unknownText(text)
    this.byte(knownTextTag + (number >> 8))
    this.byte(number)
    return number
  }

  #unknownText(text: string): number {
    const { texts } = this.sent
    const { at } = this
    const heapBytes = this.text(text)
    this.heapBytes += textHeap + heapBytes
    if (!texts.comesAgain(this.textHash)) return noNumber
    this.at = at
    this.byte(newTextTag)
    this.text(text)
    return texts.define(text)
  }

  #plainText(text: string): void {
    this.heapBytes += textHeap + this.text(text)
  }

  /** The keys of a shape, which takes the next number. */
  newShape(keys: readonly string[]): void {
    this.byte(newShapeTag)
    this.byte(keys.length)
    for (const key of keys) this.key(key)
  }

  /** @throws Unsendable */
  key(key: string): void {
    const { keyBytesMax } = this.sent.bounds
    if (isLongKey(key, keyBytesMax)) throw new Unsendable(`a key of more than ${keyBytesMax} bytes`)
    this.room(0)
    this.knownText(key)
  }
}
