import { expect, test } from 'vitest'
import { StallMeter } from './stall-meter.ts'

const options = { limitMs: 1_000, beatMs: 100, lookMs: 100 }

/** Looks every `lookMs` until it has stalled, at most that long; gives the time. */
function stalledAfter(meter: StallMeter, fromMs: number, toMs: number, beatsAt: (ms: number) => number) {
  for (let ms = fromMs; ms <= toMs; ms += options.lookMs) if (meter.look(beatsAt(ms), ms)) return ms
  return undefined
}

test('a loop that beats never stalls', () => {
  const meter = new StallMeter(options, 0, 0)
  expect(stalledAfter(meter, 100, 60_000, ms => Math.floor(ms / options.beatMs))).toBeUndefined()
})

test('a loop that stops beating has stalled after the limit and one beat', () => {
  const meter = new StallMeter(options, 0, 0)
  expect(stalledAfter(meter, 100, 60_000, ms => Math.min(ms, 500))).toBe(1_600)
})

test('a loop that beats once before the limit starts anew', () => {
  const meter = new StallMeter(options, 0, 0)
  expect(stalledAfter(meter, 100, 60_000, ms => (ms < 900 ? 0 : 1))).toBe(2_000)
})

test('time in which nobody looked does not count: an OS process that is stopped and goes on has not stalled', () => {
  const meter = new StallMeter(options, 0, 0)
  expect(meter.look(1, 100)).toBe(false)
  expect(meter.look(1, 3_600_000)).toBe(false)
  expect(meter.look(2, 3_600_100)).toBe(false)
})

test('a loop that stands still before and after it was stopped has stalled after the limit of its own time', () => {
  const meter = new StallMeter(options, 0, 0)
  expect(stalledAfter(meter, 100, 500, () => 0)).toBeUndefined()
  expect(stalledAfter(meter, 3_600_000, 3_700_000, () => 0)).toBe(3_600_400)
})
