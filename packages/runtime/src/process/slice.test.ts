import { expect, test } from 'vitest'
import { Slice } from './slice.ts'

/** Takes messages that last so long each until the slice is used up; how long it was, and how often it looked. */
function useUp(messageMs: (taken: number) => number, sliceMessagesMax = 1_000_000) {
  let ms = 0
  let looks = 0
  const now = () => {
    looks++
    return ms
  }
  const timer = { cancel() {}, keepAlive() {} }
  const slice = new Slice({ now, wall: now, setTimer: () => timer }, { sliceMessagesMax, sliceMs: 4 })
  slice.open()
  let taken = 0
  while (!slice.isUsedUp) {
    const budget = slice.budget
    expect(budget).toBeGreaterThan(0)
    for (let message = 0; message < budget; message++) ms += messageMs(taken++)
    slice.spend(budget)
  }
  return { ms, taken, looks }
}

test('quick messages are taken by the hundreds between two looks at the clock', () => {
  const { ms, taken, looks } = useUp(() => 0.0001)
  expect(ms).toBeLessThan(4.1)
  expect(taken / looks).toBeGreaterThan(200)
})

test.each([0.1, 1, 5, 100])('slow messages of %d ms end the slice soon', messageMs => {
  const { ms } = useUp(() => messageMs)
  expect(ms).toBeLessThanOrEqual(4 + 17 * messageMs)
})

test('messages that become slow are noticed, and the looks become frequent', () => {
  const { ms } = useUp(taken => (taken < 2000 ? 0.0001 : 0.5))
  expect(ms).toBeLessThanOrEqual(256 * 0.5 + 4)
})

test('time that stands still is bounded by the number of messages', () => {
  expect(useUp(() => 0, 1000).taken).toBe(1000)
})
