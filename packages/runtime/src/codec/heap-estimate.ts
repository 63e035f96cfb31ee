/**
 * About how many bytes of the heap a decoded value takes, on 64 bits without compressed pointers. Measured on Node 20
 * by making 200,000 of each; a slot in what holds the value is counted by its holder.
 */
export const heapEstimate = {
  /** A number that is not a small whole number. */
  double: 16,
  /** Beside its characters. */
  text: 24,
  object: 24,
  field: 8,
  array: 48,
  element: 8,
  map: 184,
  mapEntry: 48,
  set: 152,
  setEntry: 32,
  date: 96,
  bigint: 24,
  error: 128,
  /** Beside their bytes; some of it is not on the heap. */
  typedArray: 240,
  arrayBuffer: 300,
  pid: 64,
  ref: 48,
  alias: 80,
} as const

/** Past so many keys that are set one after another, V8 turns an object into a table. */
const fastKeysMax = 64

/** The same of an object whose keys are set one after another. */
export function tableHeapBytes(keys: number): number {
  return 56 + (keys <= fastKeysMax ? 16 : 64) * keys
}
