// Messages that are made to cost more than they weigh. Each is refused, for a reason that it names, within 50 ms and
// without taking more memory than the bounds allow; what follows in the flow is read as ever.

import { describe, expect, test } from 'vitest'
import { hasCode } from '../../errors.ts'
import { Pid } from '../../pid.ts'
import { messageBoundsDefaults as bounds } from '../bounds.ts'
import { collidingBigints, collidingDoubles, collidingIndices, collidingNumbers } from '../collisions.suite.ts'
import { processorMs } from '../processor-time.suite.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { SignalEncoder } from './signal-encoder.ts'

const sender = { name: 'a@host', creation: 7 }
const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, {})
const newDecoder = () => new SignalDecoder({ name: 'b@host', creation: 9, pidOf }, sender)
const MiB = 1024 * 1024

/** Of a message to the name `x`. */
const head = Buffer.of(0x11, 1, 0x81, 0x78)

const bytesOf = (...parts: (number | Uint8Array)[]) =>
  Buffer.concat(parts.map(part => (typeof part === 'number' ? Buffer.of(part) : part)))

/** As in the format: seven bits a byte. */
function whole(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** Why it is refused: for its cost, or because it is malformed. */
function outcomeOf(decoder: SignalDecoder, bytes: Uint8Array, isAlone: boolean): string | undefined {
  try {
    if (isAlone) decoder.decodeAlone(bytes)
    else decoder.decode(bytes)
    return decoder.refusal
  } catch (error) {
    if (!hasCode(error, 'E_SIGNAL_INVALID')) throw error
    return String(error.fields['problem'])
  }
}

/** Measures the cost. Takes the best of five, since the machine may be busy. */
function costOf(bytes: Uint8Array, isAlone: boolean) {
  let problem: string | undefined
  let ms = Number.POSITIVE_INFINITY
  let heapBytes = Number.POSITIVE_INFINITY
  for (let times = 0; times < 5; times++) {
    const decoder = newDecoder()
    const before = process.memoryUsage().heapUsed
    const took = processorMs()
    problem = outcomeOf(decoder, bytes, isAlone)
    ms = Math.min(ms, took())
    heapBytes = Math.min(heapBytes, Math.max(0, process.memoryUsage().heapUsed - before))
  }
  return { problem, ms, heapBytes }
}

function isRefused(bytes: Uint8Array, reason: RegExp, isAlone = false): void {
  const { problem, ms, heapBytes } = costOf(bytes, isAlone)
  expect(problem).toMatch(reason)
  expect(ms).toBeLessThan(50)
  expect(heapBytes).toBeLessThan(bounds.heapPerByteMax * bytes.length + 4 * MiB)
}

const many = (count: number, ...body: number[]) => Buffer.alloc(count * body.length, Buffer.from(body))
const arrayOf = (count: number, elements: Uint8Array) => bytesOf(head, 0xe3, whole(count), elements)

describe('small bytes for large data', () => {
  test.each([
    ['empty maps', [0xe5, 0]],
    ['empty sets', [0xe4, 0]],
    ['empty objects', [0xe2, 0]],
    ['empty arrays', [0xb0]],
    ['empty bytes', [0xe9, 0]],
    ['empty buffers', [0xea, 0]],
    ['empty typed arrays', [0xeb, 7, 0]],
    ['errors', [0xe8, 0x80, 0x80, 0xa9, 0xa9]],
    ['pids', [0xec, 1]],
  ])('thirty thousand %s in a frame are refused before they are made', (_, body) => {
    isRefused(arrayOf(30_000, many(30_000, ...body)), /on the heap/)
  })

  test('four mebibytes of empty maps, which once took 4.2 s and 1.3 GiB, are refused by their count', () => {
    isRefused(arrayOf(2 * MiB, many(2 * MiB, 0xe5, 0)), /more than 100000 values/, true)
  })

  test('mebibytes of empty arrays within each other are refused', () => {
    isRefused(arrayOf(90_000, bytesOf(many(30_000, 0xb1, 0xb1, 0xb0), many(60_000, 0))), /values|heap/, true)
    isRefused(arrayOf(MiB, many(MiB, 0xb1, 0xb1, 0xb0)), /values/, true)
  })

  test('sixty-four mebibytes of empty maps, which once ended the OS process, are refused', () => {
    isRefused(arrayOf(31 * MiB, many(31 * MiB, 0xe5, 0)), /more than 100000 values/, true)
  })

  test('an array of 100,001 values is refused, and one of 99,999 arrives', () => {
    isRefused(arrayOf(100_001, many(100_001, 1)), /more than 100000 values/, true)
    expect(costOf(arrayOf(99_999, many(99_999, 1)), true).problem).toBeUndefined()
  })

  test('bytes that say that they are many are not believed', () => {
    for (const tag of [0xe9, 0xea, 0xa5, 0xa6, 0xa7, 0xe2, 0xe3, 0xe4, 0xe5]) {
      for (const length of [2, 70_000, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1, 2 ** 53, 2 ** 56 - 1]) {
        isRefused(bytesOf(head, tag, whole(length), 1), /cut short|heap|numbers|entries|values/)
      }
    }
  })
})

describe('keys that are chosen to collide', () => {
  const count = 65_536
  const setOf = (keys: readonly Uint8Array[]) => bytesOf(head, 0xe4, whole(keys.length), Buffer.concat(keys))
  const mapOf = (keys: readonly Uint8Array[]) =>
    bytesOf(head, 0xe5, whole(keys.length), Buffer.concat(keys.flatMap(key => [key, Buffer.of(1)])))
  const int = (value: number) => {
    const bytes = Buffer.alloc(5, 0xad)
    bytes.writeInt32LE(value, 1)
    return bytes
  }
  const double = (value: number) => {
    const bytes = Buffer.alloc(9, 0xae)
    bytes.writeDoubleLE(value, 1)
    return bytes
  }
  const bigint = (value: bigint) => {
    const magnitude = Buffer.from(value.toString(16).padStart(24, '0'), 'hex').reverse()
    return bytesOf(0xaf, magnitude.length, magnitude)
  }
  const text = (value: string) => bytesOf(0x80 + value.length, Buffer.from(value))

  test('a set of colliding numbers, which once took 5.1 s, is refused before the first is hashed', () => {
    isRefused(setOf(collidingNumbers(count).map(int)), /collide/, true)
  })

  test('a map of colliding floats is refused', () => {
    isRefused(mapOf(collidingDoubles(count / 2).map(double)), /collide/, true)
  })

  test('a set of colliding bigints is refused', () => {
    isRefused(setOf(collidingBigints(count / 2).map(bigint)), /collide/, true)
  })

  test('a set of colliding texts is refused', () => {
    isRefused(setOf(collidingIndices(count).map(text)), /collide/, true)
  })

  test('a map of keys of several kinds that collide with each other is refused', () => {
    const each = 50
    const keys = [
      collidingNumbers(each).map(int),
      collidingDoubles(each).map(double),
      collidingBigints(each).map(bigint),
    ]
    isRefused(mapOf([...keys.flat(), ...collidingIndices(each).map(text)]), /collide/)
  })

  test('a hundred colliding keys are quick, whatever they are', () => {
    expect(costOf(setOf(collidingNumbers(100).map(int)), false)).toMatchObject({ problem: undefined })
  })

  test('a set or map of 65,537 entries is refused, and one of 65,536 arrives', () => {
    const keys = Array.from({ length: count + 1 }, (_, index) => int(index))
    isRefused(setOf(keys), /more than 65536 entries/, true)
    expect(costOf(setOf(keys.slice(1)), true).problem).toBeUndefined()
    isRefused(mapOf(keys), /more than 65536 entries/, true)
  })

  test('a key of more than 16,383 bytes is refused: V8 hashes such texts by their length alone', () => {
    const long = bytesOf(0xa5, whole(16_384), Buffer.alloc(16_384, 'x'))
    isRefused(bytesOf(head, 0xe4, 1, long), /key of more than/, true)
    isRefused(bytesOf(head, 0xe5, 1, long, 1), /key of more than/, true)
    isRefused(bytesOf(head, 0xe2, 1, long, 1), /key of more than/, true)
    const keys = Array.from({ length: 200 }, (_, place) =>
      bytesOf(0xa5, whole(16_384), Buffer.from(String(place).padStart(16_384, 'x'))),
    )
    isRefused(setOf(keys), /key of more than/, true)
    isRefused(bytesOf(head, 0xe2, whole(200), ...keys.map(key => bytesOf(key, 1))), /key of more than/, true)
  })

  test('objects whose keys are indices take no more than others', () => {
    const objects = ['1000', '1990', '3000'].map(key => bytesOf(0x84, Buffer.from(key), 1))
    const many3 = Buffer.concat(Array.from({ length: 9_000 }, () => bytesOf(0xe2, 3, ...objects)))
    const { problem, ms, heapBytes } = costOf(arrayOf(9_000, many3), true)
    expect([problem, ms < 250, heapBytes < 16 * MiB]).toEqual([undefined, true, true])
    const decoder = newDecoder()
    const { message } = decoder.decode(bytesOf(head, 0xe2, 3, ...objects)) as { message: object }
    expect(Object.entries(message)).toEqual([
      ['1000', 1],
      ['1990', 1],
      ['3000', 1],
    ])
  })
})

describe('definitions', () => {
  const shapeOf = (key: string) => bytesOf(0xe1, 1, 0x80 + key.length, Buffer.from(key), 1)

  test('two thousand shapes, which once held 968 MiB, are refused past 256', () => {
    const shapes = Array.from({ length: 2_000 }, (_, index) => shapeOf(`key ${index}`))
    isRefused(arrayOf(2_000, bytesOf(...shapes)), /too many shapes/)
  })

  test('a flow that defines shapes for ever is refused, and what it defined before stays bounded', () => {
    const decoder = newDecoder()
    const outcomes = Array.from({ length: 300 }, (_, index) =>
      outcomeOf(decoder, bytesOf(head, shapeOf(`key ${index}`)), false),
    )
    expect(outcomes.findIndex(outcome => outcome !== undefined)).toBe(256)
  })

  test('shapes of large keys are refused past their characters, and of more than 64 keys', () => {
    const large = (length: number, place: number) =>
      bytesOf(0xe1, 1, 0xa5, whole(length), Buffer.from(String(place).padStart(length, 'k')), 1)
    const shapes = Array.from({ length: 5 }, (_, place) => large(16_000, place))
    isRefused(arrayOf(5, bytesOf(...shapes)), /too many characters/, true)
    isRefused(bytesOf(head, large(16_384, 1)), /key that is too long/)
    isRefused(bytesOf(head, 0xe1, 65, many(65, 0x81, 97), many(65, 1)), /too many keys/)
  })

  test('a flow that defines texts for ever keeps the newest 1,024', () => {
    const decoder = newDecoder()
    const before = process.memoryUsage().heapUsed
    for (let index = 0; index < 100_000; index++) {
      const text = `text ${index}`
      outcomeOf(decoder, bytesOf(head, 0xa4, 0x80 + text.length, Buffer.from(text)), false)
    }
    expect(decoder.texts.texts).toHaveLength(1_024)
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * MiB)
    // 100,000 = 97 * 1,024 + 672
    expect(decoder.decode(bytesOf(head, 0xa2, 159))).toMatchObject({ message: 'text 99999' })
  })

  test.each([
    ['a text that was never defined', [0xa0, 0]],
    ['a text past the bound', [0xa3, 0xff]],
    ['a text that is defined twice', [0xa4, 0xa4, 0x83, 97, 98, 99]],
    ['a definition of a text that is known', [0xa4, 0xa0, 0]],
    ['a definition of a text that is too short', [0xa4, 0x82, 97, 98]],
    ['a definition of a text that is too long', [0xa4, 0xa5, 32, ...Array<number>(32).fill(97)]],
    ['a definition of something else', [0xa4, 5]],
    ['a shape that was never defined', [0xc0]],
    ['a shape past the bound', [0xe0, 255, 1]],
    ['a shape with a key twice', [0xe1, 2, 0x81, 97, 0x81, 97, 1, 1]],
    ['a shape with a key that is a number', [0xe1, 1, 5, 1]],
    ['a shape with the key constructor', [0xe1, 1, 0x8b, ...Buffer.from('constructor'), 1]],
    ['a shape with the key __proto__', [0xe1, 1, 0x89, ...Buffer.from('__proto__'), 1]],
    ['an object with the key __proto__', [0xe2, 1, 0x89, ...Buffer.from('__proto__'), 1]],
    ['an object with the key prototype', [0xe2, 1, 0x89, ...Buffer.from('prototype'), 1]],
    ['an object with a key that is a number', [0xe2, 1, 5, 1]],
  ])('%s is refused', (_, body) => {
    isRefused(bytesOf(head, Buffer.from(body)), /./)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })
})

