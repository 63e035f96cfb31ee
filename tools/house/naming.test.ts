// Names of files and tests, and the words that the runtime does not know.
import { describe, expect, test } from 'vitest'
import { checkPath, checkRuntimeWords, checkTitles } from './naming.ts'
import { listPaths, readFiles, told } from './project.ts'

describe('the project', () => {
  test('names files and folders in kebab-case, and has no drawer', () => {
    const paths = listPaths().filter(path => /^(packages|examples|bench|tools|docs)\//.test(path))
    expect(told(paths.flatMap(checkPath))).toEqual([])
  })

  test('has no word of the layers above in the runtime', () => {
    expect(told(readFiles(/^packages\/runtime\/src\/.*\.ts$/).flatMap(checkRuntimeWords))).toEqual([])
  })

  test('has titles that say what should happen, and leaves no test out without a reason', () => {
    expect(told(readFiles(/\.(test|suite)\.ts$/).flatMap(checkTitles))).toEqual([])
  })
})

describe('the rule for paths', () => {
  const problems = (path: string) => checkPath(path).map(({ problem }) => problem)

  test.each([
    ['packages/runtime/src/utils.ts', 'is called utils.ts: name it after what it holds'],
    ['packages/runtime/src/misc/ring.ts', 'is called misc: name it after what it holds'],
    ['packages/runtime/src/helper.test.ts', 'is called helper.test.ts: name it after what it holds'],
    ['packages/runtime/src/RingBuffer.ts', 'is called RingBuffer.ts: names are in kebab-case'],
    ['packages/runtime/src/ring_buffer.ts', 'is called ring_buffer.ts: names are in kebab-case'],
  ])('refuses %s', (path, problem) => {
    expect(problems(path)).toEqual([problem])
  })

  test.each([
    ['packages/dist-quic/src/ormap.prop.test.ts'],
    ['packages/runtime/README.md'],
    ['packages/runtime/LICENSE'],
  ])('allows %s', path => {
    expect(problems(path)).toEqual([])
  })
})

describe('the rule for words', () => {
  test('sees them in names, comments and strings', () => {
    const text = 'class QUICCarrier {}\n// a cluster of nodes\nthrow new Error("gossip")\nconst quick = 1'
    expect(told(checkRuntimeWords({ path: 'packages/runtime/src/a.ts', text }))).toEqual([
      'packages/runtime/src/a.ts:1 says "QUIC": the runtime knows no layer above it',
      'packages/runtime/src/a.ts:2 says "cluster": the runtime knows no layer above it',
      'packages/runtime/src/a.ts:3 says "gossip": the runtime knows no layer above it',
    ])
    expect(checkRuntimeWords({ path: 'packages/dist-quic/src/a.ts', text })).toEqual([])
  })
})

describe('the rule for titles', () => {
  const problems = (text: string) => checkTitles({ path: 'a.test.ts', text }).map(({ problem }) => problem)

  test.each([
    ["test.only('a late reply is dropped', run)", 'test.only leaves every other test out'],
    [
      "test.skip('a late reply is dropped', run)",
      '"a late reply is dropped" is left out: say why in the title, in parentheses',
    ],
    ["test.skipIf(mac)('a path', run)", '"a path" is left out: say why in the title, in parentheses'],
    ["test('t010', run)", '"t010" is a number: say what should happen'],
    ["it('case 2', run)", '"case 2" is a number: say what should happen'],
    ["describe('mailbox_3', run)", '"mailbox_3" is a number: say what should happen'],
    ["test('keeps order, see #6411', run)", '"keeps order, see #6411" names an issue: say what should happen'],
    ["test('fixes issue 12', run)", '"fixes issue 12" names an issue: say what should happen'],
  ])('judges %s', (text, problem) => {
    expect(problems(text)).toEqual(problem === undefined ? [] : [problem])
  })

  test.each([
    ["test('the serial of the first process is 1', run)"],
    ["test.skipIf(mac)('a second path takes over (needs 127.0.0.2, which macOS lacks)', run)"],
    ["test.each([1, 2])('a burst of %s', run)"],
    ["expect(test.skip).toBe(1); other('case 2')"],
  ])('allows %s', text => {
    expect(problems(text)).toEqual([])
  })
})
