import { expect, test } from 'vitest'
import { extensionKey } from './extension.ts'
import type { AnyPid } from './pid.ts'
import type { Self } from './process/function-process.ts'
import { startNode } from './start-node.ts'

const wait = (self: Self) => self.receive()
const code = (code: string) => expect.objectContaining({ code })

test('a registered process is found and reached by its name', async () => {
  await using node = await startNode({ name: 'a@host' })
  node.register('root', node.pid)
  expect(node.whereis('root')).toBe(node.pid)
  node.send('root', 1)
  node.send({ name: 'root', node: 'a@host' }, 2)
  expect([await node.receive(), await node.receive()]).toEqual([1, 2])
  node.send('nobody', 3)
})

test('a name has one holder, and a process one name', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  node.register('name', pid)
  expect(() => node.register('name', node.pid)).toThrow(code('E_NAME_TAKEN'))
  expect(() => node.register('name', pid)).toThrow(code('E_NAME_TAKEN'))
  expect(() => node.register('other', pid)).toThrow(code('E_PROCESS_NAMED'))
  expect(node.unregister('name')).toBe(true)
  node.register('other', pid)
  expect(node.registeredNames()).toEqual(['other'])
})

test('a name is free again when it is unregistered and when its process ends', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  node.register('name', pid)
  node.exit(pid, 'kill')
  expect([node.whereis('name'), node.unregister('name')]).toEqual([undefined, false])
  expect(() => node.register('name', pid)).toThrow(code('E_PROCESS_DEAD'))
  node.register('name', node.pid)
})

test('a process that gave its name away does not free it for the new holder when it ends', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  node.register('name', pid)
  node.unregister('name')
  node.register('name', node.pid)
  node.exit(pid, 'kill')
  expect(node.whereis('name')).toBe(node.pid)
})

test('what is no name is refused', async () => {
  await using node = await startNode()
  for (const name of ['', 'n'.repeat(256), 5, undefined, null, {}]) {
    expect(() => node.register(name as string, node.pid)).toThrow(code('E_NAME_INVALID'))
  }
  for (const name of ['__proto__', 'constructor', 'n'.repeat(255)]) expect(node.whereis(name)).toBeUndefined()
})

test('a process of another node cannot be registered, not even of one with the same name and creation', async () => {
  const clock = { now: () => 0, wall: () => 5000, setTimer: () => ({ cancel() {}, keepAlive() {} }) }
  await using one = await startNode({ clock })
  await using other = await startNode({ clock })
  one.spawn(wait)
  const pid = other.spawn(wait)
  expect(() => one.register('stranger', pid)).toThrow(code('E_PROCESS_DEAD'))
})

test('the root process traps exits, links and watches as any process does', async () => {
  await using node = await startNode()
  const pid = node.spawnLink(self => self.exit('boom'))
  expect(await node.receive()).toEqual({ kind: 'exit', from: pid, reason: 'boom' })
})

test('without a carrier other nodes are out of reach, and each verb says so in its own way', async () => {
  await using node = await startNode({ name: 'a@host' })
  const far = { name: 'x', node: 'b@host' }
  expect(node.send(far, 1)).toBe(true)
  expect(node.cast(far, 1)).toBe(true)
  await expect(node.call(far, 1)).rejects.toMatchObject({ code: 'E_NO_CARRIER' })
  await expect(node.connect('b@host')).rejects.toMatchObject({ code: 'E_NO_CARRIER' })
  const ref = node.monitor(far)
  expect(await node.receive()).toEqual({ kind: 'down', ref, from: far, reason: 'noconnection' })
  expect(await node.connect('a@host')).toBe('a@host')
  await expect(node.connect('a@host:9100')).rejects.toMatchObject({ code: 'E_ADDRESS_OWN' })
})

test('a name behind an extension is resolved by it, at every use', async () => {
  const held = new Map<string, AnyPid>()
  await using node = await startNode({
    extensions: [
      {
        key: extensionKey('names'),
        async install(host) {
          host.addNameResolver('test', { whereis: name => held.get(name) as never })
          expect(() => host.addNameResolver('test', { whereis: () => undefined })).toThrow(code('E_EXTENSION_INVALID'))
          return { api: undefined }
        },
      },
    ],
  })
  const to = { via: 'test', name: 'service' }
  expect(node.send(to, 'nobody holds it')).toBe(true)
  await expect(node.call(to, 'x')).rejects.toMatchObject({ fields: { exit: 'noproc' } })
  held.set('service', node.pid)
  node.send(to, 'held')
  expect(await node.receive()).toBe('held')
  const other = node.spawn(async self => self.send(self.node.pid, ['other', await self.receive()]))
  held.set('service', other)
  node.send(to, 'held anew')
  expect(await node.receive()).toEqual(['other', 'held anew'])
  held.delete('service')
  await expect(node.call(to, 'x')).rejects.toMatchObject({ fields: { exit: 'noproc' } })
})

test('a refusal or a throw of a resolver of addresses counts as not knowing, and the next is asked', async () => {
  let resolve: ((node: string) => Promise<unknown>) | undefined
  await using node = await startNode({
    addresses: ['known@host:9'],
    extensions: [
      {
        key: extensionKey('addresses'),
        async install(host) {
          host.addAddressResolver({ resolve: () => Promise.reject(new Error('no network')) })
          host.addAddressResolver({
            resolve: () => {
              throw new Error('broken')
            },
          })
          host.addAddressResolver({ resolve: () => undefined })
          host.addAddressResolver({ resolve: () => [] })
          host.addAddressResolver({
            resolve: node => (node === 'b@host' ? [{ host: '10.0.0.2', port: 7 }] : undefined),
          })
          resolve = host.resolveAddress
          return { api: undefined }
        },
      },
    ],
  })
  expect(await resolve?.('b@host')).toEqual([{ host: '10.0.0.2', port: 7 }])
  expect(await resolve?.('c@host')).toEqual([])
  expect(await resolve?.('known@host')).toEqual([{ host: 'host', port: 9 }])
  expect(node.addAddress('c@host')).toEqual({ node: 'c@host' })
})
