import { expect, test } from 'vitest'
import { BackOff } from './back-off.ts'

const create = () => new BackOff({ firstMs: 100, maxMs: 1000, nodesMax: 3 })

test('each failure in a row doubles the wait, up to the most', () => {
  const backOff = create()
  const waits: number[] = []
  for (let times = 0; times < 6; times++) {
    backOff.failed('b@host', 0)
    waits.push(backOff.delayMs('b@host', 0))
  }
  expect(waits).toEqual([100, 200, 400, 800, 1000, 1000])
})

test('the wait runs from the last failure, and is over by itself', () => {
  const backOff = create()
  backOff.failed('b@host', 5_000)
  expect([backOff.delayMs('b@host', 5_060), backOff.delayMs('b@host', 9_000)]).toEqual([40, 0])
  expect(backOff.delayMs('c@host', 5_000)).toBe(0)
})

test('a node that was reached begins anew', () => {
  const backOff = create()
  for (let times = 0; times < 4; times++) backOff.failed('b@host', 0)
  backOff.reached('b@host')
  expect(backOff.delayMs('b@host', 0)).toBe(0)
  backOff.failed('b@host', 0)
  expect(backOff.delayMs('b@host', 0)).toBe(100)
})

test('only so many nodes are remembered: the one that failed the longest ago makes room', () => {
  const backOff = create()
  for (const node of ['a@host', 'b@host', 'c@host', 'a@host', 'd@host']) backOff.failed(node, 0)
  const waits = ['a@host', 'b@host', 'c@host', 'd@host'].map(node => backOff.delayMs(node, 0))
  expect(waits).toEqual([200, 0, 100, 100])
})
