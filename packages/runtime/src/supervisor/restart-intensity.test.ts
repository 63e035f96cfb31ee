import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addRestart } from './restart-intensity.ts'

const oneInFive = { intensity: 1, periodMs: 5000 }

test('the first restart is borne and the second within the period is one too many', () => {
  expect(addRestart([], 100, oneInFive)).toEqual([100])
  expect(addRestart([100], 200, oneInFive)).toBeUndefined()
})

test('a restart exactly one period back still counts, and one a millisecond older does not', () => {
  expect(addRestart([100], 5100, oneInFive)).toBeUndefined()
  expect(addRestart([100], 5101, oneInFive)).toEqual([5101])
})

test('an intensity of 0 bears no restart, and one of Infinity any number without keeping them', () => {
  expect(addRestart([], 100, { intensity: 0, periodMs: 5000 })).toBeUndefined()
  expect(addRestart([], 100, { intensity: Infinity, periodMs: 5000 })).toEqual([])
})

describe('laws', () => {
  const gaps = fc.array(fc.nat({ max: 30 }), { maxLength: 40 })

  test('no window of a period ever holds more restarts than the intensity, and none is refused without need', () => {
    fc.assert(
      fc.property(gaps, fc.nat({ max: 4 }), fc.integer({ min: 1, max: 40 }), (gaps, intensity, periodMs) => {
        const borne: number[] = []
        let kept: readonly number[] = []
        let nowMs = 0
        for (const gap of gaps) {
          nowMs += gap
          const inWindow = borne.filter(thenMs => thenMs >= nowMs - periodMs).length
          const next = addRestart(kept, nowMs, { intensity, periodMs })
          expect(next === undefined).toBe(inWindow >= intensity)
          if (next === undefined) continue
          borne.push(nowMs)
          kept = next
          expect(kept.length).toBeLessThanOrEqual(intensity)
        }
      }),
    )
  })
})
