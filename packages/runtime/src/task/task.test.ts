import { VirtualClock } from '@barrel-actors/simulation'
import { afterEach, expect, test } from 'vitest'
import {
  type AnyPid,
  type Down,
  defaultNode,
  GenServer,
  type Self,
  startNode,
  Task,
  type TaskHandle,
} from '../index.ts'

const codeOf = (error: unknown) => (error as { code?: unknown }).code
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    error => error,
  )
const hang = () => new Promise<never>(() => {})

afterEach(() => defaultNode().stop())

async function setUp() {
  const clock = new VirtualClock()
  const node = await startNode({ clock })
  const down = async (pid: AnyPid) => ((await node.receive({ kind: 'down', from: pid })) as Down).reason
  const watchDown = (pid: AnyPid) => {
    node.monitor(pid)
    return down(pid)
  }
  return { clock, node, task: Task.of(node), watchDown }
}

test('a task runs beside its owner, and await gives its result, as often as it is asked', async () => {
  const { task, node } = await setUp()
  const sum = task.async((one: number, other: number) => one + other, 2, 3)
  const slow = task.async(async () => 'slow')
  expect([await Task.await(sum), await Task.await(slow), await Task.await(sum)]).toEqual([5, 'slow', 5])
  await node.stop()
})

test('the function gets its own context after its arguments', async () => {
  const { task, node } = await setUp()
  const handle = task.async(async (text: string, self: Self) => {
    await null
    return [text, self.pid, self.alive]
  }, 'x')
  expect(await Task.await(handle)).toEqual(['x', handle.pid, true])
  await node.stop()
})

test('without an owner named, a task belongs to the callback that runs, else to the root of the default node', async () => {
  const { node, watchDown } = await setUp()
  class Owner extends GenServer<{ call: (request: 'start') => TaskHandle<unknown>; cast: 'end' }> {
    override handleCall() {
      return Task.async(hang)
    }
    override handleCast() {
      this.exit('over')
    }
  }
  const owner = node.spawn(Owner)
  const { pid } = await node.call(owner, 'start')
  expect(pid.node).toBe(node.name)
  const reason = watchDown(pid)
  node.cast(owner, 'end')
  expect(await reason).toBe('over')
  expect(await Task.await(Task.async(self => self.node))).toBe(defaultNode())
  await node.stop()
})

test('a task that throws rejects at await, with the reason and the cause, and its owner lives on', async () => {
  const { node } = await setUp()
  const problem = new RangeError('no such row')
  const reports: unknown[] = []
  const owner = node.spawnMonitor(async self => {
    const handle = Task.of(self).async(async () => {
      await null
      throw problem
    })
    reports.push(await errorOf(Task.await(handle)), await errorOf(Task.await(handle)))
  })
  expect(await node.receive()).toMatchObject({ kind: 'down', from: owner.pid, reason: 'normal' })
  expect(reports[0]).toMatchObject({
    code: 'E_TASK_EXIT',
    cause: problem,
    fields: { exit: { error: { name: 'RangeError', message: 'no such row' } } },
  })
  expect(reports[1]).toBe(reports[0])
  await node.stop()
})

test('a task that is killed, or exits by itself, rejects at await with that reason', async () => {
  const { node, task } = await setUp()
  const killed = task.async(hang)
  const left = task.async(self => self.exit('enough'))
  const idle = task.async(self => self.exit('normal'))
  node.exit(killed.pid, 'kill')
  const exits = await Promise.all([killed, left, idle].map(handle => errorOf(Task.await(handle))))
  expect(exits.map(error => (error as { fields: { exit: unknown } }).fields.exit)).toEqual([
    'killed',
    'enough',
    'normal',
  ])
  await node.stop()
})

test('an owner that traps exits finds no exit of a task in its mailbox, however it ended', async () => {
  const { node, task } = await setUp()
  const handles = [task.async(() => 1), task.async(() => Promise.reject(new Error('x'))), task.async(hang)]
  node.exit(handles[2]?.pid as AnyPid, 'kill')
  for (const handle of handles) await errorOf(Task.await<unknown>(handle))
  node.send(node.pid, 'nothing else')
  expect(await node.receive()).toBe('nothing else')
  await node.stop()
})

test('whoever watches a task sees why it ended', async () => {
  const { node, task, watchDown } = await setUp()
  expect(await watchDown(task.async(hangOnce).pid)).toBe('normal')
  const reason = await watchDown(task.async(() => Promise.reject(new Error('seen'))).pid)
  expect(reason).toMatchObject({ error: { message: 'seen' } })
  await node.stop()
})

const hangOnce = async () => {
  await null
}

test('a task ends with its owner, whatever the owner ended with, and its code has no effects any more', async () => {
  const { node, watchDown } = await setUp()
  for (const [reason, seen] of [
    ['boom', 'boom'],
    ['kill', 'killed'],
    ['normal', 'shutdown'],
  ]) {
    const owner = node.spawn(async self => {
      const handle = Task.of(self).async(hang)
      self.send(node.pid, handle.pid)
      await self.receive()
      self.exit(reason)
    })
    const pid = (await node.receive()) as AnyPid
    const down = watchDown(pid)
    if (reason === 'kill') node.exit(owner, 'kill')
    else node.send(owner, 'end')
    expect(await down).toBe(seen)
  }
  await node.stop()
})

