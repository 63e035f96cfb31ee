import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { gossip, graft, heard, schedule, send, tick, timeless, trialOf } from './fixture.suite.ts'
import { plumtreeSizes } from './sizes.ts'

test('the oldest payloads make room for new ones, by count', () => {
  const { receive, state } = trialOf(['a', 'b'], [], { cacheCountMax: 3 })
  for (const sequence of [1, 2, 3, 4, 5]) receive(0, 'a', gossip(sequence))
  expect(plumtreeSizes(state, 0).cachedCount).toBe(3)
  expect(receive(1, 'b', graft(1, 5))).toEqual([3, 4, 5].map(s => send(['b'], gossip(s, { round: 2 }))))
})

test('the oldest payloads make room for new ones, by bytes', () => {
  const large = (sequence: number) => ({ ...gossip(sequence), payload: new Uint8Array(1_000) })
  const { receive, state } = trialOf(['a', 'b'], [], { cacheBytesMax: 2 * (1_000 + limits.cachedOverheadBytes) })
  for (const sequence of [1, 2, 3, 4]) receive(0, 'a', large(sequence))
  expect(plumtreeSizes(state, 0)).toMatchObject({ cachedCount: 2, cachedBytes: state.options.cacheBytesMax })
  expect(timeless(receive(1, 'b', graft(1, 4)))).toHaveLength(2)
})

test('payloads go when they are old, several at once', () => {
  const { at, receive, state } = trialOf(['a'], [], { cacheAgeMs: 8_000 })
  expect(receive(0, 'a', gossip(1))).toContainEqual(schedule(8_000))
  receive(600, 'a', gossip(2))
  receive(5_000, 'a', gossip(3))
  expect(at(8_000, tick)).toEqual([schedule(9_000)])
  expect(plumtreeSizes(state, 0).cachedCount).toBe(2)
  expect(at(9_000, tick)).toEqual([schedule(13_000)])
  expect(at(13_000, tick)).toEqual([])
  expect(plumtreeSizes(state, 0)).toMatchObject({ cachedCount: 0, cachedBytes: 0 })
  // What was seen is remembered all the same.
  expect(heard(receive(20_000, 'a', gossip(2)))).toEqual([])
})

test('what is held behind a gap does not grow old', () => {
  const { at, receive } = trialOf(['a', 'b'], [], { cacheAgeMs: 8_000 })
  receive(0, 'a', gossip(1))
  receive(0, 'a', gossip(3))
  for (let now = 500; now < 20_000; now += 500) at(now, tick)
  expect(heard(receive(20_000, 'a', gossip(2)))).toEqual(['o 1 2', 'o 1 3'])
})

test('what is held and has to make room is missing again, and is asked for', () => {
  const { at, receive, state } = trialOf(['a', 'b'], [], { cacheCountMax: 2 })
  receive(0, 'a', gossip(1))
  receive(0, 'a', gossip(3))
  for (const sequence of [1, 2]) receive(0, 'b', gossip(sequence, { origin: 'p' }))
  expect(plumtreeSizes(state, 0)).toMatchObject({ cachedCount: 2, waiting: 1 })
  expect(timeless(at(500, tick))).toEqual([send(['a'], graft(2, 3))])
  expect(heard(receive(600, 'a', gossip(2)))).toEqual(['o 1 2'])
  expect(heard(receive(600, 'a', gossip(3)))).toEqual(['o 1 3'])
})
