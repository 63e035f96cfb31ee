import { performance } from 'node:perf_hooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from './system-clock.ts'

const dayMs = 24 * 60 * 60 * 1000

beforeEach(() => {
  vi.useFakeTimers()
  // The clock does not read the global one, which is the only one that is faked.
  vi.spyOn(performance, 'now').mockImplementation(() => Date.now())
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

function start(delayMs: number) {
  const fired: number[] = []
  const begin = Date.now()
  const timer = systemClock.setTimer(delayMs, () => fired.push(Date.now() - begin))
  return { fired, timer }
}

test('a timer fires once, after its delay', () => {
  const { fired } = start(100)
  vi.advanceTimersByTime(99)
  expect(fired).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(fired).toEqual([100])
})

test('a delay longer than setTimeout can wait is waited for all the same', () => {
  const { fired } = start(60 * dayMs)
  vi.advanceTimersByTime(60 * dayMs - 1)
  expect(fired).toEqual([])
  vi.advanceTimersByTime(1)
  expect(fired).toEqual([60 * dayMs])
})

test('a long timer can be cancelled in each part of its wait, and when it has fired', () => {
  for (const days of [0, 20, 30, 55, 61]) {
    const { fired, timer } = start(60 * dayMs)
    vi.advanceTimersByTime(days * dayMs)
    timer.cancel()
    timer.cancel()
    vi.advanceTimersByTime(100 * dayMs)
    expect(fired.length).toBe(days > 60 ? 1 : 0)
  }
})

test('a timer keeps the operating-system process alive only when it is asked to', () => {
  vi.useRealTimers()
  const kept = () => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length
  const before = kept()
  const timer = systemClock.setTimer(60 * dayMs, () => {})
  expect(kept()).toBe(before)
  timer.keepAlive(true)
  expect(kept()).toBe(before + 1)
  timer.keepAlive(false)
  expect(kept()).toBe(before)
  timer.cancel()
})

test('now never goes back, and wall is the time of day', () => {
  vi.useRealTimers()
  const first = systemClock.now()
  expect(systemClock.now()).toBeGreaterThanOrEqual(first)
  expect(Math.abs(systemClock.wall() - Date.now())).toBeLessThan(1000)
})

test('a timer never fires early by its own clock, also when it is set late in a turn of the event loop', async () => {
  vi.useRealTimers()
  const earlyMs = (delayMs: number, busyMs: number) =>
    new Promise<number>(resolve => {
      const begin = systemClock.now()
      while (systemClock.now() < begin + busyMs);
      const dueMs = systemClock.now() + delayMs
      systemClock.setTimer(delayMs, () => resolve(dueMs - systemClock.now())).keepAlive(true)
    })
  for (let count = 0; count < 20; count++) {
    expect(await earlyMs(1.9, 0)).toBeLessThanOrEqual(0)
    expect(await earlyMs(5, 6)).toBeLessThanOrEqual(0)
  }
})
