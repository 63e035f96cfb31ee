import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Log, silentLog } from '../log.ts'
import type { Clock, Timer } from './clock.ts'
import { Timed, Timeouts } from './timeouts.ts'

/** Time moved by hand, and what would keep the operating-system process alive. */
class HandClock implements Clock {
  ms = 0
  started = 0
  readonly #timers = new Map<object, { dueMs: number; expire: () => void; kept: boolean }>()
  now = () => this.ms
  wall = () => this.ms
  setTimer(delayMs: number, expire: () => void): Timer {
    const key = {}
    this.started++
    this.#timers.set(key, { dueMs: this.ms + delayMs, expire, kept: false })
    const timer = () => this.#timers.get(key)
    return {
      cancel: () => void this.#timers.delete(key),
      keepAlive: keep => {
        const running = timer()
        if (running !== undefined) running.kept = keep
      },
    }
  }
  get timers() {
    return [...this.#timers.values()]
  }
  get isKept() {
    return this.timers.some(timer => timer.kept)
  }
  advance(ms: number) {
    this.ms += ms
    for (let fired = true; fired; ) {
      fired = false
      for (const [key, { dueMs, expire }] of this.#timers) {
        if (dueMs > this.ms) continue
        this.#timers.delete(key)
        fired = true
        expire()
      }
    }
  }
}

class Noted extends Timed {
  readonly #expired: number[]
  readonly id: number
  constructor(id: number, expired: number[]) {
    super()
    this.id = id
    this.#expired = expired
  }
  override expire() {
    this.#expired.push(this.id)
  }
}

function setUp() {
  const clock = new HandClock()
  const later: (() => void)[] = []
  const logged: unknown[] = []
  const log: Log = { ...silentLog, error: (event, fields) => void logged.push([event, fields]) }
  const timeouts = new Timeouts(clock, { soon: run => run(), later: run => void later.push(run) }, log)
  const turn = () => {
    for (const run of later.splice(0)) run()
  }
  const expired: number[] = []
  let id = 0
  const enter = (delayMs: number) => {
    const timed = new Noted(id++, expired)
    timeouts.enter(timed, delayMs)
    return timed
  }
  return { clock, timeouts, expired, enter, turn, logged }
}

test('each expires when its time has come, not before', () => {
  const { clock, expired, enter } = setUp()
  for (const delayMs of [30, 10, 20, 10]) enter(delayMs)
  clock.advance(9.9)
  expect(expired).toEqual([])
  clock.advance(0.1)
  expect(expired).toEqual([1, 3])
  clock.advance(10)
  expect(expired).toEqual([1, 3, 2])
  clock.advance(1000)
  expect(expired).toEqual([1, 3, 2, 0])
})

test('one that has left does not expire, from either end or the middle of its list', () => {
  const { clock, timeouts, expired, enter } = setUp()
  const all = [10, 10, 10, 10, 10].map(enter)
  for (const place of [2, 0, 4]) timeouts.leave(all[place] as Noted)
  timeouts.leave(all[2] as Noted)
  clock.advance(10)
  expect(expired).toEqual([1, 3])
})

test('one that has left may enter again', () => {
  const { clock, timeouts, expired, enter } = setUp()
  const timed = enter(10)
  timeouts.leave(timed)
  timeouts.enter(timed, 50)
  clock.advance(49)
  expect(expired).toEqual([])
  clock.advance(1)
  expect(expired).toEqual([0])
})

test('an infinite time-out starts nothing, and keeps no operating-system process', () => {
  const { clock, timeouts, enter, turn } = setUp()
  enter(Infinity)
  expect(clock.timers).toEqual([])
  timeouts.leave(enter(5000))
  turn()
  expect(clock.isKept).toBe(false)
})

test('thousands of time-outs of one length share one timer', () => {
  const { clock, timeouts, enter } = setUp()
  for (let count = 0; count < 5000; count++) timeouts.leave(enter(5000))
  expect(clock.started).toBe(1)
})

test('the operating-system process is kept while one waits, and let go a turn after none does', () => {
  const { clock, timeouts, enter, turn } = setUp()
  const first = enter(5000)
  turn()
  expect(clock.isKept).toBe(true)
  timeouts.leave(first)
  turn()
  expect(clock.isKept).toBe(false)
  enter(5000)
  expect(clock.isKept).toBe(true)
  clock.advance(5000)
  expect(clock.timers).toEqual([])
})

test('after close nothing expires and nothing is started', () => {
  const { clock, timeouts, expired, enter } = setUp()
  enter(10)
  timeouts.close()
  enter(1)
  expect(clock.timers).toEqual([])
  clock.advance(100)
  expect(expired).toEqual([])
})

test('a hundred and fifty thousand different lengths do not break the timer', () => {
  const { clock, expired, enter } = setUp()
  const count = 150_000
  for (let index = 0; index < count; index++) enter(1000 + index / 1000)
  clock.advance(1000)
  expect(expired).toEqual([0])
  clock.advance(1000)
  expect(expired.length).toBe(count)
})

test('lengths that nobody waits for any more do not pile up while a long one runs', () => {
  const { clock, timeouts, expired, enter } = setUp()
  const long = enter(1000)
  for (let index = 0; index < 10_000; index++) {
    timeouts.leave(enter(2000 + index))
    expect(timeouts.listsCount).toBeLessThanOrEqual(64)
  }
  clock.advance(1000)
  expect(expired).toEqual([long.id])
  expect(timeouts.listsCount).toBe(0)
})

test('one whose expiry begins others of many lengths, its own among them, loses none of them', () => {
  const { clock, timeouts, expired, enter } = setUp()
  class Beginning extends Timed {
    override expire() {
      for (let index = 0; index < 200; index++) timeouts.leave(enter(5000 + index))
      enter(10)
    }
  }
  timeouts.enter(new Beginning(), 10)
  clock.advance(10)
  expect(expired).toEqual([])
  clock.advance(10)
  expect(expired).toEqual([200])
})

test('one that fails as it expires is logged, and the others expire as ever', () => {
  const { clock, timeouts, expired, enter, logged } = setUp()
  class Failing extends Timed {
    override expire() {
      throw new Error('no luck')
    }
  }
  timeouts.enter(new Failing(), 10)
  for (const delayMs of [10, 10, 20]) enter(delayMs)
  clock.advance(10)
  expect(expired).toEqual([0, 1])
  clock.advance(10)
  expect(expired).toEqual([0, 1, 2])
  const reason = { error: expect.objectContaining({ message: 'no luck' }) }
  expect(logged).toEqual([['a time-out failed', { reason }]])
})

test('whatever enters and leaves, exactly those expire whose time has come while they waited', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('enter' as const), value: fc.constantFrom(0, 1, 5, 5.5, 20, 100) }),
    fc.record({ kind: fc.constant('leave' as const), value: fc.nat(50) }),
    fc.record({ kind: fc.constant('advance' as const), value: fc.constantFrom(0, 0.5, 1, 4, 30) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), steps => {
      const { clock, timeouts, expired, enter, turn } = setUp()
      const entered: Noted[] = []
      const waiting = new Map<number, number>()
      const gone: number[] = []
      for (const { kind, value } of steps) {
        if (kind === 'enter') {
          waiting.set(entered.length, clock.ms + value)
          entered.push(enter(value))
        } else if (kind === 'leave') {
          const timed = entered[value]
          if (timed === undefined) continue
          timeouts.leave(timed)
          waiting.delete(value)
        } else {
          clock.advance(value)
          for (const [id, dueMs] of waiting) {
            if (dueMs > clock.ms) continue
            waiting.delete(id)
            gone.push(id)
          }
        }
        expect([...expired].sort()).toEqual([...gone].sort())
        turn()
        expect(clock.isKept).toBe(waiting.size > 0)
      }
    }),
  )
})
