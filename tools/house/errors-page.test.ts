// docs/errors.md says what the code says. `npm run docs:errors` writes it.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CodeTable, checkCodes, readCodes, writePage } from './errors-page.ts'
import { readManifests, root, told } from './project.ts'

const packages = await readCodes(readManifests())

describe('the project', () => {
  test('has the codes of every package in docs/errors.md, and none that do not exist', async () => {
    await expect(writePage(packages), 'out of date: npm run docs:errors').toMatchFileSnapshot(
      join(root, 'docs/errors.md'),
    )
  })

  test('says in one sentence what happened and in one what to do', () => {
    expect(told(checkCodes(packages))).toEqual([])
  })
})

describe('the rule', () => {
  const sample = (codes: CodeTable, name = 'a') => ({ name, path: `packages/${name}/src/errors.ts`, codes })
  const problems = (codes: CodeTable) => checkCodes([sample(codes)]).map(({ problem }) => problem)
  const good = { what: 'The port {port} is in use.', todo: 'Choose another port.' }

  test('writes a section for each code under its package', () => {
    expect(writePage([sample({ E_PORT_IN_USE: good })])).toContain(
      '\n## a\n\n### E_PORT_IN_USE\n\nThe port {port} is in use.\n\nWhat to do: Choose another port.\n',
    )
  })

  test('refuses a code in two packages', () => {
    expect(checkCodes([sample({ E_A: good }), sample({ E_A: good }, 'b')]).map(({ problem }) => problem)).toEqual([
      'E_A is a code of a already',
    ])
  })

  test('refuses a code of another form', () => {
    expect(problems({ EPortInUse: good })).toEqual(['EPortInUse is not of the form E_UPPER_SNAKE'])
  })

  test.each([['The port is in use'], ['The port is in use. Another is free.'], ['the port is in use.'], ['']])(
    'refuses what is not one sentence: %s',
    what => {
      expect(problems({ E_A: { ...good, what } })).toHaveLength(1)
    },
  )

  test.each([['Write it like seed@10.0.0.1:9100.'], ['{name} is taken, by node.js for one.']])('allows %s', todo => {
    expect(problems({ E_A: { ...good, todo } })).toEqual([])
  })
})
