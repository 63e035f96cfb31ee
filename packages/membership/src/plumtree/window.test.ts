import { describe, expect, test } from 'vitest'
import {
  deliver,
  gossip,
  graft,
  heard,
  ihave,
  missed,
  peerDown,
  send,
  tick,
  timeless,
  trialOf,
} from './fixture.suite.ts'
import { plumtreeSizes } from './sizes.ts'

describe('where a stream begins', () => {
  test('in the middle with the first payload that two neighbours vouch for; what is before it is never delivered', () => {
    const { receive, state } = trialOf(['a', 'b', 'c'])
    expect(heard(receive(0, 'a', gossip(500)))).toEqual([])
    expect(heard(receive(0, 'a', gossip(501)))).toEqual([])
    expect(heard(receive(1, 'b', ihave(500)))).toEqual(['o 1 500', 'o 1 501'])
    expect(timeless(receive(2, 'b', gossip(499)))).toEqual([send(['b'], { kind: 'prune' })])
    expect(heard(receive(3, 'a', gossip(502)))).toEqual(['o 1 502'])
    expect(state.counters.missed).toBe(0)
  })

  test('in the middle at once where the origin itself says so, or the only neighbour', () => {
    expect(heard(trialOf(['a', 'o']).receive(0, 'o', gossip(500)))).toEqual(['o 1 500'])
    expect(heard(trialOf(['a']).receive(0, 'a', gossip(500)))).toEqual(['o 1 500'])
  })

  test('in the middle after a long time where one of several says so, and with the lowest that came meanwhile', () => {
    const { at, receive, state } = trialOf(['a', 'b'])
    receive(0, 'a', gossip(500))
    receive(50_000, 'a', gossip(499))
    expect(heard(at(119_999, tick))).toEqual([])
    expect(heard(at(120_000, tick))).toEqual(['o 1 499', 'o 1 500'])
    expect(state.counters.missed).toBe(0)
  })

  test('at its first message where it is young, and only for a short time', () => {
    const { at, receive } = trialOf(['a', 'b'])
    expect(heard(receive(0, 'a', gossip(3)))).toEqual([])
    expect(timeless(at(500, tick))).toEqual([send(['a'], graft(1, 2, 1, 255))])
    expect(heard(receive(600, 'a', gossip(1)))).toEqual(['o 1 1'])
    expect(heard(receive(700, 'a', gossip(2)))).toEqual(['o 1 2', 'o 1 3'])
    receive(1_000, 'a', gossip(3, { origin: 'p' }))
    expect(heard(at(5_999, tick))).toEqual([])
    expect(heard(at(6_000, tick))).toEqual(['p 1 3'])
  })

  test('with what an announcer is asked for, where the announcement came first', () => {
    const { at, receive } = trialOf(['b'])
    receive(0, 'b', ihave(40, 42))
    expect(timeless(at(500, tick))).toEqual([send(['b'], graft(40, 42))])
    expect(heard(receive(600, 'b', gossip(40)))).toEqual(['o 1 40'])
    expect(heard(receive(600, 'b', gossip(41)))).toEqual(['o 1 41'])
  })
})

