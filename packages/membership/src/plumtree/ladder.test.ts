import { describe, expect, test } from 'vitest'
import { limits } from '../limits.ts'
import {
  broadcast,
  deliver,
  gossip,
  graft,
  heard,
  ihave,
  missed,
  nameOf,
  peerDown,
  peerUp,
  schedule,
  send,
  tick,
  timeless,
  trialOf,
} from './fixture.suite.ts'
import { plumtreeSizes } from './sizes.ts'
import { eagerPeers } from './state.ts'

/** A node that has message 1 of `o` from `a`. */
const trialAfterOne = (eager: string[], lazy: string[]) => {
  const trial = trialOf(eager, lazy)
  trial.receive(0, 'a', gossip(1))
  return trial
}

test('after a gap that was given up, who was asked in vain before is asked again', () => {
  const { at, receive } = trialAfterOne(['a'], ['b'])
  receive(0, 'a', gossip(10))
  receive(0, 'b', ihave(2, 20))
  const effects = []
  for (let now = 500; now < 30_000; now += 100) effects.push(...at(now, tick))
  expect(heard(effects)).toEqual([])
  const after = []
  for (let now = 30_000; now < 60_000; now += 100) after.push(...timeless(at(now, tick)))
  expect(heard(after)).toEqual(['o 1 10'])
  expect(after).toContainEqual(send(['b'], graft(11, 20)))
  const asks = after.filter(effect => effect.kind === 'send' && effect.message.kind === 'graft')
  expect(asks).toHaveLength(1 + limits.unannouncedAsksMax)
  expect(after.filter(({ kind }) => kind === 'missed')).toEqual([missed(2, 9), missed(11, 20)])
})

describe('where as many are held as may be', () => {
  /** It has 1, and holds so many from 101 on; `b` says that it has all of them and more. */
  const fullTrial = () => {
    const trial = trialOf(['a'], ['b'], { heldPerOriginMax: 4 })
    trial.receive(0, 'a', gossip(1))
    for (let sequence = 101; sequence <= 104; sequence++) trial.receive(0, 'a', gossip(sequence))
    trial.receive(0, 'b', ihave(2, 200))
    return trial
  }

  test('only what is below them is asked for', () => {
    const { at } = fullTrial()
    const asked = timeless(at(500, tick)).concat(timeless(at(1_000, tick)))
    expect(asked).toContainEqual(send(['b'], graft(2, 100, 1, 4)))
    expect(JSON.stringify(asked)).not.toContain('"to":200')
  })

  test('what a lower one made go is asked for again, and had again', () => {
    const { at, receive } = fullTrial()
    at(500, tick)
    at(1_000, tick)
    const gap = Array.from({ length: 99 }, (_, index) => index + 2)
    const got = gap.flatMap(sequence => heard(receive(1_100, 'b', gossip(sequence))))
    expect(got.at(-1)).toBe('o 1 104')
    const asked = timeless(at(1_500, tick)).concat(timeless(at(2_000, tick)))
    expect(asked).toContainEqual(send(['b'], graft(105, 200, 1, 4)))
  })
})

