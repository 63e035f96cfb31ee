import { isDeepStrictEqual } from 'node:util'
import { changed, fuzz, type Outcome } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { hasCode } from '../../errors.ts'
import { messageBoundsDefaults as bounds } from '../bounds.ts'
import { collidingBigints, collidingDoubles, collidingIndices, collidingNumbers } from '../collisions.suite.ts'
import { processorMs } from '../processor-time.suite.ts'
import { pidOf, receiver, value } from '../values.suite.ts'
import { checkTerm } from './check.ts'
import { TermCodec } from './term-codec.ts'

const codec = new TermCodec({ ...receiver, pidOf }, bounds)
const MiB = 1024 * 1024

test('every value comes back as it was', () =>
  fuzz('values of terms', value, value => {
    const passed = codec.decode(codec.encode(value))
    // This comparison is quick, but an invalid date is not equal to itself.
    if (!isDeepStrictEqual(passed, value)) expect(passed).toStrictEqual(value)
    return 'accepted'
  }))

/** Decodes: a value, or the one error. Anything else fails the test. */
function outcomeOf(bytes: Uint8Array): Outcome {
  try {
    codec.decode(bytes)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
    return 'accepted'
  } catch (error) {
    if (!hasCode(error, 'E_TERM_INVALID') || error.fields['problem'] === 'what cannot be read') throw error
    return 'refused'
  }
}

const recordings = [
  { name: 'x', list: [1, 2.5, -0, null, undefined, 300, 70_000], map: new Map([[{ a: 1 }, 'b']]) },
  [new Set([1, 'a']), new Date(0), 2n ** 70n, 5n, new Uint8Array([1, 2]), new Float64Array([1]), '你好'.repeat(30)],
  { error: new Error('e', { cause: new TypeError('c') }), pid: pidOf('a@host', 7, 3), half: '\ud800' },
].map(value => codec.encode(value))

test('random bytes are refused or are terms', () =>
  fuzz('terms at random', fc.uint8Array({ maxLength: 200 }), outcomeOf))

test('terms with some bytes changed are refused or are terms', () => fuzz('terms', changed(recordings), outcomeOf))

test('whatever is let through, msgpackr reads, and needs no more than was said', () => {
  const pieces = fc.array(
    fc.oneof(fc.integer({ min: 0x80, max: 0xff }), fc.nat(255), fc.constantFrom(0x24, 0xa1, 0x81)),
    {
      maxLength: 40,
    },
  )
  return fuzz('terms of pieces', pieces, bytes => outcomeOf(Uint8Array.from(bytes)))
})

test('terms that are cut short anywhere, or go on, are refused', () => {
  for (const bytes of recordings) {
    for (let length = 0; length < bytes.length; length++) expect(outcomeOf(bytes.subarray(0, length))).toBe('refused')
    expect(outcomeOf(Buffer.concat([bytes, Buffer.of(1)]))).toBe('refused')
  }
})

/** Why a term is refused; the best time of three. */
function costOf(bytes: Uint8Array) {
  let problem: unknown
  let ms = Number.POSITIVE_INFINITY
  const before = process.memoryUsage().heapUsed
  for (let times = 0; times < 5; times++) {
    const took = processorMs()
    try {
      codec.decode(bytes)
    } catch (error) {
      if (!hasCode(error, 'E_TERM_INVALID')) throw error
      problem = error.fields['problem']
    }
    ms = Math.min(ms, took())
  }
  return { problem, ms, heapBytes: process.memoryUsage().heapUsed - before }
}

function isRefused(bytes: Uint8Array, reason: RegExp): void {
  const { problem, ms, heapBytes } = costOf(bytes)
  expect(problem).toMatch(reason)
  expect(ms).toBeLessThan(50)
  expect(heapBytes).toBeLessThan(bounds.heapPerByteMax * bytes.length + 32 * MiB)
}

const many = (count: number, ...body: number[]) => Buffer.alloc(count * body.length, Buffer.from(body))
const text = (value: string) => Buffer.from([0xa0 + value.length, ...Buffer.from(value)])
const array = (count: number, elements: Uint8Array) => {
  const head = Buffer.alloc(5, 0xdd)
  head.writeUInt32BE(count, 1)
  return Buffer.concat([head, elements])
}
const marked = (mark: string, content: Uint8Array) => Buffer.concat([Buffer.of(0x81), text(mark), content])
const packed = (value: unknown) => new Packr({ useRecords: false, structuredClone: true } as object).pack(value)

