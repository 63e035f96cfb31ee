import { describe, expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { broadcast, gossip, graft, heard, ihave, send, tick, timeless, trialOf } from './fixture.suite.ts'
import { plumtreeSizes } from './sizes.ts'

describe('lives of an origin', () => {
  test('a newer one takes the place of the older, of which nothing is heard any more', () => {
    const { receive, state } = trialOf(['a', 'b'])
    receive(0, 'a', gossip(1, { creation: 5 }))
    receive(0, 'a', gossip(3, { creation: 5 }))
    expect(heard(receive(1, 'b', gossip(1, { creation: 6 })))).toEqual(['o 6 1'])
    expect(timeless(receive(2, 'a', gossip(2, { creation: 5 })))).toEqual([])
    expect(receive(2, 'a', ihave(2, 9, { creation: 5 }))).toEqual([])
    expect(receive(2, 'a', graft(1, 9, 5))).toEqual([])
    expect(state.counters.refused.staleCreation).toBe(2)
    expect(plumtreeSizes(state, 0)).toMatchObject({ origins: 2, cachedCount: 1, waiting: 0, missing: 0 })
  })

  test('a newer one that is only announced is asked for, and ends nothing until it is there', () => {
    const { at, receive, state } = trialOf(['a'], ['b'])
    receive(0, 'a', gossip(1))
    receive(0, 'b', ihave(1, 4, { creation: 2 }))
    expect(heard(receive(100, 'a', gossip(2)))).toEqual(['o 1 2'])
    expect(timeless(at(500, tick))).toEqual([send(['b'], graft(1, 4, 2))])
    expect(heard(receive(600, 'a', gossip(3)))).toEqual(['o 1 3'])
    expect(heard(receive(700, 'b', gossip(1, { creation: 2 })))).toEqual(['o 2 1'])
    expect(receive(800, 'a', gossip(4))).toEqual([])
    expect(state.counters.refused.staleCreation).toBe(1)
  })

  test('a newer one of which only what cannot be delivered came ends nothing either', () => {
    const { at, receive, state } = trialOf(['a', 'liar', 'c'])
    receive(0, 'a', gossip(1))
    receive(0, 'liar', gossip(2 ** 53 - 1, { creation: 2 }))
    expect(heard(receive(100, 'a', gossip(2)))).toEqual(['o 1 2'])
    // The real next life is not kept out by the liar's, and is begun at once.
    receive(200, 'liar', ihave(1, 9, { creation: 80_000 }))
    expect(heard(receive(300, 'a', gossip(1, { creation: 1_000 })))).toEqual(['o 1000 1'])
    for (let now = 500; now < 5_000; now += 500) at(now, tick)
    expect(heard(receive(5_000, 'a', gossip(2, { creation: 1_000 })))).toEqual(['o 1000 2'])
    expect(plumtreeSizes(state, 0)).toMatchObject({ origins: 2, waiting: 0, missing: 0 })
  })

  test('an earlier one than was announced is heard, and gives way when the later is there', () => {
    const { receive } = trialOf(['a', 'b'])
    receive(0, 'b', ihave(1, 1, { creation: 2 }))
    expect(heard(receive(1, 'a', gossip(1)))).toEqual(['o 1 1'])
    expect(heard(receive(2, 'b', gossip(1, { creation: 2 })))).toEqual(['o 2 1'])
    expect(heard(receive(3, 'a', gossip(2)))).toEqual([])
  })

  test('one that cannot have begun yet is refused, announced or not', () => {
    const { receive, state } = trialOf(['a'], ['b'], {}, 1_000)
    const { creationAheadMax } = limits
    for (const creation of [1_002 + creationAheadMax, 2 ** 53 - 1]) {
      expect(receive(1_000, 'a', gossip(1, { creation }))).toEqual([])
      expect(receive(1_000, 'b', ihave(1, 1, { creation }))).toEqual([])
    }
    expect(state.counters.refused.creationAhead).toBe(4)
    expect(heard(receive(1_000, 'a', gossip(1, { creation: 1_001 + creationAheadMax })))).toHaveLength(1)
  })
})

describe('what is refused of an origin', () => {
  test('what it says in the name of this node and was never said', () => {
    const { at, receive, state } = trialOf(['a'], ['b'], {}, 5)
    at(0, broadcast('x'))
    for (const creation of [5, 6]) {
      expect(receive(0, 'a', gossip(2, { origin: 'me', creation }))).toEqual([])
      expect(receive(0, 'a', ihave(1, 2, { origin: 'me', creation }))).toEqual([])
    }
    expect(state.counters.refused.forged).toBe(4)
    // An earlier life of this node is nobody's lie.
    expect(receive(0, 'a', gossip(2, { origin: 'me', creation: 4 }))).toEqual([])
    expect(state.counters.refused).toMatchObject({ forged: 4, staleCreation: 1 })
    expect(timeless(at(1, broadcast('y')))[0]).toMatchObject({ kind: 'deliver', creation: 5 })
  })

  test('a name that no node can have', () => {
    const { receive, state } = trialOf(['a'])
    for (const origin of ['no node', '../../x', 'a@b']) {
      expect(receive(0, 'a', gossip(1, { origin }))).toEqual([])
      expect(receive(0, 'a', ihave(1, 1, { origin }))).toEqual([])
    }
    expect(state.counters.refused.badOrigin).toBe(6)
    expect(state.origins.size).toBe(1)
  })
})

describe('a full table of origins', () => {
  const options = { originsMax: 6, originsPerPeerMax: 3, originIdleMs: 1_000_000, cacheAgeMs: 1_000 }

  test('one peer fills its part only, and others can still bring theirs', () => {
    const { receive, state } = trialOf(['a', 'b'], [], options)
    const bring = (from: string, names: string[]) =>
      names.flatMap(origin => heard(receive(0, from, gossip(1, { origin }))))
    expect(bring('a', ['p', 'q', 'r', 's', 't'])).toEqual(['p 1 1', 'q 1 1', 'r 1 1'])
    expect(bring('b', ['s', 't', 'u'])).toEqual(['s 1 1', 't 1 1'])
    expect(state.counters.refused).toMatchObject({ originsPerPeerFull: 2, originsFull: 1 })
    expect(bring('a', ['p'])).toEqual([])
    expect(heard(receive(0, 'a', gossip(2, { origin: 't' })))).toEqual(['t 1 2'])
  })

  test('makes room of origins that are long silent, and of no others', () => {
    const { at, receive, state } = trialOf(['a', 'b'], [], options)
    for (const origin of ['p', 'q', 'r']) receive(0, 'a', gossip(1, { origin }))
    for (const origin of ['s', 't']) receive(900_000, 'b', gossip(1, { origin }))
    at(999_000, tick)
    expect(heard(receive(999_999, 'b', gossip(1, { origin: 'u' })))).toEqual([])
    expect(heard(receive(1_060_000, 'b', gossip(1, { origin: 'u' })))).toEqual(['u 1 1'])
    expect([...state.origins.keys()].sort()).toEqual(['me@host', 's@host', 't@host', 'u@host'])
    expect(state.counters.refused.originsFull).toBe(1)
  })

  test('fake origins that are announced count as well, and are forgotten soon', () => {
    const { at, receive, state } = trialOf(['a', 'b'], [], options)
    for (let count = 0; count < 50; count++) receive(0, 'a', ihave(count + 1, 2 ** 53 - 1, { origin: `fake${count}` }))
    expect(plumtreeSizes(state, 0)).toMatchObject({ origins: 4, missing: 3 })
    expect(state.counters.refused.originsPerPeerFull).toBe(47)
    at(500, tick)
    at(1_000, tick)
    expect(plumtreeSizes(state, 0)).toMatchObject({ origins: 1, missing: 0, waiting: 0 })
  })
})

test('one peer may announce a bounded number of missing things', () => {
  const { receive, state } = trialOf(['a', 'b'])
  const { missingPerPeerMax, rangesPerMessageMax } = limits
  const range = (index: number) => ({ origin: `o${index}@host`, creation: 1, from: 1, to: 1, round: 1 })
  for (let index = 0; index < missingPerPeerMax; index += rangesPerMessageMax) {
    const ranges = Array.from({ length: rangesPerMessageMax }, (_, offset) => range(index + offset))
    receive(0, 'a', { kind: 'ihave', ranges })
  }
  expect(plumtreeSizes(state, 0).missing).toBe(missingPerPeerMax)
  expect(state.counters.refused.missingFull).toBe(
    Math.ceil(missingPerPeerMax / rangesPerMessageMax) * rangesPerMessageMax - missingPerPeerMax,
  )
  receive(0, 'b', ihave(1, 1, { origin: 'other' }))
  expect(plumtreeSizes(state, 0).missing).toBe(missingPerPeerMax + 1)
})