describe('what is announced and does not come', () => {
  test('is asked for after a while, and its announcer becomes eager', () => {
    const { at, receive, state } = trialAfterOne(['a'], ['b'])
    expect(receive(1_000, 'b', ihave(2))).toEqual([schedule(1_500)])
    expect(timeless(at(1_499, tick))).toEqual([])
    expect(timeless(at(1_500, tick))).toEqual([send(['b'], graft(2))])
    expect(eagerPeers(state)).toEqual([nameOf('a'), nameOf('b')])
    expect(timeless(receive(1_600, 'b', gossip(2)))).toEqual([deliver(2), send(['a'], gossip(2, { round: 2 }))])
    expect(state.counters.graftSent).toBe(1)
    expect(plumtreeSizes(state, 0)).toMatchObject({ waiting: 0, missing: 0 })
    expect(timeless(at(2_000, tick))).toEqual([])
  })

  test('is not asked for where it comes in time', () => {
    const { at, receive } = trialAfterOne(['a'], ['b'])
    receive(1_000, 'b', ihave(2))
    receive(1_200, 'a', gossip(2))
    expect(timeless(at(1_500, tick))).toEqual([])
  })

  test('is asked of the second and third announcer, then of eager neighbours, and is given up at last', () => {
    const { at, receive, state } = trialAfterOne(['a', 'e'], ['b', 'c', 'd'])
    for (const announcer of ['b', 'c', 'd']) receive(1_000, announcer, ihave(2))
    expect(timeless(at(1_500, tick))).toEqual([send(['b'], graft(2))])
    expect(timeless(at(2_000, tick))).toEqual([send(['c'], graft(2))])
    expect(timeless(at(2_500, tick))).toEqual([send(['d'], graft(2))])
    expect(timeless(at(3_000, tick))).toEqual([send(['a'], graft(2))])
    expect(timeless(at(3_500, tick))).toEqual([send(['e'], graft(2))])
    expect(timeless(at(4_500, tick))).toEqual([send(['a'], graft(2))])
    expect(timeless(at(6_500, tick))).toEqual([missed(2, 2)])
    expect(state.counters).toMatchObject({ missed: 1, graftSent: 3 + limits.unannouncedAsksMax })
    expect(plumtreeSizes(state, 0)).toMatchObject({ waiting: 0, missing: 0 })
    // Given up is not refused: nothing behind it was delivered.
    expect(timeless(receive(7_000, 'a', gossip(2)))[0]).toEqual(deliver(2))
  })

  test('is asked of a peer that announces it only after it was asked in vain', () => {
    const { at, receive } = trialAfterOne(['a', 'b'], [])
    receive(1_000, 'b', ihave(2))
    expect(timeless(at(1_500, tick))).toEqual([send(['b'], graft(2))])
    expect(timeless(at(2_000, tick))).toEqual([send(['a'], graft(2))])
    receive(2_100, 'a', ihave(2))
    expect(timeless(at(2_500, tick))).toEqual([send(['a'], graft(2))])
  })

  test('is asked at once of the second announcer when the first one goes', () => {
    const { at, receive } = trialAfterOne(['a'], ['b', 'c'])
    receive(1_000, 'b', ihave(2))
    receive(1_010, 'c', ihave(2))
    at(1_500, tick)
    expect(timeless(at(1_600, peerDown('b')))).toEqual([send(['c'], graft(2))])
    expect(timeless(receive(1_700, 'c', gossip(2)))[0]).toEqual(deliver(2))
  })

  test('is asked of an eager neighbour when its only announcer goes', () => {
    const { at, receive } = trialAfterOne(['a'], ['b'])
    receive(1_000, 'b', ihave(2))
    at(1_500, tick)
    expect(timeless(at(1_600, peerDown('b')))).toEqual([send(['a'], graft(2))])
  })

  test('is asked of the same peer again for as long as it sends some of it', () => {
    const { at, receive } = trialAfterOne(['a'], ['b', 'c'])
    receive(1_000, 'b', ihave(2, 400))
    receive(1_000, 'c', ihave(2, 400))
    expect(timeless(at(1_500, tick))).toEqual([send(['b'], graft(2, 400))])
    for (let sequence = 2; sequence <= 257; sequence++) receive(1_600, 'b', gossip(sequence))
    expect(timeless(at(2_000, tick))).toEqual([send(['b'], graft(258, 400))])
    expect(timeless(at(2_500, tick))).toEqual([send(['c'], graft(258, 400))])
  })

  test('is asked with one graft for all that one peer announced', () => {
    const { at, receive } = trialOf(['a'], ['b'])
    receive(1_000, 'b', ihave(20, 22))
    receive(1_010, 'b', ihave(7, 7, { origin: 'p' }))
    expect(timeless(at(1_600, tick))).toEqual([
      send(['b'], {
        kind: 'graft',
        ranges: [
          { origin: nameOf('o'), creation: 1, from: 20, to: 22, room: 256 },
          { origin: nameOf('p'), creation: 1, from: 7, to: 7, room: 256 },
        ],
      }),
    ])
  })

  test('waits while there is no neighbour, and is asked of the next one', () => {
    const { at, receive } = trialAfterOne(['a'], [])
    receive(1_000, 'a', gossip(3))
    at(1_100, peerDown('a'))
    expect(timeless(at(500_000, tick))).toEqual([])
    at(600_000, peerUp('b'))
    expect(timeless(at(600_000, tick))).toEqual([send(['b'], graft(2, 2, 1, 255))])
    expect(timeless(receive(600_100, 'b', gossip(2))).slice(0, 2)).toEqual([deliver(2), deliver(3)])
  })

  test('is forgotten with its origin where nothing of that ever came', () => {
    const { at, receive, state } = trialOf(['a'], ['b'])
    receive(1_000, 'b', ihave(2 ** 53 - 2, 2 ** 53 - 1, { origin: 'nobody' }))
    expect(plumtreeSizes(state, 0)).toMatchObject({ origins: 2, waiting: 1, missing: 1 })
    expect(timeless(at(1_500, tick))).toHaveLength(1)
    expect(timeless(at(2_000, tick))).toEqual([])
    expect(plumtreeSizes(state, 0)).toMatchObject({ origins: 1, waiting: 0, missing: 0 })
  })
})