describe('what is compiled for shapes', () => {
  test('is nothing for keys so long that they would be kept', () => {
    const key = '\u0001'.repeat(15_000)
    const shape = bytesOf(0xe1, 1, 0xa5, whole(15_000), Buffer.from(key), 1)
    const before = process.memoryUsage().heapUsed
    for (let flow = 0; flow < 100; flow++) {
      const decoder = newDecoder()
      decoder.decode(bytesOf(head, shape))
      for (let use = 0; use < 120; use++) expect(decoder.decode(bytesOf(head, 0xc0, 5))).toBeDefined()
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(48 * MiB)
  })

  test('makes the objects that are made without it, whatever the keys', () => {
    const keys = ['10', 'a', '2', 'x"y', '\u2028', 'then', '\ud800', '', '__defineGetter__']
    const message = { inner: Object.fromEntries(keys.map((key, place) => [key, place])) }
    const encoder = new SignalEncoder(sender)
    const decoder = newDecoder()
    for (let use = 0; use < 300; use++) {
      const signal = { kind: 'send', from: pidOf('a@host', 7, 1), to: 'x', message } as const
      const got = decoder.decode(Uint8Array.from(encoder.encode(signal))) as { message: typeof message }
      expect(JSON.stringify(got.message)).toBe(JSON.stringify(message))
    }
  })
})

describe('bytes that are no value', () => {
  test.each(Array.from({ length: 15 }, (_, place) => 0xf1 + place))('the tag %i is refused', tag => {
    isRefused(bytesOf(head, tag), /unknown tag/)
    isRefused(bytesOf(head, 0xb2, 1, tag), /unknown tag/)
  })

  test.each([
    ['nothing', []],
    ['more than one value', [1, 2]],
    ['a bigint of 65 bytes', [0xaf, 65, ...Array<number>(65).fill(1)]],
    ['a bigint of 127 bytes', [0xaf, 0xff, ...Array<number>(127).fill(1)]],
    ['a typed array of an unknown class', [0xeb, 11, 0]],
    ['floats of seven bytes', [0xeb, 7, 7, 0, 0, 0, 0, 0, 0, 0]],
    ['an error whose name is a number', [0xe8, 5, 0x80, 0xa9, 0xa9]],
    ['a pid of a node that has no name', [0xee, 0x83, 97, 98, 99, 1, 1]],
    ['a pid whose node is a number', [0xee, 5, 1, 1]],
    ['an alias with half a key', [0xf0, 0x83, 97, 64, 98, 1, 1, 0, 0, 0, 0]],
    ['a ref with a number past all numbers', [0xef, 0x83, 97, 64, 98, 1, ...Array<number>(7).fill(0xff), 0x7f]],
    ['a number of nine bytes', [0xec, ...Array<number>(8).fill(0x80), 1]],
    ['UTF-8 that is cut', [0xa7, 3, 0xe2, 0x82, 0x28]],
    ['UTF-8 that is overlong', [0xa7, 2, 0xc0, 0x80]],
    ['UTF-8 with half a surrogate pair', [0xa7, 3, 0xed, 0xa0, 0x80]],
    ['UTF-8 past all characters', [0xa7, 4, 0xf5, 0x80, 0x80, 0x80]],
  ])('%s is refused', (_, body) => {
    isRefused(bytesOf(head, Buffer.from(body)), /./)
  })

  test('data of depth 65 is refused through every container, and of depth 64 arrives', () => {
    const wraps = [[0xb1], [0xe3, 1], [0xe4, 1], [0xe5, 1, 1], [0xe2, 1, 0x81, 97], [0xe7, 0x80, 0x80, 0xa9, 0xa9]]
    for (const wrap of wraps) {
      isRefused(bytesOf(head, many(65, ...wrap), 1), /nested deeper than 64/)
      expect(costOf(bytesOf(head, many(64, ...wrap), 1), false).problem).toBeUndefined()
      isRefused(bytesOf(head, many(20_000, ...wrap), 1), /nested deeper than 64/, true)
    }
  })

  test.each([
    ['nothing', []],
    ['an unknown kind', [0x0e, 1, 1]],
    ['kind 0', [0, 1, 1]],
    ['a target of an unknown form', [0x31, 1, 1, 1]],
    ['a reply with a target', [0x14, 1, 1]],
    ['no target', [1, 1]],
    ['no message', [1, 1, 2]],
    ['a name of 256 characters', [0x11, 1, 0xa5, 0x80, 2, ...Array<number>(256).fill(110), 1]],
    ['a name that is a number', [0x11, 1, 5, 1]],
    ['a name that is a text of the flow', [0x11, 1, 0xa0, 0, 1]],
    ['a link to a name', [0x15, 1, 0x81, 97]],
    ['a call without a ref', [3, 1, 1]],
    ['an exit that is neither of a link nor of none', [10, 1, 1, 2, 1]],
    ['a serial past all numbers', [1, ...Array<number>(7).fill(0xff), 0x7f, 1, 1]],
  ])('a signal that is %s is refused', (_, bytes) => {
    isRefused(Buffer.from(bytes), /./)
  })
})

test('what is sent is held to what the default bounds of a receiver allow, with its place', () => {
  const encode = (message: unknown) => () =>
    new SignalEncoder(sender).encode({ kind: 'send', from: pidOf('a@host', 7, 1), to: 'x', message })
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
  expect(encode({ list: numbers(100_000) })).toThrow(/more than 100000 values at list/)
  expect(encode({ list: new Array(2 ** 32 - 1) })).toThrow(/more than 100000 values at list/)
  expect(encode({ set: new Set(numbers(65_537)) })).toThrow(/more than 65536 entries at set/)
  expect(encode({ a: { ['k'.repeat(MiB + 1)]: 1 } })).toThrow(/a key of more than 16383 bytes at a/)
  expect(encode({ a: new Set(['k'.repeat(MiB + 1)]) })).toThrow(/a key of more than 16383 bytes at a/)
  expect(encode({ a: [2n ** 512n] })).toThrow(/a bigint of more than 64 bytes at a.0/)
  expect(encode({ a: new Set(collidingNumbers(200)) })).toThrow(/collide at a/)
  expect(encode(Array.from({ length: 20_000 }, () => new Map()))).toThrow(/memory than it has bytes at its root/)
  expect(encode({ a: [2n ** 512n - 1n], b: numbers(99_000) })).not.toThrow()
})
