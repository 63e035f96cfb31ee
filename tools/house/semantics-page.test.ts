// What docs/semantics.md, docs/hostile-peers.md and docs/wire/promises.md promise is what tests hold.
import { describe, expect, test } from 'vitest'
import { listPaths, readText, type TextFile, told } from './project.ts'
import { checkSemantics, titlesOf } from './semantics-page.ts'

describe('the project', () => {
  const paths = new Set(listPaths())
  const read = (path: string) => (paths.has(path) ? { path, text: readText(path) } : undefined)
  const pages = ['docs/semantics.md', 'docs/hostile-peers.md', 'docs/wire/promises.md'].map(path => ({
    path,
    text: readText(path),
  }))

  test.each(pages)('has a test for every row of $path', page => {
    expect(told(checkSemantics(page, read))).toEqual([])
  })

  test('has rows at all, so that the rule reads what it should', () => {
    const rows = pages.map(({ text }) => text.match(/`[^`\s]+\.ts` "/g)?.length ?? 0)
    expect(rows[0]).toBeGreaterThan(100)
    expect(rows[1]).toBeGreaterThan(30)
    expect(rows[2]).toBeGreaterThan(15)
  })
})

describe('the rule', () => {
  const file: TextFile = {
    path: 'a.test.ts',
    text: [
      `test('one', () => {})`,
      'test.fails(`two`, () => {})',
      `test.each([1])('three %d', () => {})`,
      `trial('four', make, run)`,
      'test(`a $' + '{how} five`, () => {})',
      `other('six', '// test("seven")')`,
    ].join('\n'),
  }
  const problems = (...rows: string[]) =>
    told(
      checkSemantics({ path: 'p.md', text: ['| promise | held by |', '|---|---|', ...rows].join('\n') }, path =>
        path === file.path ? file : undefined,
      ),
    )

  test('knows the titles of a file', () => {
    expect([...titlesOf(file)]).toEqual(['one', 'two', 'three %d', 'four', 'a $' + '{how} five'])
  })

  test('allows rows whose tests exist', () => {
    expect(problems('| x | `a.test.ts` "one" |', '| y | `a.test.ts` "two"<br>`a.test.ts` "four" |')).toEqual([])
  })

  test('refuses a row without a test, a file and a title that do not exist', () => {
    expect(
      problems('| x | nothing |', '| y | `b.test.ts` "one" |', '| z | `a.test.ts` "one"<br>`a.test.ts` "six" |'),
    ).toEqual([
      'p.md:3 names no test',
      'p.md:4 names b.test.ts, which is not there',
      'p.md:5 names "six", which is no test of a.test.ts',
    ])
  })
})