describe('a gap that nobody fills', () => {
  const gapAt = (eager: string[]) => {
    const trial = trialOf(eager)
    trial.receive(0, 'a', gossip(1))
    return trial
  }

  test('is given up and told when two neighbours say to be past it', () => {
    const { at, receive, state } = gapAt(['a', 'b', 'c'])
    receive(0, 'a', gossip(4))
    receive(0, 'b', ihave(4))
    expect(heard(at(29_999, tick))).toEqual([])
    expect(timeless(at(30_000, tick)).slice(0, 3)).toEqual([
      missed(2, 3),
      deliver(4),
      send(['b', 'c'], gossip(4, { round: 2 })),
    ])
    expect(state.counters.missed).toBe(1)
    // Too late: nothing is delivered out of order.
    expect(heard(receive(30_001, 'b', gossip(3)))).toEqual([])
    expect(heard(receive(30_002, 'a', gossip(5)))).toEqual(['o 1 5'])
  })

  test('is given up later when only one of several says so', () => {
    const { at, receive } = gapAt(['a', 'b', 'c'])
    receive(0, 'a', gossip(4))
    for (let now = 25; now < 120_000; now += 25) expect(heard(at(now, tick))).toEqual([])
    expect(heard(at(120_000, tick))).toEqual(['o 1 4'])
  })

  test('is given up as soon where the origin itself says so, or the only neighbour', () => {
    const direct = gapAt(['a', 'o', 'c'])
    direct.receive(0, 'o', gossip(4))
    expect(heard(direct.at(30_000, tick))).toEqual(['o 1 4'])
    const alone = gapAt(['a'])
    alone.receive(0, 'a', gossip(4))
    expect(heard(alone.at(30_000, tick))).toEqual(['o 1 4'])
  })

  test('holds on for as long as something can be delivered before it', () => {
    const { at, receive } = gapAt(['a', 'b', 'c'])
    receive(0, 'a', gossip(5))
    receive(0, 'b', ihave(5))
    receive(20_000, 'c', gossip(2))
    expect(heard(at(49_999, tick))).toEqual([])
    expect(heard(at(50_000, tick))).toEqual(['o 1 5'])
  })

  test('the word of a neighbour that went does not count', () => {
    const { at, receive } = gapAt(['a', 'b', 'c'])
    receive(0, 'a', gossip(4))
    receive(0, 'b', ihave(4))
    at(10, peerDown('b'))
    expect(heard(at(30_000, tick))).toEqual([])
  })
})

describe('a lie about a number far ahead', () => {
  const far = 2 ** 53 - 1

  test('that is only announced moves nothing, and is over after a few asks', () => {
    const { at, receive, state } = trialOf(['a', 'b'], ['liar'])
    receive(0, 'a', gossip(1))
    receive(10, 'liar', ihave(1, far))
    const effects = []
    for (let now = 25; now < 20_000; now += 25) effects.push(...timeless(at(now, tick)))
    expect(effects.filter(({ kind }) => kind === 'send')).toHaveLength(4)
    expect(effects.filter(({ kind }) => kind === 'missed')).toEqual([missed(2, far)])
    expect(plumtreeSizes(state, 0)).toMatchObject({ waiting: 0, missing: 0 })
    expect(heard(receive(20_000, 'a', gossip(2)))).toEqual(['o 1 2'])
  })

  test('that comes with a payload makes nothing of a stream that goes on be skipped', () => {
    const { at, receive, state } = trialOf(['a', 'b', 'liar'])
    let delivered: string[] = []
    for (let sequence = 1, now = 0; sequence <= 100; sequence++) {
      receive(now, 'liar', gossip(far - sequence))
      delivered = [...delivered, ...heard(receive(now, 'a', gossip(sequence)))]
      for (const end = now + 10_000; now < end; now += 500) delivered = [...delivered, ...heard(at(now, tick))]
    }
    expect(delivered).toEqual(Array.from({ length: 100 }, (_, index) => `o 1 ${index + 1}`))
    expect(state.counters.missed).toBe(0)
  })

  test('never keeps a message close by out of what is held', () => {
    const { receive, state } = trialOf(['a', 'liar'], [], { heldPerOriginMax: 4 })
    receive(0, 'a', gossip(1))
    for (let count = 0; count < 9; count++) receive(0, 'liar', gossip(far - count))
    expect(plumtreeSizes(state, 0).cachedCount).toBe(1 + 4)
    for (const sequence of [6, 5, 4, 3]) receive(0, 'a', gossip(sequence))
    expect(heard(receive(0, 'a', gossip(2)))).toEqual([2, 3, 4, 5, 6].map(sequence => `o 1 ${sequence}`))
    // 5 of the liar's made others of it go, and 4 of the honest ones the rest.
    expect(state.counters.refused.heldFull).toBe(9)
  })
})
