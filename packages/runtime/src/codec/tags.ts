/** What the second item of a marked array, `[C1, tag, …]`, means. */

/** On the wire. Append only: a number, once released, keeps its meaning. */
export const tag = {
  /** serial; a process of the node that sends */
  pidOfSender: 1,
  /** serial; a process of the node that receives */
  pidOfReceiver: 2,
  /** node, creation, serial */
  pid: 3,
  /** node, creation, id */
  ref: 4,
  /** items */
  set: 5,
  /** milliseconds since 1970 */
  date: 6,
  /** name, message, stack, code, cause */
  error: 7,
  /** bytes */
  arrayBuffer: 8,
  /** place in `typedArrayClasses`, bytes */
  typedArray: 9,
  /** negative, magnitude in hexadecimal */
  bigint: 10,
  minusZero: 11,
} as const

/** On the wire by place: append only. */
export const typedArrayClasses = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
] as const
