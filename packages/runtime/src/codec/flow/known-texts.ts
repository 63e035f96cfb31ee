/** The texts that one flow has brought, by number. */

import { Malformed } from '../refusals.ts'
import { flowLimits } from './flow-limits.ts'

export class KnownTexts {
  /** By number. */
  readonly texts: (string | undefined)[] = []
  /** How many were defined; a newer one takes the number of the oldest. */
  #defined = 0
  /** The texts that those of this message replaced, in order. */
  readonly #replaced: (string | undefined)[] = []

  /** @throws Malformed */
  find(number: number): string {
    const text = this.texts[number]
    if (text === undefined) throw new Malformed('a text that was not defined')
    return text
  }

  /** Gives the next number to a text. @throws Malformed */
  define(text: string): void {
    const { textLengthMin, textLengthMax, textsMax } = flowLimits
    if (text.length < textLengthMin || text.length > textLengthMax)
      throw new Malformed('a text of a length that gets no number')
    const number = this.#defined % textsMax
    this.#replaced.push(this.texts[number])
    this.texts[number] = text
    this.#defined++
  }

  /** Another message begins: `rollBack` goes back no further. */
  begin(): void {
    if (this.#replaced.length > 0) this.#replaced.length = 0
  }

  /** The point that `rollBack` goes back to. */
  get mark(): number {
    return this.#defined
  }

  /** Undoes the definitions since then, which will be read again. Each number stands for its earlier text meanwhile. */
  rollBack(mark: number): void {
    while (this.#defined > mark) {
      this.#defined--
      this.texts[this.#defined % flowLimits.textsMax] = this.#replaced.pop()
    }
  }
}
