import { expect, test } from 'vitest'
import { runtimeError } from './errors.ts'
import { describe, type ErrorInfo, reasonOf } from './exit-reason.ts'

test('an error becomes plain data with its name, message, code, stack and callback', () => {
  const error = Object.assign(new RangeError('too far'), { code: 'E_FAR' })
  expect(reasonOf(error, 'handleCast')).toEqual({
    error: { name: 'RangeError', message: 'too far', code: 'E_FAR', callback: 'handleCast', stack: error.stack },
  })
})

test('causes are kept four deep', () => {
  let error = new Error('0')
  for (let depth = 1; depth <= 9; depth++) error = new Error(`${depth}`, { cause: error })
  const messages: string[] = []
  for (let info: ErrorInfo | undefined = reasonOf(error).error; info !== undefined; info = info.cause) {
    messages.push(info.message)
  }
  expect(messages).toEqual(['9', '8', '7', '6', '5'])
})

test('a cause that goes in a circle comes to an end', () => {
  const error = new Error('round')
  error.cause = error
  expect(reasonOf(error).error.cause?.message).toBe('round')
})

test('what is thrown without being an error is described', () => {
  expect(reasonOf('just text').error).toEqual({ name: 'Thrown', message: 'just text' })
  expect(reasonOf({ a: 1 }).error).toEqual({ name: 'Thrown', message: '{"a":1}' })
  expect(reasonOf(undefined).error.message).toBe('undefined')
})

test('a reason is described in a few words', () => {
  expect(describe('normal')).toBe('normal')
  expect(describe(reasonOf(new TypeError('no'), 'init'))).toBe('TypeError: no in init')
  expect(describe({ shutdown: 'weekend' })).toBe('{"shutdown":"weekend"}')
  expect(describe(runtimeError('E_NO_CARRIER', { node: 'a@h', target: 'b@h' }))).toContain('{')
  for (const reason of [undefined, null, 0, 5n, Symbol('s'), () => 1]) expect(typeof describe(reason)).toBe('string')
})

const circle: Record<string, unknown> = Object.create(null)
circle['self'] = circle
const unprintable: [string, unknown][] = [
  ['a circle without a prototype', circle],
  ['an error whose name has no text', { error: { message: 'm', name: { toString: 1, valueOf: 1 } } }],
  ['an error whose name is a symbol', { error: { message: 'm', name: Symbol('s') } }],
  ['a bigint beside broken conversions', { big: 1n, toString: 1, valueOf: 1 }],
  [
    'a getter that throws',
    {
      get error() {
        throw new Error('got')
      },
    },
  ],
  ['a revoked proxy', revoked()],
]

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

test.each(unprintable)('%s is described without a throw', (_, reason) => {
  expect(typeof describe(reason)).toBe('string')
})

test.each(unprintable)('%s can be thrown by a process', (_, thrown) => {
  expect(typeof reasonOf(thrown).error.message).toBe('string')
})

test('an error whose fields throw or are no texts becomes texts all the same', () => {
  const error = new Error('x')
  Object.defineProperty(error, 'message', {
    get: () => {
      throw new Error('got')
    },
  })
  expect(typeof reasonOf(error).error.message).toBe('string')
  const odd = Object.assign(new Error('x'), { name: Symbol('s'), message: { not: 'text' }, stack: [1, 2] })
  const info = reasonOf(odd).error
  expect([typeof info.name, typeof info.message, typeof info.stack]).toEqual(['string', 'string', 'undefined'])
})
