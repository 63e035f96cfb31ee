import type { Disk } from '@barrel-actors/runtime'
import { extensionKey } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { startNode } from './cluster-node.ts'
import { Quic } from './index.ts'

/** Files in memory. */
function memoryDisk(): Disk & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>()
  return {
    files,
    read: async path => files.get(path),
    replace: async (path, bytes) => void files.set(path, bytes.slice()),
    remove: async path => void files.delete(path),
    list: async folder => [...files.keys()].filter(path => path.startsWith(`${folder}/`)),
  }
}

test('a node without a name stays by itself and keeps nothing', async () => {
  const disk = memoryDisk()
  await using node = await startNode({ disk })
  expect(node.name).toBe('nonode@nohost')
  expect(() => node.extension(Quic)).toThrow(/E_EXTENSION_MISSING|not installed/)
  expect(disk.files.size).toBe(0)
})

test('a node with a name is reached over QUIC and keeps its files under its name', async () => {
  const disk = memoryDisk()
  await using node = await startNode({
    name: 'a@127.0.0.1',
    disk,
    quic: { listenPort: 0, address: '127.0.0.1' },
  })
  expect(node.extension(Quic).address.port).toBeGreaterThan(0)
  expect(node.extension(Quic).fingerprint).toMatch(/^[0-9a-f]{4}(:[0-9a-f]{4}){15}$/)
  expect([...disk.files.keys()].every(path => path.startsWith('data/a@127.0.0.1/'))).toBe(true)
  expect([...disk.files.keys()]).toContain('data/a@127.0.0.1/keys/node.key')
})

test('further extensions come after ours', async () => {
  const key = extensionKey<string>('mine')
  const mine = { key, needs: [Quic], install: async () => ({ api: 'here' }) }
  await using node = await startNode({
    name: 'b@127.0.0.1',
    disk: memoryDisk(),
    quic: { listenPort: 0, address: '127.0.0.1' },
    extensions: [mine],
  })
  expect(node.extension(key)).toBe('here')
})

test('a name that is not valid touches nothing', async () => {
  const disk = memoryDisk()
  await expect(startNode({ name: '../../etc', disk })).rejects.toMatchObject({ code: 'E_NODE_NAME_INVALID' })
  expect(disk.files.size).toBe(0)
})
