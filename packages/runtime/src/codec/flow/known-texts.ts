/** The texts that one flow has brought, by number. */

import { Malformed } from '../refusals.ts'
import { flowLimits } from './flow-limits.ts'

export class KnownTexts {
  /** By number. */
  readonly texts: string[] = []
  /** How many were defined; a newer one takes the number of the oldest. */
  #defined = 0

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
    this.texts[this.#defined % textsMax] = text
    this.#defined++
  }

  /** Where `rollBack` goes back to. */
  get mark(): number {
    return this.#defined
  }

  /** What was defined since then will be read again, and take the same numbers. */
  rollBack(mark: number): void {
    this.#defined = mark
  }
}
