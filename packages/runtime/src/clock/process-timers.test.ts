import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { cancelTimer, type Down, type Expired, GenServer, type Pid, type Ref, type Self, startTimer } from '../index.ts'
import type { Node } from '../node.ts'
import { startNode } from '../start-node.ts'

async function setUp() {
  const clock = new VirtualClock()
  const warnings: unknown[] = []
  const quiet = () => {}
  const log = { debug: quiet, info: quiet, error: quiet, warn: (text: string) => void warnings.push(text) }
  const node = await startNode({ clock, log })
  return { clock, node, warnings }
}

/** What the root has in its mailbox. */
async function received(node: Node): Promise<unknown[]> {
  const got: unknown[] = []
  node.send(node.pid, setUp)
  for (let next = await node.receive(); next !== setUp; next = await node.receive()) got.push(next)
  return got
}

const wait = (self: Self) => self.receive()

test('a message is sent when its delay is over, not before', async () => {
  const { clock, node } = await setUp()
  node.sendAfter(20, node.pid, 'second')
  node.sendAfter(10, node.pid, 'first')
  await clock.advance(9)
  expect(await received(node)).toEqual([])
  await clock.advance(1)
  expect(await received(node)).toEqual(['first'])
  await clock.advance(10)
  expect(await received(node)).toEqual(['second'])
  await node.stop()
})

test('what a timer sends keeps no order with what a process sends', async () => {
  const { clock, node } = await setUp()
  node.sendAfter(0, node.pid, 'started first')
  node.send(node.pid, 'sent after')
  await clock.advance(1)
  expect(await received(node)).toEqual(['sent after', 'started first'])
  await node.stop()
})

test('startTimer sends its ref with the message', async () => {
  const { clock, node } = await setUp()
  const ref = node.startTimer(10, node.pid, { tick: 1 })
  await clock.advance(10)
  expect(await received(node)).toEqual([{ kind: 'timer', ref, message: { tick: 1 } } satisfies Expired])
  await node.stop()
})

test('cancelTimer gives the time left and nothing is sent; false once it is sent, cancelled or unknown', async () => {
  const { clock, node } = await setUp()
  const ref = node.sendAfter(100, node.pid, 'never')
  const sent = node.sendAfter(10, node.pid, 'sent')
  await clock.advance(40)
  expect([node.cancelTimer(ref), node.cancelTimer(ref), node.cancelTimer(sent)]).toEqual([60, false, false])
  expect(node.cancelTimer(node.monitor(node.pid))).toBe(false)
  await clock.advance(1000)
  expect(await received(node)).toEqual(['sent'])
  await node.stop()
})

test('any process of the node may cancel a timer, also with an equal ref', async () => {
  const { clock, node } = await setUp()
  const ref = node.sendAfter(100, node.pid, 'never')
  const Equal = ref.constructor as new (...args: unknown[]) => Ref
  const other = new Equal('other@host', ref.creation, ref.id)
  const equal = new Equal(ref.node, ref.creation, ref.id)
  node.spawn(self => self.send(self.node.pid, [self.cancelTimer(other), self.cancelTimer(equal)]))
  await clock.advance(0)
  expect(await received(node)).toEqual([[false, 100]])
  await node.stop()
})

test('the timers of a pid go when it ends, and those of others stay', async () => {
  const { clock, node } = await setUp()
  const target = node.spawn(wait)
  const refs = [1, 2, 3].map(delayMs => node.sendAfter(delayMs * 1000, target, 'never'))
  node.sendAfter(500, node.pid, 'stays')
  node.exit(target, 'kill')
  expect(refs.map(ref => node.cancelTimer(ref))).toEqual([false, false, false])
  await clock.advance(400)
  expect(clock.timersCount).toBe(1)
  await clock.advance(100)
  expect(await received(node)).toEqual(['stays'])
  expect(clock.timersCount).toBe(0)
  await node.stop()
})

test('a pid that is dead already has no timer', async () => {
  const { clock, node } = await setUp()
  const target = node.spawn(wait)
  node.exit(target, 'kill')
  expect(node.cancelTimer(node.sendAfter(10, target, 'never'))).toBe(false)
  expect(clock.timersCount).toBe(0)
  await node.stop()
})

test('a timer outlives who started it', async () => {
  const { clock, node } = await setUp()
  node.spawn(self => self.sendAfter(10, self.node.pid, 'from the dead'))
  await clock.advance(10)
  expect(await received(node)).toEqual(['from the dead'])
  await node.stop()
})

