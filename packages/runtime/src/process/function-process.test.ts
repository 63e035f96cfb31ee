import { expect, test } from 'vitest'
import { startNode } from '../start-node.ts'
import type { Self } from './function-process.ts'

test('a function that returns ends normally, sync or async', async () => {
  await using node = await startNode()
  node.spawnMonitor(() => 'ignored')
  node.spawnMonitor(async () => 'ignored')
  for (const _ of [1, 2]) expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'normal' })
})

test('a function that throws ends with what it threw, sync or async', async () => {
  await using node = await startNode()
  node.spawnMonitor(() => {
    throw new TypeError('sync')
  })
  node.spawnMonitor(async () => {
    await null
    throw 'async'
  })
  expect(await node.receive()).toMatchObject({ reason: { error: { name: 'TypeError', message: 'sync' } } })
  expect(await node.receive()).toMatchObject({ reason: { error: { name: 'Thrown', message: 'async' } } })
})

test('exit inside a function ends it with that reason, sync or after an await', async () => {
  await using node = await startNode()
  node.spawnMonitor(self => self.exit('sync'))
  node.spawnMonitor(async self => {
    await null
    self.exit('async')
  })
  expect(await node.receive()).toMatchObject({ reason: 'sync' })
  expect(await node.receive()).toMatchObject({ reason: 'async' })
})

test('receive takes the messages in the order they came', async () => {
  await using node = await startNode()
  const pid = node.spawn(async self => {
    const got = [await self.receive(), await self.receive(), await self.receive()]
    self.send(self.node.pid, got)
  })
  for (const message of [1, undefined, null]) node.send(pid, message)
  expect(await node.receive()).toEqual([1, undefined, null])
})

test('a selective receive takes the oldest that fits and leaves the others in order', async () => {
  await using node = await startNode()
  for (const message of ['a', 1, 'b', 2, 'c']) node.send(node.pid, message)
  expect(await node.receive((message): message is number => typeof message === 'number')).toBe(1)
  expect(await node.receive(message => message === 'c')).toBe('c')
  expect([await node.receive(), await node.receive(), await node.receive()]).toEqual(['a', 'b', 2])
})

test('a selective receive waits for the first that fits, by shape', async () => {
  await using node = await startNode()
  const wanted = node.receive({ kind: 'reply', user: { id: 7 } })
  node.send(node.pid, { kind: 'reply', user: { id: 6 } })
  node.send(node.pid, 'other')
  node.send(node.pid, { kind: 'reply', user: { id: 7, name: 'x' } })
  expect(await wanted).toEqual({ kind: 'reply', user: { id: 7, name: 'x' } })
  expect([await node.receive(), await node.receive()]).toEqual([{ kind: 'reply', user: { id: 6 } }, 'other'])
})

test('a second receive beside a waiting one is refused, and the first goes on', async () => {
  await using node = await startNode()
  const first = node.receive()
  await expect(node.receive()).rejects.toMatchObject({ code: 'E_RECEIVE_BUSY' })
  node.send(node.pid, 'for the first')
  expect(await first).toBe('for the first')
})

test('for await takes messages without end, until the process ends', async () => {
  await using node = await startNode()
  const { pid } = node.spawnMonitor(async (self: Self<number>) => {
    for await (const message of self) {
      if (message === 3) break
      self.send(self.node.pid, message * 10)
    }
  })
  for (const message of [1, 2, 3, 4]) node.send(pid, message)
  expect([await node.receive(), await node.receive()]).toEqual([10, 20])
  expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'normal' })
})

test('a call to a function process is a message that it can answer', async () => {
  await using node = await startNode()
  const pid = node.spawn(
    async (self: Self<{ kind: 'call'; request: number; from: { reply(value: unknown): void } }>) => {
      for await (const { kind, request, from } of self) from.reply([kind, request + 1])
    },
  )
  expect(await node.call(pid, 41)).toEqual(['call', 42])
  const cast = node.spawn(async self => self.send(self.node.pid, await self.receive()))
  node.cast(cast, 'tell')
  expect(await node.receive()).toMatchObject({ kind: 'cast', request: 'tell' })
})

