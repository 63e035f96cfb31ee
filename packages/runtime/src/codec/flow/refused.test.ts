import { expect, test } from 'vitest'
import { BarrelError } from '../../errors.ts'
import { Pid } from '../../pid.ts'
import { messageBoundsDefaults as bounds } from '../bounds.ts'
import { SignalDecoder } from './signal-decoder.ts'
import { SignalEncoder } from './signal-encoder.ts'

const life = { name: 'a@host', creation: 7 }
const pidOf = (node: string, creation: number, serial: number) => new Pid(node, creation, serial, {})
const from = pidOf('a@host', 7, 1)

const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)])
const circle: { self?: unknown } = {}
circle.self = circle

class Account {
  owner = 'me'
}
const detached = new Uint8Array(8)
structuredClone(detached, { transfer: [detached.buffer] })

const inList = (value: unknown) => ({ list: [0, { deep: value }] })
const bad: [string, unknown][] = [
  ['a function', () => 1],
  ['a class', Account],
  ['a symbol', Symbol('s')],
  ['an instance of a class', new Account()],
  ['a promise', Promise.resolve(1)],
  ['a weak map', new WeakMap()],
  ['a regular expression', /x/],
  ['a boxed number', Object(1)],
  [
    'a proxy that throws',
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trap')
        },
      },
    ),
  ],
  [
    'a getter that throws',
    {
      get deeper() {
        throw new Error('got')
      },
    },
  ],
  ['a bigint past the limit', 2n ** BigInt(8 * bounds.bigintBytesMax)],
  ['an own key __proto__', JSON.parse('{"__proto__":{"admin":true}}')],
  ['the key that msgpackr makes of __proto__', { __proto_: 1 }],
  ['the key constructor', { constructor: 1 }],
  ['the key prototype', { prototype: 1 }],
]

function encoded(encoder: SignalEncoder, message: unknown): unknown {
  try {
    return encoder.encode({ kind: 'send', from, to: 'name', message })
  } catch (error) {
    return error
  }
}

function arrives(encoder: SignalEncoder, message: unknown): unknown[] {
  const decoder = new SignalDecoder({ name: 'b@host', creation: 1, pidOf }, life)
  return [decoder.decode(encoded(encoder, message) as Uint8Array)]
}

test.each(bad)('%s is refused with the place where it is', (_, value) => {
  const encoder = new SignalEncoder(life)
  const error = encoded(encoder, inList(value))
  expect(error).toBeInstanceOf(BarrelError)
  expect(error).toMatchObject({ code: 'E_MESSAGE_INVALID' })
  expect((error as BarrelError).fields['path']).toMatch(/^list\.1\.deep/)
  expect((encoded(encoder, value) as BarrelError).fields['path']).toMatch(/^(its root|deeper)$/)
})

test.each(bad)('after %s the stream goes on, and the next place is right', (_, value) => {
  const encoder = new SignalEncoder(life)
  const decoder = new SignalDecoder({ name: 'b@host', creation: 1, pidOf }, life)
  const received: unknown[] = []
  const send = (message: unknown) => {
    const bytes = encoded(encoder, message)
    if (bytes instanceof Uint8Array) received.push((decoder.decode(bytes) as { message: unknown }).message)
    return bytes
  }
  send({ shape: 1, of: 'first' })
  send({ shape: 2, of: 'second', and: { fresh: value } })
  expect(send({ other: value })).toMatchObject({ fields: { path: expect.stringMatching(/^other/) } })
  send({ shape: 3, of: 'third' })
  send({ shape: 4, of: 'fourth', and: { fresh: 1 } })
  expect(received).toEqual([
    { shape: 1, of: 'first' },
    { shape: 3, of: 'third' },
    { shape: 4, of: 'fourth', and: { fresh: 1 } },
  ])
})

test('a circle and data past the depth are refused; the depth itself arrives', () => {
  const encoder = new SignalEncoder(life)
  expect(encoded(encoder, circle)).toMatchObject({ code: 'E_MESSAGE_INVALID' })
  expect(encoded(encoder, nested(bounds.depthMax))).toMatchObject({ code: 'E_MESSAGE_INVALID' })
  expect(arrives(encoder, nested(bounds.depthMax - 1))).toHaveLength(1)
})

test.each([
  ['a date', new Date(1)],
  ['minus zero', -0],
  ['a big bigint', 2n ** 90n],
  ['a pid', from],
  ['bytes', new Uint8Array(2)],
  ['floats', new Float32Array(2)],
  ['an empty set', new Set()],
  ['an empty map', new Map()],
  ['an error', new Error('x')],
])('%s arrives at the greatest depth that is allowed', (_, value) => {
  const wrap = (depth: number): unknown => (depth === 0 ? value : [wrap(depth - 1)])
  expect(arrives(new SignalEncoder(life), wrap(bounds.depthMax - 1))).toHaveLength(1)
})

test('the depth is bounded through sets, maps, errors and objects alike', () => {
  const wraps: ((value: unknown) => unknown)[] = [
    value => new Set([value]),
    value => new Map([[value, 1]]),
    value => new Map([[1, value]]),
    value => new Error('x', { cause: value }),
    value => ({ value }),
  ]
  for (const wrap of wraps) {
    let message: unknown = 1
    for (let depth = 0; depth < bounds.depthMax; depth++) message = wrap(message)
    expect(arrives(new SignalEncoder(life), message)).toHaveLength(1)
    expect(encoded(new SignalEncoder(life), wrap(message))).toMatchObject({ code: 'E_MESSAGE_INVALID' })
  }
})

test('bytes whose buffer was given away are refused or empty, without another error', () => {
  const outcome = encoded(new SignalEncoder(life), { buffer: detached.buffer })
  expect(outcome instanceof Uint8Array || (outcome as BarrelError).code === 'E_MESSAGE_INVALID').toBe(true)
})

test('a view of a buffer that was given away is refused, and bytes of nothing are not', () => {
  expect(encoded(new SignalEncoder(life), { view: detached })).toMatchObject({ code: 'E_MESSAGE_INVALID' })
  expect(encoded(new SignalEncoder(life), { view: new Uint8Array() })).toBeInstanceOf(Uint8Array)
})
