import { systemEntropy } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { limits } from './limits.ts'
import { keyOf } from './packet-head.ts'
import { SourceIds } from './source-ids.ts'

/** The ids of one connection, what the library was given of them, and the table that finds it. */
function setUp(left = 100) {
  const given: Buffer[] = []
  const retired: Buffer[] = []
  const table = new Set<string>()
  const native = {
    newSourceCid: (id: Buffer) => given.push(id),
    retiredScidNext: () => retired.shift() ?? null,
    sourceCidsLeft: () => left - given.length,
  }
  const first = Buffer.alloc(16, 1)
  const names = { add: (key: string) => void table.add(key), remove: (key: string) => void table.delete(key) }
  const ids = new SourceIds(native as never, systemEntropy, names, first)
  return { ids, given, retired, table, first }
}

test('a peer has some ids ahead, and another for each that it begins to use', () => {
  const { ids, given, table } = setUp()
  ids.refresh()
  ids.refresh()
  expect([given.length, table.size, ids.size]).toEqual([limits.connectionIdsSpare, 4, 4])
  const key = keyOf(given[0] as Buffer)
  expect([ids.use(key), ids.use(key), ids.use('unknown')]).toEqual([true, false, false])
  ids.refresh()
  expect([given.length, table.size, ids.size]).toEqual([4, 5, 5])
})

test('what it retires is found no more, used or not, and is made up for', () => {
  const { ids, given, retired, table, first } = setUp()
  ids.refresh()
  ids.use(keyOf(given[0] as Buffer))
  ids.refresh()
  retired.push(first, given[0] as Buffer, given[1] as Buffer)
  ids.refresh()
  for (const gone of [first, given[0], given[1]]) expect(table.has(keyOf(gone as Buffer))).toBe(false)
  expect([ids.size, table.size, ids.use(keyOf(given[1] as Buffer))]).toEqual([3, 3, false])
})

test('a peer that retires them in a loop comes to their end, and the table does not grow', () => {
  const { ids, given, retired, table } = setUp(1_000)
  for (let round = 0; round < 100; round++) {
    ids.refresh()
    retired.push(...given)
  }
  // With the one that it began with.
  expect(given).toHaveLength(limits.connectionIdsMax - 1)
  expect(table.size).toBeLessThanOrEqual(1 + limits.connectionIdsSpare)
})

test('no more are given than the library takes', () => {
  const { ids, given } = setUp(2)
  ids.refresh()
  expect(given).toHaveLength(2)
})

test('the end takes all of them out of the table', () => {
  const { ids, given, table } = setUp()
  ids.refresh()
  ids.use(keyOf(given[0] as Buffer))
  ids.clear()
  expect([table.size, ids.size]).toEqual([0, 0])
})
