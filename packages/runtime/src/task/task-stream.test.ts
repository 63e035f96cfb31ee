import { VirtualClock } from '@barrel-actors/simulation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnyPid, type Self, startNode, Task, type TaskStreamOptions } from '../index.ts'

const codeOf = (error: unknown) => (error as { code?: unknown }).code
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    error => error,
  )

async function setUp() {
  const clock = new VirtualClock()
  const node = await startNode({ clock })
  const running = new Set<unknown>()
  let most = 0
  /** Takes so long, in virtual milliseconds, then gives itself back; one of 13 fails. */
  const work = async (ms: number, self: Self): Promise<number> => {
    running.add(self.pid)
    most = Math.max(most, running.size)
    self.signal.addEventListener('abort', () => running.delete(self.pid))
    await new Promise<void>(resolve => void clock.setTimer(ms, resolve))
    if (ms === 13) throw new Error('unlucky')
    return ms
  }
  const collect = async (items: Iterable<number>, options: TaskStreamOptions) => {
    const got: number[] = []
    const done = (async () => {
      for await (const result of Task.of(node).asyncStream(items, work, options)) got.push(result)
    })()
    const settled = errorOf(done)
    await clock.advance(100_000)
    return { got, error: await settled }
  }
  return { clock, node, running, work, collect, most: () => most }
}

test('the results come in the order of the items', async () => {
  const { node, collect } = await setUp()
  const { got } = await collect([30, 10, 20, 5], { concurrency: 2 })
  expect(got).toEqual([30, 10, 20, 5])
  await node.stop()
})

test('unordered, they come as they are ready', async () => {
  const { node, collect } = await setUp()
  const { got } = await collect([30, 10, 15, 50, 2], { concurrency: 2, ordered: false })
  expect(got).toEqual([10, 15, 30, 2, 50])
  await node.stop()
})

test('whatever is done with however many at once, each item is done once and never too many at a time', async () => {
  const times = fc.array(
    fc.nat(50).filter(ms => ms !== 13),
    { maxLength: 30 },
  )
  const run = fc.asyncProperty(
    times,
    fc.integer({ min: 1, max: 10 }),
    fc.boolean(),
    async (items, concurrency, ordered) => {
      const { node, collect, most, running } = await setUp()
      const { got } = await collect(items, { concurrency, ordered })
      expect(most()).toBeLessThanOrEqual(concurrency)
      expect(most()).toBe(Math.min(items.length, concurrency))
      expect(running.size).toBe(0)
      if (ordered) expect(got).toEqual(items)
      else expect([...got].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b))
      await node.stop()
    },
  )
  await fc.assert(run, { numRuns: 50 })
})

test('nothing starts before the first result is asked for, and no more than the window after it', async () => {
  const { clock, node, running, work } = await setUp()
  let taken = 0
  function* endless() {
    for (;;) yield ++taken * 20
  }
  const stream = Task.of(node).asyncStream(endless(), work, { concurrency: 3 })
  await clock.advance(1000)
  expect([taken, running.size]).toEqual([0, 0])
  const first = stream.next()
  await clock.advance(1000)
  expect(await first).toEqual({ done: false, value: 20 })
  await clock.advance(1000)
  expect(taken).toBe(3)
  await stream.return()
  await node.stop()
})

test('a consumer that stops ends the tasks that still run, and closes its items', async () => {
  const { clock, node, running, work } = await setUp()
  let closed = false
  function* items() {
    try {
      yield 1
      for (;;) yield 1000
    } finally {
      closed = true
    }
  }
  const done = (async () => {
    for await (const _ of Task.of(node).asyncStream(items(), work, { concurrency: 4, ordered: false })) {
      expect(running.size).toBe(3)
      break
    }
  })()
  await clock.advance(500)
  await done
  expect([running.size, closed]).toEqual([0, true])
  await node.stop()
})

test('the first failure ends the iteration with its error, and the other tasks', async () => {
  const { node, running, collect } = await setUp()
  const { got, error } = await collect([5, 10, 13, 400, 400], { concurrency: 5 })
  expect(got).toEqual([5, 10])
  expect(error).toMatchObject({ code: 'E_TASK_EXIT', cause: { message: 'unlucky' } })
  expect(running.size).toBe(0)
  await node.stop()
})

test('an item that takes too long ends the iteration; the time of each counts from its start', async () => {
  const { node, running, collect } = await setUp()
  const slow = await collect([90, 90, 90, 110, 90], { concurrency: 1, timeoutMs: 100 })
  expect([slow.got, codeOf(slow.error)]).toEqual([[90, 90, 90], 'E_TASK_TIMEOUT'])
  const { got, error } = await collect([4999, 5001], {})
  expect([got, codeOf(error)]).toEqual([[4999], 'E_TASK_TIMEOUT'])
  expect(running.size).toBe(0)
  await node.stop()
})

test('items that throw end the iteration and its tasks', async () => {
  const { node, running, collect } = await setUp()
  function* broken() {
    yield 500
    throw new Error('no more')
  }
  const { got, error } = await collect(broken(), { concurrency: 2 })
  expect([got, (error as Error).message, running.size]).toEqual([[], 'no more', 0])
  await node.stop()
})

test('the tasks end with their owner', async () => {
  const { clock, node, running, work } = await setUp()
  const owner = node.spawn(async self => {
    for await (const result of Task.of(self).asyncStream([500, 500, 500], work)) self.send(node.pid, result)
  })
  await clock.advance(10)
  expect(running.size).toBe(3)
  node.exit(owner as AnyPid, 'kill')
  expect(running.size).toBe(0)
  await node.stop()
})

test('bad options are refused at once', async () => {
  const { node } = await setUp()
  const stream = (items: unknown, fn: unknown, options: object) => () =>
    Task.of(node).asyncStream(items as number[], fn as () => void, options)
  const fn = () => 1
  const bad = [stream(5, fn, {}), stream([], fn, { concurrency: 0 }), stream([], fn, { concurrency: NaN })]
  for (const make of [...bad, stream([], fn, { timeoutMs: -1 })]) {
    expect(make).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID' }))
  }
  expect(stream([], 'fn', {})).toThrow(expect.objectContaining({ code: 'E_SPAWN_INVALID' }))
  await node.stop()
})
