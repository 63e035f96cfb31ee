/** The classes of bytes, beside `Uint8Array`. On the wire and on disk by place: append only. */
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

/** Bytes of one element of that class. */
export function elementBytes(view: (typeof typedArrayClasses)[number]): number {
  return 'BYTES_PER_ELEMENT' in view ? view.BYTES_PER_ELEMENT : 1
}
