import { afterEach, expect, test } from 'vitest'
import {
  call,
  cast,
  defaultNode,
  demonitor,
  exit,
  link,
  monitor,
  nodes,
  register,
  send,
  spawn,
  spawnLink,
  spawnMonitor,
  unlink,
  unregister,
  whereis,
} from './default-node.ts'
import { GenServer } from './gen-server/gen-server.ts'
import type { Self } from './process/function-process.ts'
import { startNode } from './start-node.ts'

const wait = (self: Self) => self.receive()

afterEach(() => defaultNode().stop())

test('before a named node is started, the default node is nonode@nohost, which reaches nobody else', async () => {
  expect(defaultNode().name).toBe('nonode@nohost')
  expect(defaultNode()).toBe(defaultNode())
  expect(nodes()).toEqual([])
  expect(send({ name: 'x', node: 'b@host' }, 1)).toBe(true)
})

test('the first named node is the default one until it stops', async () => {
  const first = await startNode({ name: 'first@host' })
  const second = await startNode({ name: 'second@host' })
  await startNode()
  expect(defaultNode()).toBe(first)
  await first.stop()
  expect(defaultNode().name).toBe('nonode@nohost')
  await second.stop()
})

test('outside a callback the functions act for the root process of the default node', async () => {
  const node = defaultNode()
  const { pid, ref } = spawnMonitor(async self => {
    self.send(self.node.pid, await self.receive())
  })
  send(pid, 'there and back')
  expect(await node.receive()).toBe('there and back')
  expect(await node.receive()).toEqual({ kind: 'down', ref, from: pid, reason: 'normal' })
  const linked = spawnLink(wait)
  exit(linked, 'boom')
  expect(await node.receive()).toEqual({ kind: 'exit', from: linked, reason: 'boom' })
  const other = spawn(wait)
  link(other)
  unlink(other)
  expect(demonitor(monitor(other))).toBe(true)
  exit(other, 'unseen')
  register('root', node.pid)
  expect(whereis('root')).toBe(node.pid)
  expect(unregister('root')).toBe(true)
  send(node.pid, 'nothing more')
  expect(await node.receive()).toBe('nothing more')
})

test('inside a callback the functions act for the process whose callback runs', async () => {
  await using node = await startNode({ name: 'a@host' })
  class Acts extends GenServer {
    override handleCall() {
      const child = spawnLink(wait)
      monitor(child)
      exit(child, 'normal')
      register('acts', this.pid)
      return child
    }
    override handleInfo(message: unknown) {
      send('nobody', message)
      cast('nobody', message)
      call(this.pid, message).catch(error => send(node.pid, error.code))
    }
    override handleCast() {
      exit('acts', 'by itself')
    }
  }
  const { pid } = node.spawnMonitor(Acts)
  const child = (await node.call(pid, '')) as typeof pid
  expect(child.node).toBe('a@host')
  expect(node.whereis('acts')).toBe(pid)
  const letters: unknown[] = []
  node.events.on('deadLetter', ({ from }) => letters.push(from))
  send(pid, '')
  expect(await node.receive()).toBe('E_CALL_SELF')
  expect(letters).toEqual([pid, pid])
  cast(pid, '')
  expect(await node.receive()).toMatchObject({ kind: 'down', from: pid, reason: 'by itself' })
  node.monitor(child)
  expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'noproc' })
})

test('a callback that has returned or awaits is not acted for any more', async () => {
  await using node = await startNode({ name: 'a@host' })
  const child = node.spawn(async () => {
    await null
    const started = spawn(wait)
    send(node.pid, started.serial)
    spawnLink(self => self.exit('linked to the root, not to the one who waited'))
    await new Promise(() => {})
  })
  expect(await node.receive()).toBeGreaterThan(child.serial)
  expect(await node.receive()).toMatchObject({ kind: 'exit', reason: 'linked to the root, not to the one who waited' })
  class Awaits extends GenServer {
    override async handleCall() {
      await null
    }
  }
  await node.call(node.spawn(Awaits), '')
  const linked = spawnLink(self => self.exit('linked to the root, not to the one who answered'))
  expect(node.processInfo(linked)?.parent).toBe(node.pid)
  expect(await node.receive()).toMatchObject({
    from: linked,
    reason: 'linked to the root, not to the one who answered',
  })
})

test('a pid needs no default node: it is reached on the node where it lives', async () => {
  const node = await startNode({ name: 'first@host' })
  await using other = await startNode({ name: 'second@host' })
  class Echo extends GenServer {
    override handleCall(request: unknown) {
      return request
    }
  }
  const echo = other.spawn(Echo)
  expect(await call(echo, 'x')).toBe('x')
  send(other.pid, 'to the other')
  expect(await other.receive()).toBe('to the other')
  await node.stop()
})
