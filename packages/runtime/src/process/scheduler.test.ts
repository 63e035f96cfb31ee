import { expect, test } from 'vitest'
import type { Clock } from '../clock/clock.ts'
import { GenServer } from '../gen-server/gen-server.ts'
import type { Pid } from '../pid.ts'
import { startNode } from '../start-node.ts'
import { Hand } from './hand.suite.ts'

const options = { processMessagesMax: 10, sliceMessagesMax: 100, sliceMs: 1000 }

async function setUp(scheduler: Partial<typeof options> = {}) {
  const hand = new Hand()
  const node = await startNode({ clock: hand, turns: hand, scheduler: { ...options, ...scheduler } })
  const log: string[] = []
  /** A server that notes each message, and does what the test says with it. */
  const server = (name: string, act: (self: Pid, message: unknown) => void = () => {}) => {
    class Noting extends GenServer {
      override handleInfo(message: unknown) {
        log.push(name)
        act(this.pid, message)
      }
    }
    return node.spawn(Noting)
  }
  return { hand, node, log, server }
}

const times = (count: number, act: () => void) => Array.from({ length: count }).forEach(act)
const count = (log: string[], name: string) => log.filter(each => each === name).length

test('a flooding process lets another have its turn after processMessagesMax messages', async () => {
  const { hand, node, log, server } = await setUp()
  const flood = server('flood')
  const other = server('other')
  times(25, () => node.send(flood, 1))
  node.send(other, 1)
  await hand.slice()
  expect(log.indexOf('other')).toBe(10)
  expect(count(log, 'flood')).toBe(25)
})

test('a process that sends to itself without end does not keep another waiting', async () => {
  const { hand, node, log, server } = await setUp()
  node.send(
    server('flood', self => node.send(self, 1)),
    1,
  )
  await hand.slice()
  log.length = 0
  node.send(server('other'), 1)
  await hand.turn()
  expect(log).toContain('other')
})

test('the event loop has its turn after sliceMessagesMax messages, whoever took them', async () => {
  const { hand, node, log, server } = await setUp()
  for (const name of ['a', 'b', 'c'])
    node.send(
      server(name, self => node.send(self, 1)),
      1,
    )
  await hand.slice()
  expect(log.length).toBe(100)
  await hand.slice()
  expect(log.length).toBe(100)
  await hand.turn()
  expect(log.length).toBe(200)
  for (const name of ['a', 'b', 'c']) expect(count(log, name)).toBeGreaterThanOrEqual(60)
})

test('the event loop has its turn once sliceMs are over, long before the messages are', async () => {
  const { hand, node, log, server } = await setUp({ processMessagesMax: 256, sliceMessagesMax: 1_000_000, sliceMs: 4 })
  node.send(
    server('slow', self => {
      hand.ms += 0.1
      node.send(self, 1)
    }),
    1,
  )
  await hand.slice()
  expect(log.length).toBeLessThanOrEqual(512)
  const before = log.length
  await hand.turn()
  expect(log.length).toBeGreaterThan(before)
})

test('function processes that run in microtasks count into the same slice', async () => {
  const { hand, node, log } = await setUp()
  const pid = node.spawn(async self => {
    for await (const _ of self) {
      log.push('function')
      self.send(self.pid, 1)
    }
  })
  node.send(pid, 1)
  await hand.slice()
  for (let microtask = 0; microtask < 2000; microtask++) await null
  expect(log.length).toBeGreaterThan(50)
  expect(log.length).toBeLessThanOrEqual(100)
  const before = log.length
  await hand.turn()
  for (let microtask = 0; microtask < 2000; microtask++) await null
  expect(log.length).toBeGreaterThan(before)
  expect(log.length).toBeLessThanOrEqual(200)
})

test('a function process with a long mailbox does not keep a server waiting', async () => {
  const { hand, node, log, server } = await setUp()
  const pid = node.spawn(async self => {
    for await (const _ of self) log.push('function')
  })
  times(500, () => node.send(pid, 1))
  await hand.slice()
  node.send(server('server'), 1)
  await hand.turn()
  expect(log.indexOf('server')).toBeLessThan(250)
  for (let turns = 0; turns < 20; turns++) {
    await hand.turn()
    for (let microtask = 0; microtask < 500; microtask++) await null
  }
  expect(count(log, 'function')).toBe(500)
})

test('a process that starts a process without end leaves the event loop its turns', async () => {
  const { hand, node } = await setUp()
  let started = 0
  const again = () => {
    started++
    node.spawn(again)
  }
  node.spawn(again)
  await hand.slice()
  expect(started).toBe(100)
  await hand.turn()
  expect(started).toBe(200)
})

test('a thousand processes with one message each are all served in the order they were woken', async () => {
  const { hand, node, log, server } = await setUp()
  const names = Array.from({ length: 1000 }, (_, index) => `${index}`)
  const pids = names.map(name => server(name))
  for (let turns = 0; turns < 12; turns++) await hand.turn()
  for (const pid of pids) node.send(pid, 1)
  for (let turns = 0; turns < 12; turns++) await hand.turn()
  expect(log).toEqual(names)
})

test('a receive that finds its message when the slice is used up has it in the next turn, before its time is over', async () => {
  const hand = new Hand()
  const timers: (() => void)[] = []
  const clock: Clock = {
    now: hand.now,
    wall: hand.wall,
    setTimer: (_, expire) => {
      timers.push(expire)
      return { cancel() {}, keepAlive() {} }
    },
  }
  const node = await startNode({ clock, turns: hand, scheduler: { ...options, sliceMessagesMax: 1 } })
  node.send(node.pid, 'one')
  node.send(node.pid, 'two')
  expect(await node.receive()).toBe('one')
  const second = node.receive(undefined, { timeoutMs: 0 })
  for (const expire of timers) expire()
  await hand.turn()
  expect(await second).toBe('two')
})
