/** What a user stream begins with: a length byte, 1 to 255, then so many bytes of UTF-8, the tag. */
import { limits } from '../limits.ts'

const encoder = new TextEncoder()
// A byte-order mark is part of the tag: two tags are the same only if their bytes are.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The preamble of a tag that has passed `tagProblem`. */
export function encodePreamble(tag: string): Uint8Array {
  const bytes = encoder.encode(tag)
  const preamble = new Uint8Array(1 + bytes.length)
  preamble[0] = bytes.length
  preamble.set(bytes, 1)
  return preamble
}

/** Undefined where the bytes are not UTF-8. */
export function decodeTag(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** What keeps a value from being a tag. */
export function tagProblem(tag: unknown): string | undefined {
  if (typeof tag !== 'string') return 'it is not a text'
  // Before it is encoded: a text of 3 GB is no tag either.
  if (tag.length === 0) return 'it is empty'
  if (tag.length > limits.tagBytesMax) return `it has more than ${limits.tagBytesMax} bytes`
  const bytes = encoder.encode(tag)
  if (bytes.length > limits.tagBytesMax) return `it has more than ${limits.tagBytesMax} bytes`
  return decodeTag(bytes) === tag ? undefined : 'it holds half of a surrogate pair'
}
