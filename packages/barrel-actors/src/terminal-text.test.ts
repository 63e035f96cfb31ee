import { BarrelError } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { escapeControls, oneLine, show } from './terminal-text.ts'

const esc = '\u001b'

test('control characters and marks that reorder text are written out', () => {
  expect(escapeControls(`a${esc}[31m\r\u0007\u009b\u202e\u2066b\nc`)).toBe(
    'a\\x1b[31m\\x0d\\x07\\x9b\\u202e\\u2066b\nc',
  )
  expect(oneLine('a\n  b\r\nc')).toBe('a b c')
})

test.each([[true], [false]])('nothing in a value reaches the terminal as an escape, colours %s', colors => {
  const nasty = `${esc}]52;c;aGk=\u0007${esc}[2J`
  const error = Object.assign(new Error(nasty), { stack: `Error: ${nasty}`, [nasty]: nasty })
  const values = [nasty, { [nasty]: nasty }, [nasty], new Map([[nasty, nasty]]), error, { error }, Symbol(nasty)]
  for (const value of values) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences begin with an escape
    expect(show(value, colors).replace(/\u001b\[\d{1,2}m/g, '')).not.toContain(esc)
    expect(show(value, colors)).not.toContain('\u0007')
  }
})

test('a value without such characters has colours where they are wanted', () => {
  expect(show({ n: 1 }, true)).toBe(`{ n: ${esc}[33m1${esc}[39m }`)
  expect(show({ n: 1 }, false)).toBe('{ n: 1 }')
})

test('an error of ours takes one line', () => {
  const error = new BarrelError('E_X', { what: 'It {how}.', todo: 'Mend it.' }, { how: 'broke\nin two' })
  expect(show(error, true)).toMatch(/^E_X It broke.in two\. Mend it\.$/)
})
