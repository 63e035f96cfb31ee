/**
 * A value that MessagePack has no type for is a map of one entry, whose key says what it is. An object of the user that
 * has one key which begins with `$` stands in such a map itself, under `$object`. So every reader of MessagePack can read
 * all of it, and nothing depends on who reads.
 *
 * On disk and on the wire. Append only: a mark, once released, keeps its meaning.
 */
export const mark = {
  /** the object */
  object: '$object',
  /** true */
  undefined: '$undefined',
  /** true */
  minusZero: '$minusZero',
  /** keys and values in turn */
  map: '$map',
  /** elements */
  set: '$set',
  /** milliseconds since 1970; null where it is no date */
  date: '$date',
  /** a text: decimal digits, for those past 64 bits */
  bigint: '$bigint',
  /** name, message, stack, code, cause */
  error: '$error',
  /** bytes */
  arrayBuffer: '$arrayBuffer',
  /** bytes: a text with half a surrogate pair, or with a byte order mark, in UTF-16, little-endian */
  utf16: '$utf16',
  /** a text: node, creation, serial */
  pid: '$pid',
  /** a text: node, creation, id */
  ref: '$ref',
  /** a text: node, creation, id, key */
  alias: '$alias',
} as const

/** Before the place in `typedArrayClasses`. */
export const typedArrayMark = '$typedArray'

/** The first character of every mark. */
export const markSign = '$'
