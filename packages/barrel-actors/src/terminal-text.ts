/**
 * Text that is safe to put on a terminal. What other nodes say may hold escape sequences that move the cursor or
 * change the clipboard, and marks that reorder what is read: all of them are shown instead of obeyed.
 */

import { inspect } from 'node:util'
import { BarrelError } from '@barrel-actors/runtime'

// C0 without the new line, DEL, C1, line and paragraph separators, and the marks that change reading direction.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this escapes
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
// The colour sequences that inspect itself writes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences begin with an escape
const colorSequence = /\u001b\[\d{1,2}m/g

const inspectOptions = { depth: 6, maxArrayLength: 100, maxStringLength: 10_000 } as const

/** Text whose control characters are written out, such as `\x1b`. New lines stay. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, character => {
    const code = character.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** The same, on one line. */
export function oneLine(text: string): string {
  return escapeControls(text.replace(/\s*\n\s*/g, ' '))
}

/** Text that `inspect` shows as it is, without quotes. */
export class Text {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  [inspect.custom](): string {
    return this.#text
  }
}

/** A value as a shell prints it. Errors of ours take one line; everything else looks as in Node's own REPL. */
export function show(value: unknown, colors: boolean): string {
  if (value instanceof BarrelError) return describeBarrelError(value)
  const plain = inspect(value, { ...inspectOptions, colors: false })
  const escaped = escapeControls(plain)
  // inspect lets errors and symbols through as they are. Where that happened, colours cannot be told from theirs.
  if (!colors || escaped !== plain) return escaped
  return inspect(value, { ...inspectOptions, colors: true })
}

/** What `show` printed, without the colours. */
export function withoutColors(text: string): string {
  return text.replace(colorSequence, '')
}

/** `E_CODE what. todo.` */
export function describeBarrelError(error: BarrelError): string {
  return oneLine(`${error.code} ${error.message}`)
}
