/**
 * Makes objects of one shape. A shape that comes often gets functions of its own, with its keys written into them: V8
 * gives what they make one hidden class, and makes it in a tenth of the time. Keys stand in their text as JSON strings,
 * so that no peer's text is ever code.
 */

/** Gives a flat record its values, one after another. */
export interface ScalarReader {
  scalar(): unknown
}

/** Makes an object of values that have been read. */
export type RecordMaker = (values: readonly unknown[]) => object
/** Makes an object of values that are read meanwhile. */
export type RecordReader = (reader: ScalarReader) => object

/** How often a shape must have come: compiling takes as long as making some hundred objects without. */
export const compiledUsesMin = 100

/** All flows of the OS process share them. Past so many the table begins anew. */
const compiledMax = 1_024
/** Of the keys as JSON: longer ones are not worth it, and would be kept. */
const compiledLengthMax = 2_048
const makers = new Map<string, RecordMaker>()
const readers = new Map<string, RecordReader>()

/** Undefined where the shape is too long, or Node may not compile (`--disallow-code-generation-from-strings`). */
export function compiledMaker(keys: readonly string[]): RecordMaker | undefined {
  return compiled(makers, 'values', keys, place => `values[${place}]`)
}

/** The same for objects without containers. */
export function compiledReader(keys: readonly string[]): RecordReader | undefined {
  return compiled(readers, 'reader', keys, () => 'reader.scalar()')
}

function compiled<Compiled>(
  table: Map<string, Compiled>,
  parameter: string,
  keys: readonly string[],
  valueAt: (place: number) => string,
): Compiled | undefined {
  const quoted = keys.map(key => JSON.stringify(key))
  const shape = quoted.join()
  if (shape.length > compiledLengthMax) return undefined
  const known = table.get(shape)
  if (known !== undefined) return known
  const made = compile<Compiled>(parameter, quoted.map((key, place) => `${key}:${valueAt(place)}`).join())
  if (table.size >= compiledMax) table.clear()
  if (made !== undefined) table.set(shape, made)
  return made
}

function compile<Compiled>(parameter: string, fields: string): Compiled | undefined {
  try {
    return new Function(parameter, `return {${fields}}`) as Compiled
  } catch {
    return undefined
  }
}

/** The same without a function of its own. */
export function makeRecord(keys: readonly string[], values: readonly unknown[]): object {
  const record: Record<string, unknown> = {}
  for (const [place, key] of keys.entries()) setField(record, key, values[place])
  return record
}

/** Sets a field. An index would have V8 make room for all indices before it: such an object becomes a table first. */
export function setField(record: Record<string, unknown>, key: string, value: unknown): void {
  if (isDigit(key.charCodeAt(0)) && !Object.hasOwn(record, key)) {
    record[lastIndex] = undefined
    delete record[lastIndex]
  }
  record[key] = value
}

/** Far from all others, so that what holds it is a table. */
const lastIndex = '4294967294'

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}
