import { MemoryDisk, VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { type Extension, extensionKey } from './extension.ts'
import { startNode } from './start-node.ts'

const dataDir = '/data'
const codeOf = (starting: Promise<unknown>) =>
  starting.then(
    () => 'started',
    error => error.code,
  )
const failing: Extension = { key: extensionKey('fails'), install: () => Promise.reject(new Error('not today')) }

test('a second node is refused the folder of another one, who is named, until that has stopped', async () => {
  const disk = new MemoryDisk()
  const first = await startNode({ name: 'a@host', dataDir, disk })
  const refused = startNode({ name: 'b@host', dataDir, disk })
  await expect(refused).rejects.toThrow(/data folder \/data is in use: .*a@host, started .* holds/)
  expect(await codeOf(refused)).toBe('E_DATA_IN_USE')
  await first.stop()
  await using second = await startNode({ name: 'b@host', dataDir, disk })
  expect(second.creation).toBeGreaterThan(first.creation)
})

test('a start that fails leaves the folder free', async () => {
  const disk = new MemoryDisk()
  await expect(startNode({ dataDir, disk, extensions: [failing] })).rejects.toThrow('not today')
  await disk.replace('/data/creation', new TextEncoder().encode('not a number'))
  expect(await codeOf(startNode({ dataDir, disk }))).toBe('E_CREATION_UNREADABLE')
  await disk.remove('/data/creation')
  await using node = await startNode({ dataDir, disk })
  expect(node.isStopping).toBe(false)
})

test('a folder that cannot be held stops the start, and says why', async () => {
  const disk = new MemoryDisk()
  disk.failNext('lock', Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' }))
  await expect(startNode({ dataDir, disk })).rejects.toMatchObject({
    code: 'E_CREATION_UNREADABLE',
    message: expect.stringContaining('read-only'),
  })
})

test('nodes that share a folder start one after another, and run at the same time', async () => {
  const disk = new MemoryDisk()
  const clock = new VirtualClock()
  let starting = 0
  let atOnce = 0
  const slow: Extension = {
    key: extensionKey('slow'),
    install: async () => {
      atOnce = Math.max(atOnce, ++starting)
      await new Promise<void>(resolve => clock.setTimer(100, resolve))
      starting--
      return { api: undefined }
    },
  }
  const options = { dataDir, disk, clock, shareDataDir: true, extensions: [slow] }
  const nodes = ['a@host', 'b@host', 'c@host'].map(name => startNode({ name, ...options }))
  await clock.advance(1000)
  for (const node of await Promise.all(nodes)) await node.stop()
  expect(atOnce).toBe(1)
})

test('a node that shares a folder gives up after five seconds where another one has it for itself', async () => {
  const disk = new MemoryDisk()
  const clock = new VirtualClock()
  await using _ = await startNode({ name: 'a@host', dataDir, disk })
  let atMs: number | undefined
  const refused = codeOf(startNode({ name: 'b@host', dataDir, disk, clock, shareDataDir: true })).finally(() => {
    atMs = clock.now()
  })
  await clock.advance(10_000)
  expect([await refused, atMs]).toEqual(['E_DATA_IN_USE', 5000])
})
