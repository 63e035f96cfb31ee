import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VirtualClock } from './clock.ts'
import { TimerQueue } from './timer-queue.ts'

test('time stands still until it is advanced', async () => {
  const clock = new VirtualClock({ wallMs: 1000 })
  await new Promise(setImmediate)
  expect([clock.now(), clock.wall()]).toEqual([0, 1000])
  await clock.advance(12.5)
  expect([clock.now(), clock.wall()]).toEqual([12.5, 1012.5])
})

test('timers fire when they are due, those due together in the order they were set', async () => {
  const clock = new VirtualClock()
  const fired: string[] = []
  const set = (name: string, delayMs: number) => clock.setTimer(delayMs, () => fired.push(`${name} ${clock.now()}`))
  set('late', 20)
  set('first of two', 10)
  set('second of two', 10)
  set('at once', 0)
  set('in the past', -5)
  await clock.advance(15)
  expect(fired).toEqual(['at once 0', 'in the past 0', 'first of two 10', 'second of two 10'])
  await clock.advance(5)
  expect(fired.at(-1)).toBe('late 20')
})

test('promises that a timer lets go run before the next timer, and may set timers that are due on the way', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  const wait = (ms: number) => new Promise<void>(resolve => void clock.setTimer(ms, resolve))
  const walk = async () => {
    await wait(10)
    seen.push(`walked 10, it is ${clock.now()}`)
    await wait(5)
    seen.push(`walked 5, it is ${clock.now()}`)
  }
  const walking = walk()
  clock.setTimer(10, () => seen.push('second timer'))
  await clock.advance(100)
  await walking
  expect(seen).toEqual(['walked 10, it is 10', 'second timer', 'walked 5, it is 15'])
})

test('a cancelled timer does not fire, and cancelling it again or late is harmless', async () => {
  const clock = new VirtualClock()
  const fired: string[] = []
  const cancelled = clock.setTimer(5, () => fired.push('cancelled'))
  const late = clock.setTimer(5, () => fired.push('late'))
  cancelled.cancel()
  cancelled.cancel()
  expect(clock.timersCount).toBe(1)
  await clock.advance(5)
  late.cancel()
  expect([fired, clock.timersCount]).toEqual([['late'], 0])
})

test('a timer that never comes does not hold up the others', async () => {
  const clock = new VirtualClock()
  clock.setTimer(Infinity, () => expect.fail('it fired'))
  await clock.advance(1e12)
  expect(clock.now()).toBe(1e12)
})

test('the wall clock jumps without moving timers', async () => {
  const clock = new VirtualClock({ wallMs: 0 })
  let firedMs = -1
  clock.setTimer(10, () => {
    firedMs = clock.now()
  })
  clock.jumpWall(-3_600_000)
  await clock.advance(10)
  expect([firedMs, clock.wall()]).toEqual([10, -3_599_990])
})

test('a queue of timers gives them back sorted, without those that were cancelled', () => {
  const timer = fc.record({ dueMs: fc.nat(20), isCancelled: fc.boolean() })
  fc.assert(
    fc.property(fc.array(timer, { maxLength: 400 }), plan => {
      const queue = new TimerQueue()
      const timers = plan.map(({ dueMs }) => queue.add(dueMs, () => {}))
      for (const [index, { isCancelled }] of plan.entries()) if (isCancelled) timers[index]?.cancel()
      const left = plan
        .map(({ dueMs }, order) => ({ dueMs, order }))
        .filter(({ order }) => plan[order]?.isCancelled === false)
      expect(queue.size).toBe(left.length)
      const taken = left.map(() => queue.take()).map(taken => ({ dueMs: taken?.dueMs, order: taken?.order }))
      expect(taken).toEqual(left.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order))
      expect([queue.take(), queue.size]).toEqual([undefined, 0])
    }),
  )
})
