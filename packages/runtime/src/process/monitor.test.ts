import { expect, test } from 'vitest'
import { startNode } from '../start-node.ts'
import type { Self } from './function-process.ts'
import { processOf } from './process.ts'

const wait = (self: Self) => self.receive()

test('a monitor ends in exactly one down, with the reason of the end', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  const ref = node.monitor(pid)
  node.exit(pid, 'over')
  expect(await node.receive()).toEqual({ kind: 'down', ref, from: pid, reason: 'over' })
  node.exit(pid, 'again')
  node.send(node.pid, 'nothing more')
  expect(await node.receive()).toBe('nothing more')
})

test('monitors stack: each has its own ref and its own down', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  const refs = [node.monitor(pid), node.monitor(pid), node.monitor(pid)]
  expect(node.demonitor(refs[1] as (typeof refs)[0])).toBe(true)
  node.exit(pid, 'over')
  expect([await node.receive(), await node.receive()]).toEqual([
    { kind: 'down', ref: refs[0], from: pid, reason: 'over' },
    { kind: 'down', ref: refs[2], from: pid, reason: 'over' },
  ])
})

test('to monitor what has ended, or a name that nobody holds, brings noproc', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  node.exit(pid, 'kill')
  const refs = [node.monitor(pid), node.monitor('nobody'), node.monitor({ name: 'nobody', node: node.name })]
  expect([await node.receive(), await node.receive(), await node.receive()]).toEqual([
    { kind: 'down', ref: refs[0], from: pid, reason: 'noproc' },
    { kind: 'down', ref: refs[1], from: { name: 'nobody', node: node.name }, reason: 'noproc' },
    { kind: 'down', ref: refs[2], from: { name: 'nobody', node: node.name }, reason: 'noproc' },
  ])
})

test('a monitor by name watches who held the name then, and its down says the name', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  node.register('service', pid)
  const ref = node.monitor('service')
  node.unregister('service')
  node.register('service', node.spawn(wait))
  node.exit(pid, 'over')
  expect(await node.receive()).toEqual({
    kind: 'down',
    ref,
    from: { name: 'service', node: node.name },
    reason: 'over',
  })
})

test('whoever sees a down finds the name free', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  node.register('service', pid)
  node.monitor(pid)
  node.link(pid)
  node.exit(pid, 'over')
  expect(node.whereis('service')).toBeUndefined()
  expect(await node.receive()).toMatchObject({ reason: 'over' })
  node.register('service', node.spawn(wait))
})

test('after demonitor no down comes', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  const ref = node.monitor(pid)
  expect(node.demonitor(ref)).toBe(true)
  expect(node.demonitor(ref)).toBe(false)
  node.exit(pid, 'over')
  node.send(node.pid, 'nothing more')
  expect(await node.receive()).toBe('nothing more')
})

test('a down that is in the mailbox already stays without flush and goes with it', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  const refs = [node.monitor(pid), node.monitor(pid)] as const
  node.exit(pid, 'over')
  node.send(node.pid, { kind: 'down', ref: 'a message that looks like one' })
  node.send(node.pid, null)
  expect(node.demonitor(refs[0])).toBe(false)
  expect(node.demonitor(refs[1], { flush: true })).toBe(false)
  expect(await node.receive()).toMatchObject({ kind: 'down', ref: refs[0] })
  expect(await node.receive()).toMatchObject({ ref: 'a message that looks like one' })
  expect(await node.receive()).toBeNull()
})

test('a flush does not make a waiting receive pass over a message', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  const ref = node.monitor(pid)
  node.exit(pid, 'over')
  node.send(node.pid, 'other')
  const wanted = node.receive({ wanted: true })
  await node.call(node.spawn(answers), 'the receive has looked at both')
  node.demonitor(ref, { flush: true })
  node.send(node.pid, { wanted: true })
  const found = await Promise.race([wanted, node.call(node.spawn(answers), 'time goes on').then(() => 'not found')])
  expect(found).toEqual({ wanted: true })
})

const answers = async (self: Self<{ from: { reply(value: unknown): void } }>) => {
  const { from } = await self.receive()
  await null
  await null
  from.reply('here')
}

test('the watcher may end first', async () => {
  await using node = await startNode()
  const pid = node.spawn(wait)
  const watcher = node.spawn(self => {
    self.monitor(pid)
    self.send(self.node.pid, 'it watches')
    return self.receive()
  })
  expect(await node.receive()).toBe('it watches')
  expect(processOf(pid)?.watches?.size).toBe(1)
  node.exit(watcher, 'kill')
  expect(processOf(pid)?.watches?.size).toBe(0)
  node.monitor(pid)
  node.exit(pid, 'over')
  expect(await node.receive()).toMatchObject({ from: pid, reason: 'over' })
})

test('a process may watch itself, and nobody learns of it', async () => {
  await using node = await startNode()
  const { pid, ref } = node.spawnMonitor(async self => {
    self.monitor(self.pid)
    self.send(self.pid, 'of itself')
    self.send(self.node.pid, await self.receive())
  })
  expect(await node.receive()).toBe('of itself')
  expect(await node.receive()).toEqual({ kind: 'down', ref, from: pid, reason: 'normal' })
  node.send(node.pid, 'nothing more')
  expect(await node.receive()).toBe('nothing more')
})

test('messages sent before the end come before its down', async () => {
  await using node = await startNode()
  node.spawnMonitor(self => {
    for (const message of ['a', 'b', 'c']) self.send(self.node.pid, message)
  })
  expect([await node.receive(), await node.receive(), await node.receive()]).toEqual(['a', 'b', 'c'])
  expect(await node.receive()).toMatchObject({ kind: 'down' })
})
