import { expect, test } from 'vitest'
import { BarrelError, codes, errorsOf, hasCode, runtimeError } from './errors.ts'

test('an error says what happened, then what to do about it', () => {
  const error = runtimeError('E_NAME_TAKEN', { name: 'metrics', pid: '<a@h.1.2>' })
  expect(error.message).toBe('The name metrics is held by <a@h.1.2>. Choose another name, or unregister it first.')
  expect(error.todo).toBe('Choose another name, or unregister it first.')
  expect(error.fields).toEqual({ name: 'metrics', pid: '<a@h.1.2>' })
})

test('errors are told apart by code, never by text', () => {
  const error = runtimeError('E_NO_CARRIER')
  expect(hasCode(error, 'E_NO_CARRIER')).toBe(true)
  expect(hasCode(error, 'E_NAME_TAKEN')).toBe(false)
  expect(hasCode(Object.assign(new Error('x'), { code: 'E_NO_CARRIER' }), 'E_NO_CARRIER')).toBe(false)
  expect(error).toBeInstanceOf(BarrelError)
})

test('a cause is kept, and none is made up', () => {
  const cause = new Error('disk full')
  expect(runtimeError('E_NO_CARRIER', {}, cause).cause).toBe(cause)
  expect('cause' in runtimeError('E_NO_CARRIER')).toBe(false)
})

test('control characters of a field cannot break the line or steer a terminal', () => {
  const name = 'a\r\nINFO forged\u001b[2Jx\u0000\u007f\u009b\u2028\u2029'
  const { message } = runtimeError('E_NAME_TAKEN', { name, pid: 1 })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be gone
  expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
  expect(message).toContain('a\ufffd\ufffdINFO forged\ufffd[2Jx')
})

test('a long field is cut', () => {
  const { message } = runtimeError('E_NAME_TAKEN', { name: 'n'.repeat(100_000), pid: 1 })
  expect(message.length).toBeLessThan(500)
  expect(message).toContain('nnn…')
})

test('a field is put in as it is, never read as a place for another field', () => {
  const error = errorsOf({ E_X: { what: '{a} {b}.', todo: 'Do.' } })('E_X', { a: '{b} $& $1', b: 'two' })
  expect(error.message).toBe('{b} $& $1 two. Do.')
})

test('a field that has no text does not keep the error from being made', () => {
  const hostile = [Object.create(null), { toString: 1, valueOf: 1 }, Symbol('s'), undefined, null, 12n]
  for (const name of hostile) expect(runtimeError('E_NAME_INVALID', { name }).code).toBe('E_NAME_INVALID')
})

test('every code says in one sentence each what happened and what to do', () => {
  for (const [code, { what, todo }] of Object.entries(codes)) {
    expect(code).toMatch(/^E_[A-Z_]+$/)
    expect(`${what}\n${todo}`).toMatch(/^\S.*\.\n\S.*\.$/)
  }
})
