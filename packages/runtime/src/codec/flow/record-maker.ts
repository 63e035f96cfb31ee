/**
 * Makes objects of one shape. A shape that comes often gets functions of its own, with its keys written into them: V8
 * gives what they make one hidden class, and makes it in a tenth of the time. Keys stand in their text as JSON strings,
 * so that no peer's text is ever code.
 */

/** Where a flat record takes its values from, one after another. */
export interface ScalarReader {
  scalar(): unknown
}

export interface RecordMakers {
  /** Of values that have been read. */
  readonly make: (values: readonly unknown[]) => object
  /** Of values that are read meanwhile. */
  readonly read: (reader: ScalarReader) => object
}

/** How often a shape must have come: compiling takes as long as making some hundred objects without. */
export const compiledUsesMin = 100

/** All flows of the OS process share them. Past so many the table begins anew. */
const makersMax = 1_024
const makers = new Map<string, RecordMakers>()

/** The functions of that shape; undefined where Node may not compile (`--disallow-code-generation-from-strings`). */
export function compiledMakers(keys: readonly string[]): RecordMakers | undefined {
  const quoted = keys.map(key => JSON.stringify(key))
  const shape = quoted.join()
  const known = makers.get(shape)
  if (known !== undefined) return known
  const compiled = compile(quoted)
  if (makers.size >= makersMax) makers.clear()
  if (compiled !== undefined) makers.set(shape, compiled)
  return compiled
}

function compile(quoted: readonly string[]): RecordMakers | undefined {
  const made = quoted.map((key, place) => `${key}:values[${place}]`)
  const read = quoted.map(key => `${key}:reader.scalar()`)
  try {
    return {
      make: new Function('values', `return {${made.join()}}`) as RecordMakers['make'],
      read: new Function('reader', `return {${read.join()}}`) as RecordMakers['read'],
    }
  } catch {
    return undefined
  }
}

/** The same without functions of its own. */
export function makeRecord(keys: readonly string[], values: readonly unknown[]): object {
  const record: Record<string, unknown> = {}
  for (const [place, key] of keys.entries()) record[key] = values[place]
  return record
}
