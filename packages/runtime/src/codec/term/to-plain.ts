/** Values to what MessagePack knows. They have been checked: what is refused here has changed since then. */
import { BarrelError, textOf } from '../../errors.ts'
import { Pid } from '../../pid.ts'
import { exportPid } from '../../process/process.ts'
import { AliasRef, Ref } from '../../ref.ts'
import { messageBoundsDefaults } from '../bounds.ts'
import { Unsendable } from '../refusals.ts'
import { typedArrayClasses } from '../typed-arrays.ts'
import { isWellFormed } from '../well-formed.ts'
import { mark, markSign, typedArrayMark } from './marks.ts'

/** @throws Unsendable */
export function toPlain(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'undefined':
      return { [mark.undefined]: true }
    case 'number':
      return Object.is(value, -0) ? { [mark.minusZero]: true } : value
    case 'bigint':
      return is64Bits(value) ? value : { [mark.bigint]: value.toString() }
    case 'string':
      return isWellFormed(value) && !value.startsWith(byteOrderMark)
        ? value
        : { [mark.utf16]: Buffer.from(value, 'utf16le') }
    case 'object':
      return value === null ? null : objectToPlain(value, depth)
    default:
      return value
  }
}

/** Readers of UTF-8 drop it. */
const byteOrderMark = '\ufeff'

function is64Bits(value: bigint): boolean {
  return value >= -(2n ** 63n) && value < 2n ** 64n
}

function objectToPlain(value: object, depth: number): unknown {
  if (depth >= messageBoundsDefaults.depthMax) throw new Unsendable('data that changes while it is read')
  if (Array.isArray(value)) return elementsToPlain(value, depth)
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return fieldsToPlain(value, depth)
  if (value instanceof Map) return { [mark.map]: elementsToPlain([...value].flat(), depth) }
  if (value instanceof Set) return { [mark.set]: elementsToPlain([...value], depth) }
  if (value instanceof Date) return { [mark.date]: Number.isNaN(value.getTime()) ? null : value.getTime() }
  if (value instanceof Error) return { [mark.error]: errorToPlain(value, depth) }
  if (value instanceof Pid) return pidToPlain(value)
  if (value instanceof Ref) return refToPlain(value)
  return bytesToPlain(value)
}

// Not `map`, which leaves holes.
function elementsToPlain(elements: readonly unknown[], depth: number): unknown[] {
  return Array.from(elements, element => toPlain(element, depth + 1))
}

function fieldsToPlain(object: object, depth: number): object {
  const fields = Object.entries(object)
  const plain = Object.fromEntries(fields.map(([key, value]) => [key, toPlain(value, depth + 1)]))
  const [key] = fields[0] ?? []
  if (fields.some(([key]) => key.startsWith(byteOrderMark))) throw new Unsendable('a key with a byte order mark')
  return fields.length === 1 && key?.startsWith(markSign) ? { [mark.object]: plain } : plain
}

function errorToPlain(error: Error, depth: number): unknown[] {
  const code = error instanceof BarrelError ? error.code : (error as { code?: unknown }).code
  const texts = [textOf(error.name), textOf(error.message), error.stack, code]
  const fields = texts.map(text => (typeof text === 'string' ? toPlain(text, depth) : null))
  return error.cause === undefined ? fields : [...fields, toPlain(error.cause, depth + 1)]
}

function pidToPlain(pid: Pid): object {
  exportPid(pid)
  return { [mark.pid]: `${pid.node} ${pid.creation} ${pid.serial}` }
}

function refToPlain(ref: Ref): object {
  const text = `${ref.node} ${ref.creation} ${ref.id}`
  return ref instanceof AliasRef ? { [mark.alias]: `${text} ${AliasRef.exportKey(ref)}` } : { [mark.ref]: text }
}

function bytesToPlain(value: object): unknown {
  if (value instanceof ArrayBuffer) return { [mark.arrayBuffer]: new Uint8Array(value) }
  if (!ArrayBuffer.isView(value)) throw new Unsendable('data that changes while it is read')
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof Uint8Array) return bytes
  return { [`${typedArrayMark}${typedArrayClasses.findIndex(view => value instanceof view)}`]: bytes }
}
