import { expect, test } from 'vitest'
import { hash64, seededEntropy, seededRandom, splitMix64, xoshiro128 } from './random.ts'

const take = <Value>(count: number, draw: () => Value): Value[] => Array.from({ length: count }, draw)

test('xoshiro128** draws what the reference implementation draws from the state 1, 2, 3, 4', () => {
  const drawn = take(10, xoshiro128([1, 2, 3, 4]))
  const reference = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597]
  expect(drawn).toEqual([...reference, 4258142804])
})

test('SplitMix64 draws what the reference implementation draws from the seed 1234567', () => {
  const reference = [6457827717110365317n, 3203168211198807973n, 9817491932198370423n, 4593380528125082431n]
  expect(take(5, splitMix64(1234567n))).toEqual([...reference, 16408922859458223821n])
})

test('FNV-1a hashes as its authors say', () => {
  expect(hash64('')).toBe(0xcbf29ce484222325n)
  expect(hash64('a')).toBe(0xaf63dc4c8601ec8cn)
  expect(hash64('foobar')).toBe(0x85944171f73967e8n)
})

test('the same seed gives the same numbers, another seed gives others', () => {
  const drawn = (seed: number | string) => {
    const random = seededRandom(seed)
    return take(20, () => random.next())
  }
  expect(drawn(7)).toEqual(drawn(7))
  expect(drawn('7 a@sim')).toEqual(drawn('7 a@sim'))
  const seeds = [0, 1, -1, 2 ** 40, '1', '1 a', '1 b'].map(seed => drawn(seed).join())
  expect(new Set(seeds).size).toBe(seeds.length)
})

test('numbers are at least 0, below 1, and spread evenly', () => {
  const random = seededRandom(1)
  const tenths = new Array<number>(10).fill(0)
  for (const drawn of take(100_000, () => random.next()))
    tenths[Math.floor(drawn * 10)] = (tenths[Math.floor(drawn * 10)] ?? 0) + 1
  expect(tenths).toHaveLength(10)
  // Five standard deviations.
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(475)
})

test('entropy from a seed can be drawn again, and is not that of another seed', () => {
  const [one, again, other] = [seededEntropy(1), seededEntropy(1), seededEntropy(2)]
  const bytes = one.bytes(32)
  expect(bytes).toHaveLength(32)
  expect(again.bytes(32)).toEqual(bytes)
  expect(other.bytes(32)).not.toEqual(bytes)
  expect(one.bytes(32)).not.toEqual(bytes)
})
