// Sizes, notes to self, waiting tests and index files.
import { describe, expect, test } from 'vitest'
import { readFiles, told } from './project.ts'
import { checkIndex, checkNotes, checkSize, checkWaiting } from './size.ts'

const code = readFiles(/^((packages|examples|bench|tools)\/.*|vitest\.config)\.(ts|mjs|js)$/)

describe('the project', () => {
  test('has files and functions that can be read at once', () => {
    expect(told(code.flatMap(checkSize))).toEqual([])
  })

  test('has no notes to self', () => {
    expect(told(code.flatMap(checkNotes))).toEqual([])
  })

  test('has no test that waits for the wall clock, but those with real OS processes', () => {
    expect(told(code.filter(file => /\.(test|suite)\.ts$/.test(file.path)).flatMap(checkWaiting))).toEqual([])
  })

  test('has index files that only re-export', () => {
    const lists = code.filter(file => /^packages\/[^/]+\/src\/(.*\/)?index\.ts$/.test(file.path))
    expect(told(lists.flatMap(checkIndex))).toEqual([])
  })
})

describe('the rules', () => {
  const path = 'packages/runtime/src/a.ts'
  const filler = (lines: number) => 'x()\n'.repeat(lines)

  test('refuse a long file', () => {
    expect(checkSize({ path, text: filler(400) })).toEqual([])
    expect(told(checkSize({ path, text: filler(401) }))).toEqual([
      `${path}:401 has 401 lines: at most 400, so find the second thing in it`,
    ])
  })

  test.each([
    ['function f () {\n', '}'],
    ['const f = () => {\n', '}'],
    ['class A {\nget f () {\n', '}\n}'],
  ])('refuse a long function: %s', (head, tail) => {
    expect(checkSize({ path, text: head + filler(68) + tail })).toEqual([])
    expect(checkSize({ path, text: head + filler(69) + tail })).toHaveLength(1)
  })

  test('take a describe for a chapter', () => {
    expect(checkSize({ path, text: `describe('x', () => {\n${filler(100)}})` })).toEqual([])
  })

  test('refuse a note to self, and know the field of an error code from one', () => {
    const note = ['TO', 'DO'].join('')
    expect(told(checkNotes({ path, text: `x()\n// ${note}: later` }))).toEqual([
      `${path}:2 has a ${note}: do it, or open an issue`,
    ])
    expect(checkNotes({ path, text: "todo: 'Choose another name.'" })).toEqual([])
  })

  test.each([
    ['await new Promise(go => setTimeout(go, 5))', 'setTimeout'],
    ["import { setTimeout as wait } from 'node:timers/promises'", 'node:timers/promises.setTimeout'],
    ['await sleep(5)', 'sleep'],
  ])('refuse a test that waits: %s', (text, what) => {
    const problem = `waits with ${what}: advance a virtual clock instead`
    expect(told(checkWaiting({ path: 'packages/runtime/src/a.test.ts', text }))).toEqual([
      `packages/runtime/src/a.test.ts:1 ${problem}`,
    ])
    expect(checkWaiting({ path: 'packages/barrel-actors/test/a.test.ts', text })).toEqual([])
  })

  test('refuse an index.ts that does something', () => {
    const text = "export { a } from './a.ts'\nexport type * from './b.ts'\nexport const c = 1\nimport './d.ts'"
    expect(told(checkIndex({ path, text }))).toEqual([
      `${path}:3 index.ts lists, it does not do`,
      `${path}:4 index.ts lists, it does not do`,
    ])
  })
})
