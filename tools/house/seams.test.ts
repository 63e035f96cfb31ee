// Protocol cores do no I/O, have no clock and no chance; the rest takes them from the node.
import { describe, expect, test } from 'vitest'
import { readFiles, type TextFile, told } from './project.ts'
import { checkCores, checkSeams, coreExceptions } from './seams.ts'

const sources = readFiles(/^packages\/[^/]+\/src\/.*\.ts$/)

describe('the project', () => {
  test('has no I/O, clock or chance in a protocol core', () => {
    expect(told(checkCores(sources))).toEqual([])
  })

  test('touches time, chance, files and sockets in its seams only', () => {
    expect(told(sources.flatMap(checkSeams))).toEqual([])
  })
})

describe('the rule for cores', () => {
  const core = (text: string, name = 'messages.ts'): TextFile => ({
    path: `packages/membership/src/view/${name}`,
    text,
  })
  const state = core('export const step = 1', 'state.ts')

  test.each([
    ['Date.now()', 'Date.now'],
    ['queueMicrotask(run)', 'queueMicrotask'],
    ["import { createHash } from 'node:crypto'", 'node:crypto.createHash'],
    ["import { readFile } from 'node:fs'", 'node:fs.readFile'],
    ["import { systemClock } from '@barrel-actors/runtime'", 'systemClock'],
  ])('refuses %s', (text, what) => {
    const rule = 'a protocol core touches nothing'
    expect(told(checkCores([state, core(text)]))).toEqual([
      `packages/membership/src/view/messages.ts:1 uses ${what}: ${rule}`,
    ])
  })

  test('follows what a core imports', () => {
    const stamp = { path: 'packages/membership/src/stamp.ts', text: '\nexport const stamp = () => Date.now()' }
    const user = core("import { stamp } from '../stamp.ts'")
    expect(told(checkCores([state, user, stamp]))).toEqual([
      `${stamp.path}:2 uses Date.now: the protocol core ${user.path} uses this file`,
    ])
    expect(checkCores([state, core("import type { stamp } from '../stamp.ts'"), stamp])).toEqual([])
  })

  test('leaves tests and other folders alone', () => {
    const beside = { path: 'packages/membership/src/wire.ts', text: 'Date.now()' }
    expect(checkCores([state, core('Date.now()', 'state.test.ts'), beside])).toEqual([])
  })

  test('has no exception for a file that is gone or does not need it', () => {
    const used = ([path, what]: [string, readonly string[]]) => {
      const file = sources.find(source => source.path === path)
      return file !== undefined && what.every(name => file.text.includes(name.split('.').at(-1) ?? name))
    }
    expect(Object.entries(coreExceptions).filter(entry => !used(entry))).toEqual([])
  })
})

describe('the rule for seams', () => {
  const problems = (path: string, text: string) =>
    checkSeams({ path, text }).map(({ problem }) => problem.split(':')[0])

  test.each([
    ['Date.now()'],
    ['Math.random()'],
    ['setTimeout(run, 1)'],
    ['setImmediate(run)'],
    ['process.hrtime()'],
    ['performance.now()'],
    ["import 'node:fs/promises'"],
    ["import { createSocket } from 'node:dgram'"],
    ["import { randomBytes } from 'node:crypto'"],
    ['crypto.randomUUID()'],
  ])('refuses %s in ordinary code', text => {
    expect(problems('packages/runtime/src/node.ts', text)).toHaveLength(1)
  })

  test('allows it in the seams, the shells and the tests', () => {
    for (const path of ['clock/system-clock.ts', 'turns.ts', 'node.test.ts']) {
      expect(problems(`packages/runtime/src/${path}`, 'setTimeout(run, 1)')).toEqual([])
    }
    expect(problems('packages/dist-quic/src/quic/endpoint.ts', "import 'node:dgram'")).toEqual([])
  })

  test('leaves alone what a replay repeats', () => {
    expect(problems('packages/runtime/src/node.ts', "import { isIP } from 'node:net'")).toEqual([])
    expect(problems('packages/runtime/src/node.ts', "import { createHash } from 'node:crypto'\nnew Date(ms)")).toEqual(
      [],
    )
  })
})