test('a dead process starts and cancels nothing', async () => {
  const { clock, node } = await setUp()
  const ref = node.sendAfter(1000, node.pid, 'stays')
  let dead: Self | undefined
  const { pid } = node.spawnMonitor(self => {
    dead = self
  })
  expect(await node.receive()).toMatchObject({ from: pid } satisfies Partial<Down>)
  dead?.sendAfter(10, node.pid, 'never')
  expect(dead?.cancelTimer(ref)).toBe(false)
  await clock.advance(100)
  expect(await received(node)).toEqual([])
  expect(node.cancelTimer(ref)).toBe(900)
  await node.stop()
})

test('a name is resolved when the timer is due, not when it is started', async () => {
  const { clock, node } = await setUp()
  node.sendAfter(10, 'later', 'by name')
  node.sendAfter(10, { name: 'later', node: node.name }, 'by name and node')
  node.sendAfter(5, 'later', 'to nobody')
  await clock.advance(6)
  node.register('later', node.pid)
  await clock.advance(10)
  expect(await received(node)).toEqual(['by name', 'by name and node'])
  await node.stop()
})

test('what cannot be sent when it is due is logged, and the timers after it are sent', async () => {
  const { clock, node, warnings } = await setUp()
  node.sendAfter(10, { via: 'nothing', name: 'x' }, 'never')
  node.sendAfter(10, node.pid, 'after it')
  await clock.advance(10)
  expect(await received(node)).toEqual(['after it'])
  expect(warnings).toEqual(['message of a timer not sent'])
  await node.stop()
})

test('bad delays and bad targets are refused at the caller', async () => {
  const { node } = await setUp()
  for (const delayMs of [-1, NaN, Infinity, '10', undefined]) {
    expect(() => node.sendAfter(delayMs as number, node.pid, 'x')).toThrow(
      expect.objectContaining({ code: 'E_OPTION_INVALID' }),
    )
  }
  for (const to of [undefined, null, 5, {}]) {
    expect(() => node.startTimer(1, to as never, 'x')).toThrow(
      expect.objectContaining({ code: 'E_DESTINATION_INVALID' }),
    )
  }
  await node.stop()
})

test('ten thousand timers of a process are one timer of the clock, and all are sent in order', async () => {
  const { clock, node } = await setUp()
  const count = 10_000
  for (let index = 0; index < count; index++) node.sendAfter(1 + (index % 7), node.pid, index)
  expect(clock.timersCount).toBe(1)
  await clock.advance(7)
  const got = (await received(node)) as number[]
  expect(got.length).toBe(count)
  expect(got).toEqual([...got].sort((a, b) => (a % 7) - (b % 7) || a - b))
  await node.stop()
})

test('a stopped node has no timers, to pids or to names, and starts none', async () => {
  const { clock, node } = await setUp()
  node.sendAfter(1000, node.pid, 'x')
  node.sendAfter(1000, 'name', 'x')
  await node.stop()
  node.sendAfter(1000, 'name', 'x')
  expect(clock.timersCount).toBe(0)
})

test('a server ticks by its own timers, as a method and as a module function, until it stops one', async () => {
  const { clock, node } = await setUp()
  class Ticker extends GenServer<{ call: (request: 'stop') => number | false; info: Expired<'tick'> | 'begin' }> {
    #ref: Ref | undefined
    ticks = 0
    override init() {
      this.#ref = startTimer(10, this.pid, 'tick')
    }
    override handleInfo(message: Expired<'tick'> | 'begin') {
      if (message === 'begin' || !message.ref.equals(this.#ref)) return
      this.ticks++
      this.#ref = this.startTimer(10, this.pid, 'tick')
    }
    override handleCall() {
      this.node.send(this.node.pid, this.ticks)
      return cancelTimer(this.#ref as Ref)
    }
  }
  const pid = node.spawn(Ticker)
  await clock.advance(35)
  expect(await node.call(pid, 'stop')).toBe(5)
  await clock.advance(100)
  expect(await received(node)).toEqual([3])
  await node.stop()
})

test('the compiler holds a timer against what its target accepts', async () => {
  const { node } = await setUp()
  const numbers = node.spawn<number>(wait as never)
  const ticks: Pid<Expired<'tick'>> = node.spawn<Expired<'tick'>>(wait as never)
  node.sendAfter(1, numbers, 5)
  node.startTimer(1, ticks, 'tick')
  // @ts-expect-error -- it takes numbers
  node.sendAfter(1, numbers, 'five')
  // @ts-expect-error -- it takes numbers, not timers
  node.startTimer(1, numbers, 5)
  // @ts-expect-error -- it takes another message
  node.startTimer(1, ticks, 'tock')
  await node.stop()
})
