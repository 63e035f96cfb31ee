import { describe, expect, test } from 'vitest'
import type { Figure } from './figure.ts'
import { median, ratioOf, rowOf } from './row.ts'

const never = async () => null
const sends: Figure = {
  name: 'local.send',
  unit: 'sends/s',
  better: 'higher',
  peer: 'ring',
  ours: never,
  peers: { ring: never, erlang: never },
}

describe('the median', () => {
  test('of an odd count is the middle value, in whatever order they came', () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  test('of an even count is halfway between the middle two', () => {
    expect(median([4, 1, 3, 100])).toBe(3.5)
  })

  test('does not reorder what it is given', () => {
    const runs = [3, 1, 2]
    median(runs)
    expect(runs).toEqual([3, 1, 2])
  })

  test('of nothing is an error', () => {
    expect(() => median([])).toThrow('no median')
  })
})

describe('the ratio', () => {
  test('is above 1 where ours does more', () => {
    expect(ratioOf('higher', 300, 100)).toBe(3)
  })

  test('is above 1 where ours takes less', () => {
    expect(ratioOf('lower', 100, 300)).toBe(3)
  })

  test('is 1 where both count nothing', () => {
    expect(ratioOf('lower', 0, 0)).toBe(1)
  })
})

describe('a row', () => {
  const readings = new Map([
    ['ours', [30, 10, 20]],
    ['ring', [40, 44, 36]],
    ['erlang', [10, 8]],
  ])

  test('has exactly the fields that --json promises, in one line', () => {
    expect(JSON.stringify(rowOf(sends, readings))).toBe(
      '{"name":"local.send","value":20,"unit":"sends/s","peer":"ring","peerValue":40,"ratio":0.5,' +
        '"others":{"erlang":9},"runs":[30,10,20]}',
    )
  })

  test('says null for peers that are not on this machine', () => {
    const row = rowOf(sends, new Map([['ours', [20]]]))
    expect(row).toMatchObject({ peerValue: null, ratio: null, others: { erlang: null } })
  })

  test('rounds to the digits that mean something', () => {
    const row = rowOf(sends, new Map([['ours', [12_345_678.9]]]))
    expect(row).toMatchObject({ value: 12_350_000, runs: [12_350_000] })
  })
})
