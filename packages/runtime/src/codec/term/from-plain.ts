/** Turns the checked output of msgpackr into values: marks get their meaning back. */
import { type NodeName, nodeNameProblem } from '../../node-name.ts'
import { AliasRef, Ref } from '../../ref.ts'
import type { MessageBounds } from '../bounds.ts'
import { makeError, makeMap, makeSet } from '../containers.ts'
import type { PidSource } from '../pid-source.ts'
import { Malformed, OverBounds } from '../refusals.ts'
import { elementBytes, typedArrayClasses } from '../typed-arrays.ts'
import { mark, markSign, typedArrayMark } from './marks.ts'

export interface TermReader {
  readonly source: PidSource
  readonly bounds: MessageBounds
}

/** @throws Malformed, OverBounds */
export function fromPlain(value: unknown, reader: TermReader): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return elementsFromPlain(value, reader)
  const keys = Object.keys(value)
  const [key] = keys
  const object = value as Record<string, unknown>
  if (keys.length === 1 && key?.startsWith(markSign)) return marked(key, object[key], reader)
  return fieldsFromPlain(object, keys, reader)
}

function elementsFromPlain(elements: unknown[], reader: TermReader): unknown[] {
  for (const [index, element] of elements.entries()) elements[index] = fromPlain(element, reader)
  return elements
}

function fieldsFromPlain(object: Record<string, unknown>, keys: readonly string[], reader: TermReader): object {
  for (const key of keys) object[key] = fromPlain(object[key], reader)
  return object
}

function marked(key: string, content: unknown, reader: TermReader): unknown {
  switch (key) {
    case mark.undefined:
      return undefined
    case mark.minusZero:
      return -0
    case mark.object: {
      const isPlain = typeof content === 'object' && Object.getPrototypeOf(content ?? 0) === Object.prototype
      if (!isPlain) throw broken(key)
      return fieldsFromPlain(content as Record<string, unknown>, Object.keys(content as object), reader)
    }
    case mark.map: {
      const entries = elementsFromPlain(arrayIn(key, content), reader)
      if (entries.length % 2 !== 0) throw broken(key)
      return makeMap(entries, reader.bounds)
    }
    case mark.set:
      return makeSet(elementsFromPlain(arrayIn(key, content), reader), reader.bounds)
    case mark.error:
      return makeError(elementsFromPlain(arrayIn(key, content), reader))
    default:
      return markedScalar(key, content, reader)
  }
}

function markedScalar(key: string, content: unknown, { source, bounds }: TermReader): unknown {
  switch (key) {
    case mark.date:
      if (content !== null && typeof content !== 'number') throw broken(key)
      return new Date(content ?? Number.NaN)
    case mark.bigint:
      return bigintIn(textIn(key, content), bounds)
    case mark.utf16:
      return Buffer.from(bytesIn(key, content)).toString('utf16le')
    case mark.arrayBuffer:
      return new Uint8Array(bytesIn(key, content)).buffer
    case mark.pid: {
      const [node, creation, serial] = partsIn(key, content)
      return source.pidOf(node, creation, serial)
    }
    case mark.ref: {
      const [node, creation, id] = partsIn(key, content)
      return new Ref(node, creation, id)
    }
    case mark.alias:
      return aliasIn(textIn(key, content))
    default:
      return typedArray(key, content)
  }
}

function typedArray(key: string, content: unknown): ArrayBufferView {
  const place = key.slice(typedArrayMark.length)
  const view = key.startsWith(typedArrayMark) && /^\d{1,2}$/.test(place) ? typedArrayClasses[Number(place)] : undefined
  if (view === undefined) throw new Malformed('an unknown mark')
  const bytes = bytesIn(key, content)
  if (bytes.length % elementBytes(view) !== 0) throw broken(key)
  return Reflect.construct(view, [new Uint8Array(bytes).buffer])
}

/** Decimal digits of so many bytes. */
const digitsPerByte = Math.log10(256)

function bigintIn(digits: string, { bigintBytesMax }: MessageBounds): bigint {
  if (digits.length > Math.ceil(bigintBytesMax * digitsPerByte) + 1) {
    throw new OverBounds(`a bigint of more than ${bigintBytesMax} bytes`)
  }
  if (!/^-?\d+$/.test(digits)) throw broken(mark.bigint)
  return BigInt(digits)
}

/** A node, and the two numbers of what lives there. */
function partsIn(key: string, content: unknown): [NodeName, number, number] {
  const [node, ...numbers] = textIn(key, content).split(' ')
  const [first, second] = numbers.map(Number)
  const isWhole = numbers.length === 2 && numbers.every(number => /^\d{1,16}$/.test(number))
  if (!isWhole || nodeNameProblem(node) !== undefined) throw broken(key)
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second)) throw broken(key)
  return [node as NodeName, first as number, second as number]
}

function aliasIn(text: string): AliasRef {
  const end = text.lastIndexOf(' ')
  const key = text.slice(end + 1)
  if (!/^\d{1,20}$/.test(key) || BigInt(key) >= 2n ** 64n) throw broken(mark.alias)
  return new AliasRef(...partsIn(mark.alias, text.slice(0, Math.max(end, 0))), BigInt(key))
}

function arrayIn(key: string, content: unknown): unknown[] {
  if (!Array.isArray(content)) throw broken(key)
  return content
}

function textIn(key: string, content: unknown): string {
  if (typeof content !== 'string') throw broken(key)
  return content
}

function bytesIn(key: string, content: unknown): Uint8Array {
  if (!(content instanceof Uint8Array)) throw broken(key)
  return content
}

function broken(key: string): Malformed {
  return new Malformed(`a broken ${key}`)
}
