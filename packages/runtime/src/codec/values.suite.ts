/** Every kind of value that a message may hold, at random, for the properties of both formats. */
import fc from 'fast-check'
import { Pid } from '../pid.ts'
import { AliasRef, Ref } from '../ref.ts'
import { messageBoundsDefaults as bounds } from './bounds.ts'

export const sender = { name: 'a@host', creation: 7 }
export const receiver = { name: 'b@host', creation: 9 }
const home = {}
export const pidOf = (node: string, creation: number, serial: number): Pid => new Pid(node, creation, serial, home)

const codeUnit = fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit))
/** Numbers and lengths at which the form changes. */
const edges = [
  ...[127, 128, -1, 0x7fff, 0x8000, -0x8000, -0x8001, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 53],
  ...[2, 3, 12, 13, 31, 32, 40, 41, 127, 128, 300].map(length => 'x'.repeat(length)),
  ...[2, 3, 12, 13, 31, 32, 40, 41, 127, 128, 300].flatMap(length => ['é'.repeat(length), `${'x'.repeat(length)}你`]),
]

const serial = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const node = fc.constantFrom(sender.name, receiver.name, 'c@elsewhere')
const aliasKey = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const creation = fc.constantFrom(7, 9, 11)
const bigint = fc.bigInt({
  min: -(2n ** BigInt(8 * bounds.bigintBytesMax)) + 1n,
  max: 2n ** BigInt(8 * bounds.bigintBytesMax) - 1n,
})
const key = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('', 'length', 'toString', 'then', '0', 'a"b', 'x\ny', 'hasOwnProperty'),
  )
  .filter(key => !['__proto__', '__proto_', 'constructor', 'prototype'].includes(key))

const bytes = fc.oneof(
  fc.uint8Array(),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  fc.uint8Array().map(array => array.slice().buffer),
  fc.uint8Array({ minLength: 3 }).map(array => new DataView(array.slice().buffer, 1, 2)),
)

const leaf = fc.oneof(
  fc.constantFrom(undefined, null, true, false, 0, -0, Number.NaN, Infinity, -Infinity, '', new Date(Number.NaN)),
  fc.integer(),
  fc.double(),
  fc.maxSafeInteger(),
  fc.string({ unit: 'grapheme' }),
  // Halves of surrogate pairs among them.
  fc.string({ unit: codeUnit, maxLength: 60 }),
  fc.constantFrom(...edges),
  fc.date(),
  bytes,
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  bigint,
  fc.tuple(node, creation, serial).map(parts => pidOf(...parts)),
  fc.tuple(node, creation, serial).map(parts => new Ref(...parts)),
  fc.tuple(node, creation, serial, aliasKey).map(parts => new AliasRef(...parts)),
)

export const { value }: { value: fc.Arbitrary<unknown> } = fc.letrec(tie => {
  const inner = tie('value')
  const error = fc.record({
    name: fc.string(),
    message: fc.string(),
    code: fc.option(fc.string()),
    cause: fc.option(inner),
  })
  return {
    value: fc.oneof(
      { maxDepth: 5, depthIdentifier: 'value' },
      { weight: 4, arbitrary: leaf },
      { weight: 2, arbitrary: fc.array(inner, { maxLength: 5 }) },
      { weight: 3, arbitrary: fc.dictionary(key, inner, { maxKeys: 5, noNullPrototype: true }) },
      { weight: 1, arbitrary: fc.array(fc.tuple(inner, inner), { maxLength: 4 }).map(entries => new Map(entries)) },
      { weight: 1, arbitrary: fc.array(inner, { maxLength: 4 }).map(items => new Set(items)) },
      {
        weight: 1,
        arbitrary: error.map(({ name, message, code, cause }) => {
          const made = cause === null ? new Error(message) : new Error(message, { cause })
          return Object.assign(made, { name }, code === null ? {} : { code })
        }),
      },
    ),
  }
})
