import { expect, test } from 'vitest'
import { Pid } from '../pid.ts'
import { Ref } from '../ref.ts'
import { matches } from './pattern.ts'

test('a predicate decides by what it returns', () => {
  const isEven = (message: number) => message % 2 === 0
  expect(matches(isEven, 2)).toBe(true)
  expect(matches(isEven, 3)).toBe(false)
})

test('a shape fits a message that has its fields and more', () => {
  expect(matches({ kind: 'down' }, { kind: 'down', reason: 'normal' })).toBe(true)
  expect(matches({ kind: 'down', reason: 'normal' }, { kind: 'down' })).toBe(false)
})

test('a shape inside a shape must fit too', () => {
  expect(matches({ user: { id: 1 } }, { user: { id: 1, name: 'a' } })).toBe(true)
  expect(matches({ user: { id: 1 } }, { user: { id: 2 } })).toBe(false)
  expect(matches({ user: { id: 1 } }, { user: null })).toBe(false)
})

test('no shape fits what is not an object', () => {
  for (const message of [null, undefined, 1, 'text', true]) expect(matches({ a: 1 }, message)).toBe(false)
  expect(matches({}, null)).toBe(false)
})

test('an empty shape fits every object', () => {
  expect(matches({}, {})).toBe(true)
  expect(matches({}, [])).toBe(true)
})

test('values are compared as Object.is does', () => {
  expect(matches({ n: Number.NaN }, { n: Number.NaN })).toBe(true)
  expect(matches({ n: null }, { n: undefined })).toBe(false)
})

test('pids and refs fit by value, not by identity', () => {
  const pid = () => new Pid('a@host', 1, 2, {})
  const ref = (id: number) => new Ref('a@host', 1, id)
  expect(matches({ from: pid(), ref: ref(3) }, { from: pid(), ref: ref(3) })).toBe(true)
  expect(matches({ ref: ref(3) }, { ref: ref(4) })).toBe(false)
  expect(matches({ from: pid() }, { from: '<a@host.1.2>' })).toBe(false)
})
