import { afterEach, beforeEach, expect, test } from 'vitest'
import { GenServer, type Node, Pid, processes, processInfo, type Self, startNode } from '../index.ts'

let node: Node

beforeEach(async () => {
  node = await startNode({ name: 'watched@host' })
})

afterEach(() => node.stop())

class Counter extends GenServer<{ call: (request: 'slow' | 'info' | 'add') => unknown; cast: 'wait' }> {
  override handleCall(request: 'slow' | 'info' | 'add'): unknown {
    if (request === 'slow') return new Promise(() => {})
    return request === 'info' ? this.node.processInfo(this.pid) : 1
  }

  override async handleCast() {}
}

test('processInfo says what a process is, what it waits for and whom it is tied to', async () => {
  const counter = await node.startLink(Counter)
  node.register('counter', counter)
  const watcher = node.spawn(async function watch(self: Self) {
    self.trapExit = true
    self.link(counter)
    self.monitor('counter')
    await self.receive({ never: true })
  })
  node.send(watcher, 'left in the mailbox')
  await node.call(counter, 'add')

  expect(node.processInfo(counter)).toEqual({
    pid: counter,
    name: 'counter',
    label: 'Counter',
    kind: 'server',
    status: 'waiting',
    callback: undefined,
    mailboxLength: 0,
    reductions: 2,
    links: [node.pid, watcher],
    monitors: [],
    watchersCount: 1,
    openCalls: 0,
    trapExit: false,
    parent: node.pid,
  })
  expect(node.processInfo(watcher)).toMatchObject({
    name: undefined,
    label: 'watch',
    kind: 'function',
    status: 'waiting',
    mailboxLength: 1,
    links: [counter],
    monitors: [{ name: 'counter', node: 'watched@host' }],
    watchersCount: 0,
    trapExit: true,
    parent: undefined,
  })
})

test('processInfo names the callback that runs, and the one whose promise is awaited', async () => {
  const counter = node.spawn(Counter)
  node.cast(counter, 'wait')
  await turn()
  expect(await node.call(counter, 'info')).toMatchObject({ status: 'running', callback: 'handleCall', openCalls: 1 })
  void node.call(counter, 'slow', { timeoutMs: Infinity }).catch(() => {})
  void node.call(counter, 'add', { timeoutMs: Infinity }).catch(() => {})
  await turn()
  expect(node.processInfo(counter)).toMatchObject({
    status: 'awaiting',
    callback: 'handleCall',
    openCalls: 2,
    mailboxLength: 1,
  })
})

test('a process that has not had its turn is queued, one that awaits something else is awaiting', async () => {
  const pid = node.spawn(async () => new Promise(() => {}))
  expect(node.processInfo(pid)).toMatchObject({ status: 'queued', reductions: 0, label: 'anonymous' })
  await turn()
  expect(node.processInfo(pid)).toMatchObject({ status: 'awaiting', reductions: 1 })
  expect(node.processInfo(node.pid)).toMatchObject({ label: 'root', kind: 'function', trapExit: true })
})

test('reductions count the messages that were taken, in a turn or without one', async () => {
  const reader = node.spawn(async (self: Self) => {
    for await (const message of self) if (message === 'last') self.send(node.pid, 'done')
  })
  await turn()
  const before = node.processInfo(reader)?.reductions ?? Number.NaN
  for (let count = 0; count < 9; count++) node.send(reader, count)
  node.send(reader, 'last')
  await node.receive()
  expect((node.processInfo(reader)?.reductions ?? Number.NaN) - before).toBeGreaterThanOrEqual(10)
})

test('an ended process has no info, one of another node is refused, and so is what is no pid', () => {
  const pid = node.spawn(Counter)
  node.exit(pid, 'kill')
  expect(node.processInfo(pid)).toBeUndefined()
  const elsewhere = new Pid('b@host', 1, 1, undefined as never)
  expect(() => node.processInfo(elsewhere)).toThrow(expect.objectContaining({ code: 'E_PID_NOT_LOCAL' }))
  expect(() => node.processInfo('counter' as never)).toThrow(expect.objectContaining({ code: 'E_DESTINATION_INVALID' }))
})

test('processes lists the live processes, in the order they were started', () => {
  const first = node.spawn(Counter)
  const second = node.spawn(Counter)
  const third = node.spawn(() => {})
  node.exit(second, 'kill')
  expect(node.processes()).toEqual([node.pid, first, third])
  expect(processes()).toEqual(node.processes())
  expect(processInfo(first)).toEqual(node.processInfo(first))
})

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