test('a predicate that throws rejects that receive, and the message stays', async () => {
  await using node = await startNode()
  const picky = () => {
    throw new Error('picky')
  }
  node.send(node.pid, 'first')
  await expect(node.receive(picky)).rejects.toThrow('picky')
  expect(await node.receive()).toBe('first')
  const waiting = node.receive(picky)
  node.send(node.pid, 'second')
  await expect(waiting).rejects.toThrow('picky')
  expect(await node.receive()).toBe('second')
})

test('a process that its own predicate ends stays ended', async () => {
  await using node = await startNode()
  const selves: Self[] = []
  for (const when of ['at once', 'waiting']) {
    const { pid } = node.spawnMonitor(async self => {
      selves.push(self)
      await self.receive(message => message === 'start')
      await self.receive(() => {
        self.exit(self.pid, 'kill')
        return when === 'waiting'
      })
      self.send(self.node.pid, 'from the dead')
    })
    if (when === 'at once') node.send(pid, 'something')
    node.send(pid, 'start')
    node.send(pid, 'something')
    expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'killed' })
    node.monitor(pid)
    expect(await node.receive()).toMatchObject({ kind: 'down', reason: 'noproc' })
  }
  expect(selves.map(self => self.alive)).toEqual([false, false])
})

test('receive of a dead process never settles', async () => {
  await using node = await startNode()
  const selves: Self[] = []
  node.spawnMonitor(self => void selves.push(self))
  await node.receive()
  const outcome = await Promise.race([selves[0]?.receive(), node.call(node.spawn(answers), '')])
  expect(outcome).toBe('answered')
  const went: unknown[] = []
  const { pid } = node.spawnMonitor(async self => {
    try {
      went.push('waits')
      went.push(await self.receive())
    } catch (error) {
      went.push(error)
    }
    went.push('went on')
  })
  await node.call(node.spawn(answers), '')
  node.exit(pid, 'kill')
  expect(await node.receive()).toMatchObject({ kind: 'down', from: pid, reason: 'killed' })
  node.send(pid, 'too late')
  await node.call(node.spawn(answers), '')
  expect(went).toEqual(['waits'])
})

const answers = async (self: Self<{ from: { reply(value: unknown): void } }>) => {
  const { from } = await self.receive()
  from.reply('answered')
}

test('a receive by a fresh ref looks at nothing that was there before it', async () => {
  await using node = await startNode()
  let looks = 0
  const noise = {
    get ref() {
      looks++
      return undefined
    },
  }
  const idle = node.spawn(self => self.receive())
  for (let sent = 0; sent < 1000; sent++) node.send(node.pid, noise)
  const makes = [
    () => node.makeRef(),
    () => node.monitor(idle),
    () => node.startTimer(60_000, node.pid, 'late'),
    () => node.alias(),
  ]
  for (const make of makes) {
    const ref = make()
    looks = 0
    node.send(node.pid, noise)
    node.send(node.pid, { ref, answer: 42 })
    expect(await node.receive({ ref })).toEqual({ ref, answer: 42 })
    expect(looks, make.toString()).toBe(1)
    node.send(node.pid, { ref, answer: 43 })
    expect(await node.receive({ ref })).toEqual({ ref, answer: 43 })
  }
  const older = node.makeRef()
  node.send(node.pid, { ref: older })
  node.makeRef()
  expect(await node.receive({ ref: older })).toEqual({ ref: older })
})

test('what is sent to a process before it has started waits for it', async () => {
  await using node = await startNode()
  const pid = node.spawn(async self => self.send(self.node.pid, ['got', await self.receive()]))
  node.send(pid, 'early')
  expect(await node.receive()).toEqual(['got', 'early'])
})
