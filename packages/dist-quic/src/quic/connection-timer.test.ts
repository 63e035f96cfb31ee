import type { Clock } from '@barrel-actors/runtime'
import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { ConnectionTimer } from './connection-timer.ts'

function timed(nativeMs: number | null) {
  const state = { now: 0, nativeMs, pings: 0, expired: 0, set: [] as number[], fire: () => {} }
  const clock: Clock = {
    now: () => state.now,
    wall: () => 0,
    setTimer: (delayMs, expire) => {
      state.set.push(delayMs)
      state.fire = expire
      return { cancel() {}, keepAlive() {} }
    },
  }
  const native = { timeout: () => state.nativeMs }
  const timing = { clock, idleTimeoutMs: 10_000, keepAliveMs: 3_000 }
  return {
    state,
    timer: new ConnectionTimer(native, timing, quiet => {
      state.expired++
      if (quiet) state.pings++
    }),
  }
}

test('a deadline that moves later does not touch the timer', () => {
  const { state, timer } = timed(20)
  timer.arm(true)
  state.now = 10
  timer.arm(true)
  expect(state.set).toEqual([21])
})

test('a deadline that moves nearer does', () => {
  const { state, timer } = timed(500)
  timer.arm(true)
  state.nativeMs = 20
  timer.arm(true)
  expect(state.set).toEqual([501, 21])
})

test('silence of our own makes a ping, and packets put it off', () => {
  const { state, timer } = timed(null)
  timer.arm(true)
  expect(state.set).toEqual([3_000])
  state.now = 1_000
  timer.sent()
  timer.arm(true)
  state.now = 3_000
  state.fire()
  expect([state.pings, state.expired]).toEqual([0, 1])
  timer.arm(true)
  state.now = 4_000
  state.fire()
  expect(state.pings).toBe(1)
})

test('a handshake has a deadline until it is lifted', () => {
  const { state, timer } = timed(null)
  timer.giveUpAfter(5_000)
  timer.arm(false)
  expect(state.set).toEqual([5_000])
  state.now = 5_000
  expect(timer.overdue).toBe(true)
  timer.giveUpAfter(undefined)
  expect(timer.overdue).toBe(false)
})

test('a timer that was set for later does not fire beside the one that took its place', async () => {
  const clock = new VirtualClock()
  let nativeMs: number | null = 500
  let fired = 0
  const timing = { clock, idleTimeoutMs: 10_000, keepAliveMs: 100_000 }
  const timer = new ConnectionTimer({ timeout: () => nativeMs }, timing, () => void fired++)
  timer.arm(true)
  nativeMs = 20
  timer.arm(true)
  nativeMs = null
  await clock.advance(2_000)
  expect(fired).toBe(1)
  nativeMs = 20
  timer.arm(true)
  timer.stop()
  await clock.advance(2_000)
  expect(fired).toBe(1)
})
