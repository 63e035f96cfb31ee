import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Node, startNode } from '@barrel-actors/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { findModule, loadModule } from './module.ts'

let folder: string
let node: Node

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barrel-actors-module-'))
})

afterAll(() => rm(folder, { recursive: true }))

beforeEach(async () => {
  node = await startNode({ name: 'module@test' })
})

afterEach(() => node.stop())

async function write(name: string, code: string): Promise<string> {
  await writeFile(join(folder, name), code)
  return findModule(join(folder, name))
}

test('the default export is given the node, and awaited', async () => {
  const path = await write('app.mjs', 'export default async node => { await null; node.register("app", node.pid) }')
  await loadModule(path, node)
  expect(node.whereis('app')).toBe(node.pid)
})

test('a module without a function to call is just loaded', async () => {
  await loadModule(await write('plain.mjs', 'globalThis.plainModuleRan = true'), node)
  expect(globalThis).toHaveProperty('plainModuleRan', true)
  await loadModule(await write('class.mjs', 'export default class Server {}'), node)
  await loadModule(await write('value.mjs', 'export default { just: "data" }'), node)
})

test.each([
  ['syntax.mjs', 'this is no code', /cannot be loaded: \w*Error: /],
  ['throws.mjs', 'throw new TypeError("not today")', /cannot be loaded: TypeError: not today \(at .*throws\.mjs:1:7\)/],
  ['missing.mjs', 'import "no-such-package-anywhere"', /cannot be loaded: .*no-such-package-anywhere/],
])('a module that cannot be loaded is refused with the reason: %s', async (name, code, message) => {
  const path = await write(name, code)
  await expect(loadModule(path, node)).rejects.toMatchObject({
    code: 'E_MODULE_UNLOADABLE',
    message: expect.stringMatching(message),
  })
})

test('what the default export throws has a code of its own', async () => {
  const path = await write('fails.mjs', 'export default async () => { throw new RangeError("too much") }')
  await expect(loadModule(path, node)).rejects.toMatchObject({
    code: 'E_MODULE_FAILED',
    message: expect.stringContaining('RangeError: too much'),
  })
})

test('a file that is not there is refused before anything is started', () => {
  expect(() => findModule(join(folder, 'nothing.mjs'))).toThrow(/there is no such file/)
  expect(() => findModule(folder)).toThrow(/it is not a file/)
})