describe('terms that are made to cost more than they weigh', () => {
  test('many small values are refused before they are made', () => {
    isRefused(array(2 * MiB, many(2 * MiB, 0x90)), /more than 100000 values/)
    isRefused(array(100_000, many(100_000, 1)), /more than 100000 values/)
    isRefused(array(90_000, many(90_000, 0x80)), /heap/)
    isRefused(
      array(30_000, Buffer.concat(Array.from({ length: 30_000 }, () => marked('$set', Buffer.of(0x90))))),
      /heap/,
    )
    expect(costOf(array(99_999, many(99_999, 1))).problem).toBeUndefined()
  })

  test('data of depth 65 is refused, with marks or without, and of depth 64 arrives', () => {
    const wraps = [Buffer.of(0x91), Buffer.concat([Buffer.of(0x81), text('a')]), marked('$set', Buffer.of(0x91))]
    for (const wrap of wraps) {
      const nested = (depth: number) => Buffer.concat([...Array<Buffer>(depth).fill(wrap), Buffer.of(1)])
      isRefused(nested(65), /nested deeper than 64/)
      isRefused(nested(20_000), /nested deeper than 64/)
      expect(costOf(nested(64)).problem).toBeUndefined()
    }
    isRefused(
      Buffer.concat([...Array<Buffer>(20_000).fill(marked('$object', Buffer.alloc(0))), Buffer.of(1)]),
      /nested deeper/,
    )
  })

  test('objects whose keys are indices, which make room for all before them, are refused by what they take', () => {
    const objects = Array.from({ length: 10_000 }, () => Buffer.concat([Buffer.of(0x81), text('1000'), Buffer.of(1)]))
    isRefused(array(10_000, Buffer.concat(objects)), /heap/)
    expect(costOf(packed({ 0: 'a', 1: 'b', 2: 'c', 100000: 'd' })).problem).toBeUndefined()
  })

  test('keys that are chosen to collide are refused', () => {
    for (const keys of [collidingNumbers(65_536), collidingDoubles(30_000), collidingIndices(30_000)]) {
      isRefused(marked('$set', packed(keys)), /collide/)
      isRefused(marked('$map', packed(keys.flatMap(key => [key, 1]).slice(0, 90_000))), /collide/)
    }
    const bigints = collidingBigints(5_000).map(value => ({ $bigint: String(value) }))
    isRefused(marked('$set', packed(bigints)), /collide/)
  })

  test('a set or map of 65,537 entries, and a key past 16,383 bytes, are refused', () => {
    isRefused(marked('$set', array(65_537, many(65_537, 1))), /more than 65536 entries/)
    const long = packed('k'.repeat(16_384))
    isRefused(marked('$set', Buffer.concat([Buffer.of(0x91), long])), /key of more than/)
    isRefused(Buffer.concat([Buffer.of(0x81), long, Buffer.of(1)]), /key of more than/)
  })

  test('lengths past the end are not believed', () => {
    for (const head of [0xc6, 0xdb, 0xdd, 0xdf])
      isRefused(Buffer.of(head, 0xff, 0xff, 0xff, 0xff, 1), /cut short|heap|values/)
  })

  test.each([
    ['a reference', packed([1, 2].map((_, __, all) => all))],
    ['an extension', Buffer.of(0xd4, 5, 0)],
    ['a timestamp of MessagePack', Buffer.of(0xd6, 0xff, 0, 0, 0, 1)],
    ['a definition of a record', new Packr({ sequential: true } as object).pack({ a: 1 })],
    ['an undefined of msgpackr', Buffer.of(0xd4, 0, 0)],
    ['the code that is never used', Buffer.of(0xc1)],
    ['a key that is a number', Buffer.of(0x81, 1, 1)],
    ['a key that is nil', Buffer.of(0x81, 0xc0, 1)],
    ['the key __proto__', Buffer.concat([Buffer.of(0x81), text('__proto__'), Buffer.of(1)])],
    ['the key constructor', Buffer.concat([Buffer.of(0x81), text('constructor'), Buffer.of(1)])],
    [
      'the key prototype in a text of one byte of length',
      Buffer.concat([Buffer.of(0x81, 0xd9, 9), Buffer.from('prototype'), Buffer.of(1)]),
    ],
    ['UTF-8 that is cut', Buffer.of(0xa2, 0x61, 0xe2)],
    ['UTF-8 that is overlong', Buffer.of(0xa2, 0xc0, 0x80)],
    ['UTF-8 that is not', Buffer.of(0xd9, 1, 0xff)],
    ['an unknown mark', marked('$x', Buffer.of(1))],
    ['a set of a number', marked('$set', Buffer.of(1))],
    ['a map of three', marked('$map', Buffer.of(0x93, 1, 2, 3))],
    ['a date of a text', marked('$date', text('x'))],
    ['a bigint of words', marked('$bigint', text('ten'))],
    ['a bigint of 200 digits', marked('$bigint', packed('9'.repeat(200)))],
    ['floats of seven bytes', marked('$typedArray7', Buffer.of(0xc4, 7, 0, 0, 0, 0, 0, 0, 0))],
    ['a typed array of an unknown class', marked('$typedArray11', Buffer.of(0xc4, 0))],
    ['an object that is an array', marked('$object', Buffer.of(0x90))],
    ['an object that is bytes', marked('$object', Buffer.of(0xc4, 2, 1, 2))],
    ['a pid without a serial', marked('$pid', text('a@host 1'))],
    ['a pid of a node that has no name', marked('$pid', text('nobody 1 1'))],
    ['a ref past all numbers', marked('$ref', text('a@host 1 9007199254740992'))],
    ['an alias without a key', marked('$alias', text('a@host 1 2'))],
    ['an alias whose key is past 64 bits', marked('$alias', text('a@host 1 2 18446744073709551616'))],
    ['an alias of nothing', marked('$alias', text(''))],
    ['an error without a name', marked('$error', Buffer.of(0x90))],
  ])('%s is refused', (_, bytes) => isRefused(bytes, /./))

  test('the check makes the same count as the measure of the value', () => {
    fc.assert(
      fc.property(value, value => {
        const { nodes } = checkTerm(Buffer.from(codec.encode(value)), bounds)
        expect(nodes).toBe(nodesOf(value))
      }),
    )
  })
})

/** Values in it, as the bounds count them. */
function nodesOf(value: unknown): number {
  const sum = (values: Iterable<unknown>) => [...values].reduce<number>((count, each) => count + nodesOf(each), 1)
  if (Array.isArray(value) || value instanceof Set) return sum(value)
  if (value instanceof Map) return sum([...value].flat())
  if (value instanceof Error) return 5 + (value.cause === undefined ? 0 : nodesOf(value.cause))
  if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) return 1
  // One that looks like a mark counts as its content only.
  const [key, ...others] = Object.keys(value as object)
  const isLikeMark = key?.startsWith('$') === true && others.length === 0
  return sum(Object.values(value as object)) - (isLikeMark ? 1 : 0)
}
