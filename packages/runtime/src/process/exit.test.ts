import { expect, test } from 'vitest'
import { GenServer } from '../gen-server/gen-server.ts'
import { startNode } from '../start-node.ts'
import type { Self } from './function-process.ts'

const wait = (self: Self) => self.receive()

const traps = async (self: Self) => {
  self.trapExit = true
  for await (const message of self) self.send(self.node.pid, { trapped: message })
}

class Echo extends GenServer {
  override handleCall(request: unknown) {
    return request
  }
}

test('an exit signal ends a process with its reason', async () => {
  await using node = await startNode()
  const { pid, ref } = node.spawnMonitor(wait)
  node.exit(pid, 'enough')
  expect(await node.receive()).toEqual({ kind: 'down', ref, from: pid, reason: 'enough' })
})

test('a normal exit signal from another process is ignored', async () => {
  await using node = await startNode()
  const echo = node.spawn(Echo)
  node.exit(echo, 'normal')
  expect(await node.call(echo, 'alive')).toBe('alive')
})

test('a process that traps exits gets signals as messages, except kill', async () => {
  await using node = await startNode()
  const { pid } = node.spawnMonitor(traps)
  await node.call(node.spawn(Echo), 'it traps now')
  node.exit(pid, 'normal')
  node.exit(pid, 'boom')
  expect(await node.receive()).toEqual({ trapped: { kind: 'exit', from: node.pid, reason: 'normal' } })
  expect(await node.receive()).toEqual({ trapped: { kind: 'exit', from: node.pid, reason: 'boom' } })
  node.exit(pid, 'kill')
  expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'killed' })
})

test('those linked to a killed process see killed, which they can trap', async () => {
  await using node = await startNode()
  const pid = node.spawnLink(wait)
  node.exit(pid, 'kill')
  expect(await node.receive()).toEqual({ kind: 'exit', from: pid, reason: 'killed' })
})

test('a process may end itself normally through a signal, or get it as a message', async () => {
  await using node = await startNode()
  node.spawnMonitor(async self => {
    self.exit(self.pid, 'normal')
    self.send(self.node.pid, 'from the dead')
  })
  expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'normal' })
  node.exit(node.pid, 'normal')
  expect(await node.receive()).toEqual({ kind: 'exit', from: node.pid, reason: 'normal' })
})

test('an exit signal reaches a process by its name', async () => {
  await using node = await startNode()
  const { pid } = node.spawnMonitor(wait)
  node.register('target', pid)
  node.exit({ name: 'target', node: node.name }, 'by name')
  expect(await node.receive()).toMatchObject({ reason: 'by name' })
  node.exit('target', 'nobody there')
})

test('only the first end counts', async () => {
  await using node = await startNode()
  const { pid } = node.spawnMonitor(wait)
  node.exit(pid, 'first')
  node.exit(pid, 'kill')
  expect(await node.receive()).toMatchObject({ reason: 'first' })
  node.send(node.pid, 'nothing more')
  expect(await node.receive()).toBe('nothing more')
})

test('the abort signals of all that end fire after every process has reached its state', async () => {
  await using node = await startNode()
  const seen: unknown[] = []
  const ready: Self[] = []
  const watched = (self: Self) => {
    self.signal.addEventListener('abort', () => seen.push(ready.map(each => each.alive)))
    ready.push(self)
    return self.receive()
  }
  const first = node.spawn(watched)
  node.spawn(self => {
    self.link(first)
    return watched(self)
  })
  await node.call(node.spawn(Echo), 'both run')
  node.exit(first, 'kill')
  expect(seen).toEqual([
    [false, false],
    [false, false],
  ])
})

test('the abort signal of a dead process has fired, whenever it is asked for', async () => {
  await using node = await startNode()
  const selves: Self[] = []
  const { pid } = node.spawnMonitor(self => void selves.push(self))
  expect(await node.receive()).toMatchObject({ from: pid })
  expect(selves[0]?.signal.aborted).toBe(true)
})

test('an abort listener may end and start processes', async () => {
  await using node = await startNode()
  const other = node.spawnMonitor(wait)
  const started = node.spawn(self => {
    self.signal.addEventListener('abort', () => {
      node.exit(other.pid, 'from a listener')
      node.spawn(child => child.send(node.pid, 'child'))
    })
    return self.receive()
  })
  await node.call(node.spawn(Echo), 'it runs')
  node.exit(started, 'kill')
  expect(await node.receive()).toMatchObject({ reason: 'from a listener' })
  expect(await node.receive()).toBe('child')
})

test('a reason that has no text ends processes and calls as any other, and the node goes on', async () => {
  await using node = await startNode()
  const hostile = { error: { message: 'm', name: { toString: 1, valueOf: 1 } } }
  const { pid } = node.spawnMonitor(wait)
  const call = node.call(pid, 'x').catch(error => error.fields.exit)
  node.exit(pid, hostile)
  expect(await call).toBe(hostile)
  expect(await node.receive()).toMatchObject({ kind: 'down', from: pid })
  const next = node.spawnMonitor(wait)
  node.exit(next.pid, 'as ever')
  expect(await node.receive()).toMatchObject({ from: next.pid, reason: 'as ever' })
})
