import { applyChanges, changes, fuzz, type Outcome } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { expect, test } from 'vitest'
import { hasCode } from '../errors.ts'
import { limits } from '../limits.ts'
import { Pid } from '../pid.ts'
import type { Signal } from '../signal.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { SignalEncoder } from './signal-encoder.ts'

const sender = { name: 'a@host', creation: 7 }
const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, {})

/** Feeds bytes to a fresh decoder: what comes out is a signal, or the one error. Anything else fails the test. */
function feed(...stream: Uint8Array[]): Signal[] | 'refused' {
  const decoder = new SignalDecoder({ name: 'b@host', creation: 9, pidOf }, sender)
  try {
    return stream.map(bytes => decoder.decode(bytes))
  } catch (error) {
    if (!hasCode(error, 'E_SIGNAL_INVALID')) throw error
    return 'refused'
  }
}

/** As `feed`, and also quick. Twice, since the first may find the machine busy. */
function feedQuickly(bytes: Uint8Array): Signal[] | 'refused' {
  let best = Infinity
  let outcome: Signal[] | 'refused' = 'refused'
  for (let times = 0; times < 3 && best > 50; times++) {
    const start = performance.now()
    outcome = feed(bytes)
    best = Math.min(best, performance.now() - start)
  }
  expect(best).toBeLessThan(50)
  return outcome
}

const samples: unknown[] = [
  { name: 'x', list: [1, 2.5, -0, null, undefined], map: new Map([[{ a: 1 }, 'b']]) },
  [
    new Set([1, 'a']),
    new Date(0),
    2n ** 70n,
    5n,
    new Uint8Array([1, 2]),
    new Float64Array([1]),
    new DataView(new ArrayBuffer(2)),
  ],
  { error: new Error('e', { cause: new TypeError('c') }), pid: pidOf('a@host', 7, 3), other: pidOf('c@host', 1, 3) },
]

function valid(): Uint8Array[] {
  const encoder = new SignalEncoder(sender)
  const from = pidOf('a@host', 7, 1)
  const signals: Signal[] = samples.flatMap((message): Signal[] => [
    { kind: 'send', from, to: 'name', message },
    { kind: 'call', from, to: pidOf('b@host', 9, 2), ref: 4, request: message },
    { kind: 'exit', from, to: pidOf('b@host', 9, 2), reason: message, linked: true },
  ])
  return signals.map(signal => Uint8Array.from(encoder.encode(signal)))
}

/** Of a message to the name `x`. */
const head = Buffer.of(0x94, 1, 1, 0xa1, 0x78)

function outcomeOf(...stream: Uint8Array[]): Outcome {
  const signals = feed(...stream)
  if (signals === 'refused') return signals
  expect(signals.every(({ kind }) => typeof kind === 'string')).toBe(true)
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
  return 'accepted'
}

test('random bytes are refused or are signals', () =>
  fuzz('signals at random', fc.uint8Array({ maxLength: 200 }), bytes => outcomeOf(bytes)))

test('random bytes behind the head of a signal are refused or are signals', () =>
  fuzz('signals behind a head', fc.uint8Array({ maxLength: 100 }), bytes => outcomeOf(Buffer.concat([head, bytes]))))

test('valid bytes with some of them changed are refused or are signals', () => {
  const stream = valid()
  return fuzz('signals', fc.tuple(fc.nat(stream.length - 1), changes), ([index, list]) =>
    outcomeOf(...stream.with(index, applyChanges(stream[index] as Uint8Array, list, stream))),
  )
})

test('every single bit flip of valid bytes is refused or gives signals', () => {
  for (const bytes of valid()) {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const mutated = Uint8Array.from(bytes)
      mutated[bit >> 3] = (mutated[bit >> 3] as number) ^ (1 << (bit & 7))
      feed(mutated)
    }
  }
})

test('valid bytes that are cut short anywhere are refused', () => {
  const stream = valid()
  for (const [index, bytes] of stream.entries()) {
    const before = stream.slice(0, index)
    for (let length = 0; length < bytes.length; length++) {
      expect(feed(...before, bytes.subarray(0, length))).toBe('refused')
    }
  }
})

test('what follows a signal is refused', () => {
  const [bytes] = valid() as [Uint8Array]
  expect(feed(Buffer.concat([bytes, bytes]))).toBe('refused')
  expect(feed(Buffer.concat([bytes, Buffer.from([0xc0])]))).toBe('refused')
})

test('a decoder reads what lies between its two bounds and nothing beyond', () => {
  const [bytes] = valid() as [Uint8Array]
  const decoder = new SignalDecoder({ name: 'b@host', creation: 9, pidOf }, sender)
  const padded = Buffer.concat([Buffer.from([0xc1, 0xc1]), bytes, Buffer.from([0xc1])])
  expect(decoder.decode(padded, 2, 2 + bytes.length)).toMatchObject({ kind: 'send', to: 'name' })
  const text = Buffer.from([0x94, 1, 1, 0xa1, 0x78, 0xa9, ...Buffer.from('secret')])
  expect(() => decoder.decode(Buffer.concat([text, Buffer.from('abc')]), 0, text.length)).toThrow()
})

