/**
 * The first byte of a value on the wire. Below 0x80 it is the value itself, a small whole number.
 *
 * On the wire. Append only: a number, once released, keeps its meaning.
 */
export const tag = {
  /** 0x80 to 0x9f: a text of 0 to 31 characters, one byte each */
  shortText: 0x80,
  /** 0xa0 to 0xa3, and one byte: the number of a text that was defined in this flow */
  knownText: 0xa0,
  /** a text, which takes the next number of this flow */
  newText: 0xa4,
  /** length, bytes: a text of characters below U+0100, one byte each */
  latin1Text: 0xa5,
  /** length in code units, bytes: a text in UTF-16, little-endian */
  utf16Text: 0xa6,
  /** length in bytes, bytes: a text in UTF-8 */
  utf8Text: 0xa7,
  null: 0xa8,
  undefined: 0xa9,
  true: 0xaa,
  false: 0xab,
  /** two bytes, little-endian, with a sign */
  int16: 0xac,
  /** four bytes, little-endian, with a sign */
  int32: 0xad,
  /** eight bytes, little-endian: IEEE 754 */
  float64: 0xae,
  /** one byte, sign and length; bytes of the magnitude, the lowest first */
  bigint: 0xaf,
  /** 0xb0 to 0xbf: an array of 0 to 15 values */
  shortArray: 0xb0,
  /** 0xc0 to 0xdf: an object of the shape 0 to 31 of this flow, its values in the order of the keys */
  shortRecord: 0xc0,
  /** one byte, the number of the shape; values */
  record: 0xe0,
  /** one byte, the number of keys; the keys, which take the next number of this flow; values */
  newShape: 0xe1,
  /** count; keys and values in turn: an object whose keys are not a shape */
  object: 0xe2,
  /** count; values */
  array: 0xe3,
  /** count; values */
  set: 0xe4,
  /** count; keys and values in turn */
  map: 0xe5,
  /** eight bytes as in float64: milliseconds since 1970 */
  date: 0xe6,
  /** name, message, stack, code, cause */
  error: 0xe7,
  /** the same without a cause */
  errorWithoutCause: 0xe8,
  /** length, bytes: a `Uint8Array` */
  bytes: 0xe9,
  /** length, bytes */
  arrayBuffer: 0xea,
  /** one byte, the place in `typedArrayClasses`; length in bytes, bytes */
  typedArray: 0xeb,
  /** serial: a process of the node that sends */
  pidOfSender: 0xec,
  /** serial: a process of the node that receives */
  pidOfReceiver: 0xed,
  /** node (a text), creation, serial */
  pid: 0xee,
  /** node (a text), creation, id */
  ref: 0xef,
  /** node (a text), creation, id, key: a ref that messages can be sent to */
  alias: 0xf0,
} as const
