import { expect, test } from 'vitest'
import { HLC, logicalMax, type Stamp } from './hlc.ts'
import { HybridClock, type HybridClockOptions } from './hybrid-clock.ts'

const at = (wallMs: number, logical: number): Stamp => ({ wallMs, logical })

function clockAt(wallMs: number, options?: HybridClockOptions) {
  const wall = { ms: wallMs }
  return { wall, clock: new HybridClock({ wall: () => wall.ms }, options) }
}

test('a tick takes the time of the wall clock, and counts while that stands or goes back', () => {
  const { clock, wall } = clockAt(1000.7)
  expect([clock.tick(), clock.tick()]).toEqual([at(1000, 0), at(1000, 1)])
  wall.ms = 400
  expect(clock.tick()).toEqual(at(1000, 2))
  wall.ms = 1001
  expect(clock.tick()).toEqual(at(1001, 0))
})

test('an observed stamp is followed as the paper says, whichever of the three clocks is ahead', () => {
  expect(HLC.observe(at(10, 5), at(20, 7), 30)).toEqual(at(30, 0))
  expect(HLC.observe(at(10, 5), at(20, 7), 15)).toEqual(at(20, 8))
  expect(HLC.observe(at(20, 5), at(10, 7), 15)).toEqual(at(20, 6))
  expect(HLC.observe(at(20, 5), at(20, 7), 15)).toEqual(at(20, 8))
  expect(HLC.observe(at(20, 7), at(20, 5), 20)).toEqual(at(20, 8))
})

test('a stamp at the bound is taken; one past it is refused, counted, and does not move the clock', () => {
  const { clock } = clockAt(1000)
  expect(clock.observe(at(61_001, 0))).toBe('tooFarAhead')
  expect(clock.observe(at(2 ** 53 - 1, logicalMax))).toBe('tooFarAhead')
  expect([clock.last, clock.refused]).toEqual([HLC.zero, 2])
  expect(clock.observe(at(61_000, 0))).toEqual(at(61_000, 1))
  const { clock: strict } = clockAt(1000, { aheadMsMax: 5 })
  expect([strict.observe(at(1006, 0)), strict.observe(at(1005, 0))]).toEqual(['tooFarAhead', at(1005, 1)])
})

test('even a clock without a bound stays within what a stamp can hold', () => {
  const { clock } = clockAt(1000, { aheadMsMax: Infinity })
  expect(clock.observe(at(2 ** 53 - 1, logicalMax))).toBe('tooFarAhead')
})

test('what is not a stamp is refused and counted', () => {
  const { clock } = clockAt(1000)
  const bad = [undefined, null, 5, {}, at(-1, 0), at(1.5, 0), at(1, -1), at(1, 2 ** 32), at(NaN, 0), at(2 ** 53, 0)]
  for (const value of bad) expect(clock.observe(value as Stamp)).toBe('malformed')
  expect([clock.last, clock.refused]).toEqual([HLC.zero, bad.length])
})

test('a counter that is used up is said, never wrapped, and the clock goes on with the next millisecond', () => {
  const { clock, wall } = clockAt(1000, { last: at(1000, logicalMax - 1) })
  expect(clock.tick()).toEqual(at(1000, logicalMax))
  expect([clock.tick(), clock.observe(at(999, 0)), clock.last]).toEqual([
    'logicalOverflow',
    'logicalOverflow',
    at(1000, logicalMax),
  ])
  wall.ms = 1001
  expect(clock.tick()).toEqual(at(1001, 0))
})

test('a peer that sends a full counter moves the clock to the next millisecond, and no tick fails', () => {
  const { clock } = clockAt(1000)
  expect(clock.observe(at(5000, logicalMax))).toEqual(at(5001, 0))
  expect(clock.observe(at(5001, 65_534))).toEqual(at(5001, 65_535))
  expect(clock.observe(at(5001, 65_535))).toEqual(at(5002, 0))
  expect(clock.observe(at(61_000, 65_535))).toBe('tooFarAhead')
})

test('a clock that starts from a stored stamp goes on after it, also where the wall clock went back', () => {
  const { clock } = clockAt(1000, { last: at(9000, 4) })
  expect(clock.tick()).toEqual(at(9000, 5))
})

test('bad options are refused at the caller', () => {
  for (const options of [{ aheadMsMax: -1 }, { aheadMsMax: NaN }, { last: at(1.5, 0) }]) {
    expect(() => clockAt(0, options)).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID' }))
  }
})

test('the bytes are eight of the wall clock and four of the counter, big-endian', () => {
  // The highest bit of each 32 is set: nothing is signed or rounded.
  const stamp = at(0x0102f3040506, 0xf708090a)
  expect([...HLC.encode(stamp)]).toEqual([0, 0, 1, 2, 0xf3, 4, 5, 6, 0xf7, 8, 9, 10])
  const within = Uint8Array.of(9, 9, ...HLC.encode(stamp), 9)
  expect(HLC.decode(within.subarray(2, 14))).toEqual(stamp)
  expect(HLC.decode(new Uint8Array(11))).toBe(undefined)
  expect(HLC.decode(Uint8Array.of(0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toBe(undefined)
})