describe('a gap', () => {
  test('shows by what comes after it, which is held and goes nowhere until the gap is filled', () => {
    const { at, receive } = trialAfterOne(['a', 'b'], ['c'])
    expect(receive(1_000, 'a', gossip(3))).toEqual([schedule(1_500)])
    expect(timeless(receive(1_000, 'a', gossip(5)))).toEqual([])
    expect(timeless(at(1_500, tick))).toEqual([
      send(['a'], {
        kind: 'graft',
        ranges: [
          { origin: nameOf('o'), creation: 1, from: 2, to: 2, room: 254 },
          { origin: nameOf('o'), creation: 1, from: 4, to: 4, room: 254 },
        ],
      }),
    ])
    expect(timeless(receive(1_600, 'a', gossip(2)))).toEqual([
      deliver(2),
      send(['b'], gossip(2, { round: 2 })),
      send(['c'], ihave(2, 2, { round: 2 })),
      deliver(3),
      send(['b'], gossip(3, { round: 2 })),
      send(['c'], ihave(3, 3, { round: 2 })),
    ])
    expect(timeless(receive(1_600, 'b', graft(5)))).toEqual([])
  })

  test('what is held and comes again is a duplicate', () => {
    const { receive } = trialAfterOne(['a', 'b'], [])
    receive(1_000, 'a', gossip(3))
    expect(timeless(receive(1_000, 'b', gossip(3)))).toEqual([send(['b'], { kind: 'prune' })])
  })

  test('is asked for ever more seldom while it stays', () => {
    const { at, receive } = trialAfterOne(['a', 'b'], [])
    receive(0, 'a', gossip(3))
    const asks: number[] = []
    for (let now = 0; now < 60_000; now += 25) {
      if (at(now, tick).some(({ kind }) => kind === 'send')) asks.push(now)
    }
    expect(asks).toEqual([500, 1_000, 1_500, 2_500, 4_500, 8_500, 16_500, 24_500, 32_500, 40_500, 48_500, 56_500])
  })

  test('the message that fills it may be one’s neighbour’s only: any of them is asked', () => {
    const { at, receive, state } = trialAfterOne(['a'], ['b'])
    receive(1_000, 'a', gossip(3))
    at(1_500, tick)
    expect(timeless(at(2_000, tick))).toEqual([send(['b'], graft(2, 2, 1, 255))])
    expect(state.counters.graftSent).toBe(2)
    at(2_100, broadcast('x'))
  })
})