const bomb = (...body: number[]) => Uint8Array.from([...head, ...body])
const repeated = (times: number, ...body: number[]) =>
  Uint8Array.from([...head, ...Array.from({ length: times }, () => body).flat(), 0xc0])

test.each([
  ['nothing', new Uint8Array()],
  ['an array of four thousand million', bomb(0xdd, 0xff, 0xff, 0xff, 0xff)],
  ['a map of four thousand million', bomb(0xdf, 0xff, 0xff, 0xff, 0xff)],
  ['bytes of four thousand million', bomb(0xc6, 0xff, 0xff, 0xff, 0xff)],
  ['a text of four thousand million', bomb(0xdb, 0xff, 0xff, 0xff, 0xff)],
  ['an extension of four thousand million', bomb(0xc9, 0xff, 0xff, 0xff, 0xff, 0x73)],
  ['nested arrays of 65535', repeated(5000, 0xdc, 0xff, 0xff)],
  ['nested arrays of one', repeated(100_000, 0x91)],
  ['nested maps', repeated(100_000, 0x81)],
  ['nested sets', repeated(20_000, 0xd4, 0x73, 0)],
  ['a regular expression', bomb(0xc7, 5, 0x78, 0x92, 0xa1, 0x28, 0xa0, 0)],
  ['an unknown extension', bomb(0xd4, 0x55, 0)],
  ['a date of MessagePack', bomb(0xd6, 0xff, 0, 0, 0, 1)],
  ['an unknown tag', bomb(0x92, 0xc1, 99)],
  ['a tag that is no number', bomb(0x92, 0xc1, 0x90)],
  ['a mark that stands alone', bomb(0xc1)],
  ['a mark in the wrong place', bomb(0x92, 1, 0xc1)],
])('%s is refused quickly', (_, bytes) => {
  expect(feedQuickly(bytes)).toBe('refused')
})

const packed = (signal: unknown) => Uint8Array.from(new Packr({ sequential: true } as object).pack(signal))

test.each([
  ['a text', 'x'],
  ['an object', { kind: 1 }],
  ['no array', 5],
  ['an empty array', []],
  ['an unknown kind', [99, 1, 'x', 1]],
  ['a kind that is a text', ['send', 1, 'x', 1]],
  ['a sender below zero', [1, -1, 'x', 1]],
  ['half a sender', [1, 1.5, 'x', 1]],
  ['a sender past all numbers', [1, 2 ** 60, 'x', 1]],
  ['no target', [1, 1]],
  ['a target with half a creation', [1, 1, [2, 0.5], 1]],
  ['a name of 256 characters', [1, 1, 'n'.repeat(256), 1]],
  ['a link to a name', [5, 1, 'name']],
  ['a call without a ref', [3, 1, 'x']],
  ['a down without a ref', [9]],
  ['a reply to a negative ref', [4, -1, 1]],
  ['the key constructor', [1, 1, 'x', { constructor: 1 }]],
  ['the key prototype', [1, 1, 'x', [{ prototype: 1 }]]],
])('a signal that is %s is refused', (_, signal) => {
  expect(feed(packed(signal))).toBe('refused')
})

test('an object with the key __proto__ is refused or leaves every prototype alone', () => {
  const map = [0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa5, ...Buffer.from('admin'), 0xc3]
  const outcome = feed(bomb(...map))
  if (outcome !== 'refused') {
    const { message } = outcome[0] as { message: object }
    expect(message instanceof Map || Object.getPrototypeOf(message) === Object.prototype).toBe(true)
  }
  expect(({} as { admin?: boolean }).admin).toBeUndefined()
})

test('data that refers to itself many times over is refused, not walked', () => {
  let shared: unknown[] = ['leaf']
  for (let level = 0; level < 24; level++) shared = [shared, shared]
  const packr = new Packr({ sequential: true, structuredClone: true } as object)
  expect(feedQuickly(packr.pack([1, 1, 'x', shared]))).toBe('refused')
  const circle: unknown[] = []
  circle.push(circle)
  expect(feedQuickly(packr.pack([1, 1, 'x', circle]))).toBe('refused')
  const bytes = new Uint8Array(100_000)
  expect(feedQuickly(packr.pack([1, 1, 'x', Array.from({ length: 10_000 }, () => bytes)]))).toBe('refused')
})

test('a bigint in text past the limit is refused without being read', () => {
  expect(feedQuickly(bomb(0x94, 0xc1, 10, 0xc2, 0xdb, 0, 1, 0, 0, ...Array(65_536).fill(0x66)))).toBe('refused')
  expect(limits.bigintBytesMax * 2).toBeLessThan(65_536)
})
