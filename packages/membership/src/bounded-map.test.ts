import { expect, test } from 'vitest'
import { setNewest } from './bounded-map.ts'

test('the oldest is let go, and one that is set again is the newest', () => {
  const map = new Map<string, number>()
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', 4],
  ] as const)
    setNewest(map, key, value, 2)
  expect([...map]).toEqual([
    ['a', 3],
    ['c', 4],
  ])
})

test('none is held where none may be', () => {
  const map = new Map<string, number>()
  setNewest(map, 'a', 1, 0)
  expect(map.size).toBe(0)
})
