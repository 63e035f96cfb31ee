// What npm run fuzz says, what it takes, and that it finds every decoder.
import { expect, test } from 'vitest'
import { readFiles } from '../house/project.ts'
import { decodersOf, readArguments, tell } from './fuzz-report.mjs'

test('the decoders of a file are found, whatever the rest of their calls', () => {
  const text = "test('x', () => fuzz('one', a, b))\nreturn fuzz(\n  'two of them', c)\nconst fuzzy = defuzz('three')"
  expect(decodersOf('a.test.ts', text)).toEqual([
    { file: 'a.test.ts', decoder: 'one' },
    { file: 'a.test.ts', decoder: 'two of them' },
  ])
})

test('no two decoders of the project have one name', () => {
  const files = readFiles(/^packages\/[^/]+\/src\/.*\.test\.ts$/)
  const names = files.flatMap(({ path, text }) => decodersOf(path, text)).map(({ decoder }) => decoder)
  expect(names.length).toBeGreaterThan(20)
  expect(new Set(names).size).toBe(names.length)
})

const line = { decoder: 'frames', inputs: 1_000, accepted: 1, refused: 999, seconds: 1.6, seed: -7, heldBytes: 2 ** 21 }

test('a line says what came of a decoder, and of one that failed how to see it again', () => {
  expect(tell(line)).toBe('frames: 1,000 inputs, 1 accepted, 999 refused, 2 s, 2 MiB, seed -7')
  expect(tell({ ...line, path: '3:1' })).toContain("npm run fuzz -- --seed -7 --path 3:1 'frames'")
})

test('arguments are read, and refused where they make no sense', () => {
  expect(readArguments([])).toEqual({ inputs: '1000000' })
  expect(readArguments(['--inputs', '50', '--seed', '-3', '--path', '1:0', 'frames'])).toEqual({
    inputs: '50',
    seed: '-3',
    path: '1:0',
    decoder: 'frames',
  })
  for (const wrong of [['--inputs'], ['--inputs', '0'], ['--seed', 'x'], ['--other', '1'], ['a', 'b']]) {
    expect(readArguments(wrong)).toBeUndefined()
  }
})
