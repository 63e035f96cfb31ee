// The figures of docs/hostile-peers.md: found, written, and there.
import { expect, test } from 'vitest'
import { readText } from '../house/project.ts'
import { figureOf, patternOf, rowsOf, rowsWithoutFigure, withFigures } from './hostile-page.mjs'

const page = [
  '| promise | answer | memory | held by |',
  '|---|---|---|---|',
  '| H1: one | none | at most 5 | `a.test.ts` "first"<br>`b.test.ts` "second %s" |',
  '| H2: two | none | at most 6; held 12 MiB, left 0.3 | `a.test.ts` "third" |',
  '',
  '| other | table |',
  '| x | y |',
].join('\n')

const MiB = 1024 * 1024
const held = (most: number, left: number) => ({ title: 't', heldBytes: most * MiB, leftBytes: left * MiB })

test('the rows of the page name their tests', () => {
  expect(rowsOf(page)).toEqual([
    {
      line: 2,
      promise: 'H1: one',
      tests: [
        { path: 'a.test.ts', title: 'first' },
        { path: 'b.test.ts', title: 'second %s' },
      ],
    },
    { line: 3, promise: 'H2: two', tests: [{ path: 'a.test.ts', title: 'third' }] },
  ])
})

test('a figure is the worst of the tests of a row, and takes the place of the one before', () => {
  expect(figureOf([held(1.2, 0.5), held(3.1, 0.1)])).toBe('held 4 MiB, left 0.5')
  const written = withFigures(
    page,
    new Map([
      [2, [held(1.2, 0.5)]],
      [3, [held(7, 0)]],
    ]),
  ).split('\n')
  expect(written[2]).toContain('| at most 5; held 2 MiB, left 0.5 | `a.test.ts`')
  expect(written[3]).toContain('| at most 6; held 7 MiB, left 0.0 | `a.test.ts`')
  expect(withFigures(page, new Map())).toBe(page)
})

test('a title becomes a pattern that finds it, whatever is filled in', () => {
  expect('a (b) 5 c').toMatch(new RegExp(patternOf('a (b) %i c')))
  expect('a xbx 5 c').not.toMatch(new RegExp(patternOf('a (b) %i c')))
})

test('every row of the page says what was held', () => {
  expect(rowsWithoutFigure(page)).toEqual(['H1: one'])
  expect(rowsWithoutFigure(readText('docs/hostile-peers.md'))).toEqual([])
})
