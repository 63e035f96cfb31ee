import { expect, test } from 'vitest'
import type { AnyPid } from '../pid.ts'
import { startNode } from '../start-node.ts'
import type { Self } from './function-process.ts'

/** Waits for ever: ends only by a signal. */
const wait = (self: Self) => self.receive()

/** Does what the root asks it to: acts as a process while the test looks on. */
const acts = async (self: Self<(self: Self) => void>) => {
  for await (const act of self) act(self as Self)
}

test('an abnormal end ends every process that is linked, with the same reason', async () => {
  await using node = await startNode()
  for (const who of ['the one that linked', 'the other']) {
    const actor = node.spawnMonitor(acts)
    const other = node.spawnMonitor(acts)
    node.send(actor.pid, self => self.link(other.pid))
    node.send(actor.pid, self => self.send(self.node.pid, 'linked'))
    expect(await node.receive()).toBe('linked')
    node.send(who === 'the other' ? other.pid : actor.pid, self => self.exit({ boom: 1 }))
    const downs = [await node.receive(), await node.receive()]
    for (const { pid, ref } of [actor, other])
      expect(downs).toContainEqual({ kind: 'down', ref, from: pid, reason: { boom: 1 } })
  }
})

test('a normal end leaves the linked process alone', async () => {
  await using node = await startNode()
  const actor = node.spawn(acts)
  const other = node.spawn(wait)
  node.send(actor, self => self.link(other))
  node.send(actor, self => self.exit('normal'))
  const ref = node.monitor(actor)
  expect(await node.receive()).toMatchObject({ ref, reason: 'normal' })
  node.register('still here', other)
})

test('a process that traps exits gets them as messages, the normal ones too', async () => {
  await using node = await startNode()
  const ends = (reason: unknown) => node.spawnLink(self => self.exit(reason))
  const pids = [ends('normal'), ends('boom'), ends('kill')]
  const got = [await node.receive(), await node.receive(), await node.receive()]
  expect(got).toEqual([
    { kind: 'exit', from: pids[0], reason: 'normal' },
    { kind: 'exit', from: pids[1], reason: 'boom' },
    { kind: 'exit', from: pids[2], reason: 'kill' },
  ])
})

test('a link may be set from either side and however often: it is one link', async () => {
  await using node = await startNode()
  const other = node.spawn(acts)
  for (let times = 0; times < 3; times++) {
    node.link(other)
    node.send(other, self => self.link(self.node.pid))
  }
  node.send(other, self => self.exit('once'))
  expect(await node.receive()).toMatchObject({ reason: 'once' })
  node.send(node.pid, 'nothing more')
  expect(await node.receive()).toBe('nothing more')
})

test('one unlink from either side takes the link away', async () => {
  await using node = await startNode()
  for (const side of ['here', 'there']) {
    const { pid, ref } = node.spawnMonitor(acts)
    node.link(pid)
    node.link(pid)
    if (side === 'here') node.unlink(pid)
    else node.send(pid, self => self.unlink(self.node.pid))
    node.send(pid, self => self.exit('unseen'))
    expect(await node.receive()).toEqual({ kind: 'down', ref, from: pid, reason: 'unseen' })
    node.send(node.pid, 'nothing more')
    expect(await node.receive()).toBe('nothing more')
  }
})

test('to link a process that has ended is answered with noproc', async () => {
  await using node = await startNode()
  const gone = node.spawn(wait)
  node.exit(gone, 'kill')
  node.link(gone)
  expect(await node.receive()).toEqual({ kind: 'exit', from: gone, reason: 'noproc' })
  const { pid } = node.spawnMonitor(self => {
    self.link(gone)
    throw new Error('not reached')
  })
  expect(await node.receive()).toMatchObject({ kind: 'down', from: pid, reason: 'noproc' })
})

test('a process may link to itself without effect', async () => {
  await using node = await startNode()
  node.link(node.pid)
  node.unlink(node.pid)
  const { pid } = node.spawnMonitor(self => self.link(self.pid))
  expect(await node.receive()).toMatchObject({ kind: 'down', from: pid, reason: 'normal' })
})

test('thirty thousand processes linked in a chain end without a stack overflow', async () => {
  await using node = await startNode()
  const last = node.spawnMonitor(wait)
  const chain: AnyPid[] = [last.pid]
  for (let length = 0; length < 30_000; length++) {
    const before = chain.at(-1) as AnyPid
    chain.push(
      node.spawn(self => {
        self.link(before)
        return self.receive()
      }),
    )
  }
  await node.call(node.spawn(answers), 'all have started', { timeoutMs: Infinity })
  node.exit(chain.at(-1) as AnyPid, 'domino')
  expect(await node.receive()).toMatchObject({ from: last.pid, reason: 'domino' })
})

const answers = async (self: Self<{ from: { reply(value: unknown): void } }>) => {
  const { from } = await self.receive()
  from.reply('here')
}

test('a ring of linked processes ends once each', async () => {
  await using node = await startNode()
  const pids: AnyPid[] = []
  for (let index = 0; index < 5; index++) {
    const { pid } = node.spawnMonitor(acts)
    pids.push(pid)
  }
  for (const pid of pids)
    node.send(
      pid as never,
      ((self: Self) => {
        for (const other of pids) self.link(other)
      }) as never,
    )
  node.send(pids[2] as never, ((self: Self) => self.exit('ring')) as never)
  for (const _ of pids) expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'ring' })
  node.send(node.pid, 'nothing more')
  expect(await node.receive()).toBe('nothing more')
})

test('what a process starts with spawnLink is linked before its code runs', async () => {
  await using node = await startNode()
  const pid = node.spawnLink(() => {
    throw new RangeError('at once')
  })
  expect(await node.receive()).toMatchObject({ kind: 'exit', from: pid, reason: { error: { message: 'at once' } } })
})

test('processFlag sets whether exits are trapped, and gives what it was', async () => {
  await using node = await startNode()
  const was: unknown[] = []
  const pid = node.spawn(async self => {
    was.push(self.processFlag('trapExit', true), self.trapExit)
    const exit = await self.receive()
    was.push(self.processFlag('trapExit', false), exit)
    await self.receive()
  })
  node.monitor(pid)
  await new Promise(setImmediate)
  node.exit(pid, 'first')
  await new Promise(setImmediate)
  node.exit(pid, 'second')
  expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'second' })
  expect(was).toEqual([false, true, true, { kind: 'exit', from: node.pid, reason: 'first' }])
})
