import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { QueuedTimer, TimerQueue } from './timer-queue.ts'

/** Time moved by hand, with the one timer that a queue has, if any. */
class HandClock implements Clock {
  ms = 0
  started = 0
  timer: { readonly dueMs: number; readonly expire: () => void; kept: boolean } | undefined
  now = () => this.ms
  wall = () => this.ms
  setTimer(delayMs: number, expire: () => void) {
    this.started++
    const timer = { dueMs: this.ms + delayMs, expire, kept: false }
    this.timer = timer
    const cancel = () => {
      if (this.timer === timer) this.timer = undefined
    }
    const keepAlive = (keep: boolean) => {
      timer.kept = keep
    }
    return { cancel, keepAlive }
  }
  get isKept() {
    return this.timer?.kept === true
  }
  advance(ms: number) {
    this.ms += ms
    while (this.timer !== undefined && this.timer.dueMs <= this.ms) {
      const { expire } = this.timer
      this.timer = undefined
      expire()
    }
  }
}

class Noted extends QueuedTimer {
  readonly #expired: () => void
  constructor(expired: () => void) {
    super()
    this.#expired = expired
  }
  override expire() {
    this.#expired()
  }
}

function setUp() {
  const clock = new HandClock()
  const queue = new TimerQueue(clock)
  const expired: number[] = []
  let id = 0
  const add = (delayMs: number, then?: () => void) => {
    const own = id++
    const timer = new Noted(() => {
      expired.push(own)
      then?.()
    })
    queue.add(timer, delayMs)
    return timer
  }
  return { clock, queue, expired, add }
}

test('each expires when it is due, those due together in the order they were added', () => {
  const { clock, expired, add } = setUp()
  for (const delayMs of [30, 10, 20, 10]) add(delayMs)
  clock.advance(9)
  expect(expired).toEqual([])
  clock.advance(50)
  expect(expired).toEqual([1, 3, 2, 0])
})

test('thousands need one timer of the clock, which is let go when none waits', () => {
  const { clock, queue, add } = setUp()
  const all = Array.from({ length: 5000 }, (_, index) => add(10 + (index % 100)))
  expect([clock.started, clock.isKept, queue.size]).toEqual([1, true, 5000])
  for (const timer of all) expect(queue.remove(timer)).toBeGreaterThanOrEqual(10)
  expect([clock.started, clock.isKept, queue.size]).toEqual([1, false, 0])
  add(5000)
  expect([clock.started, clock.isKept]).toEqual([1, true])
  clock.advance(10)
  expect(clock.isKept).toBe(true)
  clock.advance(5000)
  expect(clock.timer).toBe(undefined)
})

test('one that is added while others expire waits for the next turn of the clock, even without a delay', () => {
  const { clock, expired, add } = setUp()
  let rounds = 0
  const again = () => {
    if (rounds++ < 2) add(0, again)
  }
  add(10, again)
  clock.advance(10)
  expect(expired).toEqual([0, 1, 2])
  expect(clock.started).toBe(3)
})

test('one that is removed while another expires does not expire', () => {
  const { clock, queue, expired, add } = setUp()
  const removed: unknown[] = []
  add(10, () => removed.push(queue.remove(second)))
  const second = add(10)
  clock.advance(20)
  expect([expired, removed, clock.timer]).toEqual([[0], [0], undefined])
})

test('after close nothing expires and nothing is added', () => {
  const { clock, queue, expired, add } = setUp()
  const timer = add(10)
  queue.close()
  expect(queue.remove(timer)).toBe(false)
  add(1)
  expect([clock.timer, queue.size]).toEqual([undefined, 0])
  clock.advance(100)
  expect(expired).toEqual([])
})

test('whatever is added and removed, exactly those expire whose time has come, in order', () => {
  const step = fc.record({ kind: fc.constantFrom('add', 'add', 'remove', 'advance'), value: fc.nat(20) })
  const run = fc.property(fc.array(step, { maxLength: 100 }), steps => {
    const { clock, queue, expired, add } = setUp()
    const timers: Noted[] = []
    const waiting = new Map<number, number>()
    const due: number[] = []
    for (const { kind, value } of steps) {
      if (kind === 'add') {
        waiting.set(timers.length, clock.ms + value)
        timers.push(add(value))
      } else if (kind === 'remove') {
        const timer = timers[value]
        const dueMs = waiting.get(value)
        const leftMs = dueMs === undefined ? false : dueMs - clock.ms
        if (timer !== undefined) expect(queue.remove(timer)).toBe(leftMs)
        waiting.delete(value)
      } else {
        clock.advance(value)
        const come = [...waiting].filter(([, dueMs]) => dueMs <= clock.ms)
        for (const [id] of come.sort((a, b) => a[1] - b[1] || a[0] - b[0])) {
          waiting.delete(id)
          due.push(id)
        }
      }
      expect(expired).toEqual(due)
      expect([queue.size, clock.isKept]).toEqual([waiting.size, waiting.size > 0])
    }
  })
  fc.assert(run, { numRuns: 500 })
})

test('however many are removed from a full queue, the others expire in order', () => {
  const delays = fc.array(fc.nat(1000), { minLength: 60, maxLength: 200 })
  const run = fc.property(delays, fc.infiniteStream(fc.boolean()), (delaysMs, kept) => {
    const { clock, queue, expired, add } = setUp()
    const left = delaysMs
      .map((delayMs, id) => ({ delayMs, id, timer: add(delayMs) }))
      .filter(({ timer }) => {
        const isKept = kept.next().value
        if (!isKept) queue.remove(timer)
        return isKept
      })
    clock.advance(1000)
    expect(expired).toEqual(left.sort((a, b) => a.delayMs - b.delayMs || a.id - b.id).map(({ id }) => id))
  })
  fc.assert(run, { numRuns: 300 })
})
