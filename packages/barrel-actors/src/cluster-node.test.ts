import type { Disk } from '@barrel-actors/runtime'
import { extensionKey } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { startNode } from './cluster-node.ts'
import { Membership, Quic, sharedDirectory } from './index.ts'

/** Files in memory. */
function memoryDisk(): Disk & { readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>()
  return {
    files,
    read: async path => files.get(path),
    replace: async (path, bytes) => void files.set(path, bytes.slice()),
    remove: async path => void files.delete(path),
    lock: async () => ({ release: async () => {} }),
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

test('a node is told to others by the host of its name and the port that it has bound', async () => {
  const told: unknown[] = []
  const notes = () => ({
    name: 'notes',
    resolve: async () => undefined,
    register: async (...given: unknown[]) => void told.push(given),
  })
  const quic = { listenPort: 0, address: '127.0.0.1' }
  const named = ['c@localhost', 'd@10.1.2.3', 'e@0.0.0.0', 'f@169.254.1.1']
  const ports = new Map<string, number>()
  for (const name of named) {
    await using node = await startNode({ name, disk: memoryDisk(), quic, membership: { discovery: [notes] } })
    ports.set(name, node.extension(Quic).address.port)
  }
  // What nobody may dial is told to nobody.
  expect(told).toEqual([
    ['c@localhost', [{ host: 'localhost', port: ports.get('c@localhost') }]],
    ['d@10.1.2.3', [{ host: '10.1.2.3', port: ports.get('d@10.1.2.3') }]],
  ])
})

test('the endpoints that are given are told in place of that', async () => {
  const disk = memoryDisk()
  const endpoints = [{ host: '10.0.0.9', port: 9_109 }]
  await using _node = await startNode({
    name: 'g@10.0.0.7',
    disk,
    quic: { listenPort: 0, address: '127.0.0.1' },
    membership: { endpoints, discovery: [sharedDirectory({ folder: 'shared' })] },
  })
  const [file] = [...disk.files].filter(([path]) => path.startsWith('shared/'))
  expect(JSON.parse(new TextDecoder().decode(file?.[1]))).toMatchObject({ node: 'g@10.0.0.7', endpoints })
})

test('tools take no part in membership', async () => {
  const quic = { listenPort: 0, address: '127.0.0.1' }
  const cookie = 'one that nobody can guess'
  for (const kind of [{ hidden: true }, { cookieOnly: true, cookie }]) {
    await using node = await startNode({ name: 'h@127.0.0.1', disk: memoryDisk(), quic: { ...quic, ...kind } })
    expect(() => node.extension(Membership)).toThrow(expect.objectContaining({ code: 'E_EXTENSION_MISSING' }))
  }
})

test('contact nodes are given as an option of their own or of membership, and refused when they are none', async () => {
  const quic = { listenPort: 0, address: '127.0.0.1' }
  await using a = await startNode({ name: 'i@127.0.0.1', disk: memoryDisk(), quic })
  const contactNodes = [`${a.name}:${a.extension(Quic).address.port}`]
  await using b = await startNode({ name: 'j@127.0.0.1', disk: memoryDisk(), quic, contactNodes })
  await using c = await startNode({ name: 'k@127.0.0.1', disk: memoryDisk(), quic, membership: { contactNodes } })
  await expect
    .poll(() => [b, c].map(node => node.extension(Membership).activeView().includes(a.name)))
    .toEqual([true, true])
  const refused = startNode({ name: 'l@127.0.0.1', disk: memoryDisk(), quic, contactNodes: ['nobody'] })
  await expect(refused).rejects.toMatchObject({ code: 'E_MEMBERSHIP_OPTION_INVALID' })
})

test('an option that is undefined is one that is not given', async () => {
  const quic = { listenPort: 0, address: undefined } as object
  await using a = await startNode({ name: 'm@127.0.0.1', disk: memoryDisk(), quic })
  const { host, port } = a.extension(Quic).address
  expect(host).toBe('127.0.0.1')
  const nothing = {
    extensions: undefined,
    addresses: undefined,
    scheduler: { sliceMs: undefined },
    watching: undefined,
  }
  const membership = {
    contactNodes: undefined,
    endpoints: undefined,
    hyparview: { activeViewMax: undefined },
  } as object
  const contactNodes = [`${a.name}:${port}`]
  await using b = await startNode({
    name: 'n@127.0.0.1',
    disk: memoryDisk(),
    quic,
    contactNodes,
    membership,
    ...(nothing as object),
  })
  await expect.poll(() => b.extension(Membership).activeView()).toEqual([a.name])
})

test.each([
  [{ contactNode: [] }, 'E_OPTION_INVALID', 'did you mean contactNodes'],
  [{ data_dir: 'x' }, 'E_OPTION_INVALID', 'did you mean dataDir'],
  [{ scheduler: { sliceMS: 1 } }, 'E_OPTION_INVALID', 'did you mean sliceMs'],
  [{ watching: { longCallbacksMs: 1 } }, 'E_OPTION_INVALID', 'did you mean longCallbackMs'],
  [{ messageBounds: { nodeMax: 1 } }, 'E_OPTION_INVALID', 'did you mean nodesMax'],
  [{ quic: { port: 1 } }, 'E_QUIC_OPTION_INVALID', 'no such option'],
  [{ quic: { listen_port: 1 } }, 'E_QUIC_OPTION_INVALID', 'did you mean listenPort'],
  [{ membership: { contacts: [] } }, 'E_MEMBERSHIP_OPTION_INVALID', 'no such option'],
  [{ membership: { hyparview: { activeView: 5 } } }, 'E_MEMBERSHIP_OPTION_INVALID', 'did you mean activeViewMax'],
])('the options %j are refused, with the nearest name', async (options, code, problem) => {
  const given = { name: 'o@127.0.0.1', disk: memoryDisk(), quic: { listenPort: 0 }, ...options }
  await expect(startNode(given as object)).rejects.toMatchObject({ code, message: expect.stringContaining(problem) })
})