test('a long chain of tasks of tasks ends with the first owner', async () => {
  const { node, watchDown } = await setUp()
  const deep = async (left: number, self: Self): Promise<void> => {
    if (left === 0) self.send(node.pid, self.pid)
    else Task.of(self).async(deep, left - 1)
    await hang()
  }
  const owner = node.spawn(async self => {
    Task.of(self).async(deep, 5000)
    await self.receive()
  })
  const last = (await node.receive()) as AnyPid
  const down = watchDown(last)
  node.send(owner, 'end')
  expect(await down).toBe('shutdown')
  await node.stop()
})

test('await gives up after its time, 5 seconds by default, and kills the task', async () => {
  const { clock, node, task, watchDown } = await setUp()
  const [slow, slower] = [task.async(hang), task.async(hang)]
  const errors = [errorOf(Task.await(slow, { timeoutMs: 100 })), errorOf(Task.await(slower))]
  const down = watchDown(slow.pid)
  await clock.advance(100)
  expect(await errors[0]).toMatchObject({ code: 'E_TASK_TIMEOUT', fields: { pid: slow.pid, timeoutMs: 100 } })
  expect(await down).toBe('killed')
  let isOver = false
  void errors[1]?.then(() => {
    isOver = true
  })
  await clock.advance(4899)
  expect(isOver).toBe(false)
  await clock.advance(1)
  expect(codeOf(await errors[1])).toBe('E_TASK_TIMEOUT')
  expect(await errorOf(Task.await(slow))).toMatchObject({ code: 'E_TASK_EXIT', fields: { exit: 'killed' } })
  await node.stop()
})

test('a result in time is not taken away by the time-out', async () => {
  const { clock, node, task } = await setUp()
  const handle = task.async((self: Self) => self.receive())
  const result = Task.await(handle, { timeoutMs: 100 })
  await clock.advance(99)
  node.send(handle.pid, 'in time')
  await clock.advance(1000)
  expect(await result).toBe('in time')
  await node.stop()
})

test('a killed task stays killed, also where its code goes on to an end', async () => {
  const { clock, node, task } = await setUp()
  const handle = task.async(() => new Promise(resolve => void clock.setTimer(10, () => resolve('too late'))))
  await clock.advance(1)
  node.exit(handle.pid, 'kill')
  await clock.advance(100)
  expect(await errorOf(Task.await(handle))).toMatchObject({ code: 'E_TASK_EXIT', fields: { exit: 'killed' } })
  await node.stop()
})

test('a task that has ended leaves nothing with its owner, and no time-out to wait for', async () => {
  const kept = new Map<object, boolean>()
  class Clock extends VirtualClock {
    override setTimer(delayMs: number, expire: () => void) {
      const timer = super.setTimer(delayMs, expire)
      timer.keepAlive = keep => void kept.set(timer, keep)
      return timer
    }
  }
  const clock = new Clock()
  const node = await startNode({ clock })
  const handle = Task.of(node).async(hang)
  const result = errorOf(Task.await(handle))
  expect([[...kept.values()], node.root.watches?.size]).toEqual([[true], 1])
  node.exit(handle.pid, 'kill')
  expect(codeOf(await result)).toBe('E_TASK_EXIT')
  await new Promise(setImmediate)
  expect([[...kept.values()], node.root.watches?.size]).toEqual([[false], 0])
  await node.stop()
})

test('the await of an owner that has died goes no further', async () => {
  const { clock, node } = await setUp()
  const after: string[] = []
  const owner = node.spawn(async self => {
    await Task.await(Task.of(self).async(hang)).catch(() => {})
    after.push('went on')
  })
  await clock.advance(1)
  node.exit(owner, 'kill')
  await clock.advance(10_000)
  expect(after).toEqual([])
  await node.stop()
})

test('bad input is refused with a code, and a stopped node says so', async () => {
  const { node, task } = await setUp()
  expect(() => task.async('fn' as never)).toThrow(expect.objectContaining({ code: 'E_SPAWN_INVALID' }))
  expect(codeOf(await errorOf(Task.await({} as never)))).toBe('E_OPTION_INVALID')
  const handle = task.async(() => 1)
  expect(codeOf(await errorOf(Task.await(handle, { timeoutMs: -1 })))).toBe('E_OPTION_INVALID')
  await node.stop()
  expect(() => task.async(() => 1)).toThrow(expect.objectContaining({ code: 'E_NODE_STOPPED' }))
  expect(codeOf(await errorOf(Task.await(handle)))).toBe('E_NODE_STOPPED')
})

test('the compiler knows the result, and holds the arguments against the function', async () => {
  const { node, task } = await setUp()
  const length = async (text: string) => text.length
  const handle: TaskHandle<number> = task.async(length, 'four')
  const result: number = await Task.await(handle)
  expect(result).toBe(4)
  const wrong = () => {
    // @ts-expect-error -- a number is no text
    task.async(length, 4)
    // @ts-expect-error -- the result is a number
    const text: Promise<string> = Task.await(handle)
    return text
  }
  expect(wrong).toBeTypeOf('function')
  await node.stop()
})
