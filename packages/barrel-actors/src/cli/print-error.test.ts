import { hasCode, parseAddress } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { commandLineError } from '../errors.ts'
import { errorText, exitCodeOf, problemOf } from './print-error.ts'

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}

test('an error of ours is one line with its code and what to do', () => {
  const error = commandLineError('E_FLAG_UNKNOWN', { flag: '--prot', suggestion: '--port' })
  expect(errorText(error, {})).toBe('barrel-actors: E_FLAG_UNKNOWN There is no flag --prot. Use --port.\n')
})

test('any other error is one line that says where it was thrown', () => {
  const error = new TypeError('no\nway')
  error.stack = `TypeError: no\nway\n    at read (node:fs:1:1)\n    at f (file:///home/me/app.mjs:3:7)\n`
  expect(errorText(error, {})).toBe('barrel-actors: TypeError: no way (at /home/me/app.mjs:3:7)\n')
  expect(errorText('just text', {})).toBe("barrel-actors: 'just text'\n")
})

test('the stack and the causes come with DEBUG', () => {
  const cause = new Error('deep down')
  const error = commandLineError('E_UNCAUGHT', { problem: problemOf(cause) }, cause)
  const text = errorText(error, { DEBUG: '1' })
  expect(text).toContain('[cause]: Error: deep down')
  expect(text).toContain('    at ')
})

test('what somebody else wrote cannot move the cursor', () => {
  expect(errorText(new Error('\u001b[2J'), {})).toContain('\\x1b[2J')
})

test('wrong use exits with another code than failure', () => {
  const invalid = thrownBy(() => parseAddress('nobody'))
  expect(hasCode(invalid, 'E_NODE_NAME_INVALID')).toBe(true)
  expect(exitCodeOf(invalid)).toBe(2)
  expect(exitCodeOf(commandLineError('E_MODULE_UNLOADABLE', { path: 'x', problem: 'y' }))).toBe(2)
  expect(exitCodeOf(commandLineError('E_MODULE_FAILED', { path: 'x', problem: 'y' }))).toBe(1)
  expect(exitCodeOf(new Error('anything'))).toBe(1)
})
