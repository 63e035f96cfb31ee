import { inspect } from 'node:util'

const lengthMax = 2_000

const options = { depth: 3, maxArrayLength: 20, maxStringLength: 200, breakLength: 120, getters: false } as const

/** A value as a text for people, of at most 2,000 characters. Whatever the value does when it is read is caught. */
export function shortText(read: () => unknown): string {
  try {
    const text = inspect(read(), options)
    return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text
  } catch {
    return 'a value that throws when it is read'
  }
}
