import { describe, expect, test } from 'vitest'
import { limits } from '../limits.ts'
import {
  broadcast,
  deliver,
  gossip,
  graft,
  ihave,
  nameOf,
  peerDown,
  peerUp,
  prune,
  schedule,
  send,
  tick,
  timeless,
  trialOf,
} from './fixture.suite.ts'
import type { Gossip } from './messages.ts'
import { bytesOf } from './network.suite.ts'
import { plumtreeSizes } from './sizes.ts'
import { eagerPeers, lazyPeers } from './state.ts'

const own = (sequence: number, text: string) => ({
  ...gossip(sequence, { origin: 'me', round: 1 }),
  payload: bytesOf(text),
})

describe('the tree', () => {
  test('a broadcast is delivered at home, pushed to the eager with one message, and announced to the lazy', () => {
    const { at, state } = trialOf(['a', 'b'], ['c', 'd'])
    expect(at(5, broadcast('x'))).toEqual([
      { kind: 'deliver', origin: nameOf('me'), creation: 1, tag: 't', payload: bytesOf('x') },
      send(['a', 'b'], own(1, 'x')),
      send(['c', 'd'], ihave(1, 1, { origin: 'me', round: 1 })),
      schedule(60_005),
    ])
    expect(timeless(at(6, broadcast('y')))[1]).toEqual(send(['a', 'b'], own(2, 'y')))
    expect(state.counters).toMatchObject({ delivered: 2, gossipSent: 4, ihaveSent: 4 })
  })

  test('a new payload is delivered and goes on, one round older, to all but its sender, who becomes eager', () => {
    const { receive, state } = trialOf(['a', 'b'], ['c', 'd'])
    expect(timeless(receive(0, 'c', gossip(1, { round: 3 })))).toEqual([
      deliver(1),
      send(['a', 'b'], gossip(1, { round: 4 })),
      send(['d'], ihave(1, 1, { round: 4 })),
    ])
    expect(eagerPeers(state)).toEqual(['a', 'b', 'c'].map(nameOf))
  })

  test('a payload that was here already demotes its sender at both ends', () => {
    const { receive, state } = trialOf(['a', 'b'])
    receive(0, 'a', gossip(1))
    expect(receive(1, 'b', gossip(1))).toEqual([send(['b'], prune)])
    expect([eagerPeers(state), lazyPeers(state)]).toEqual([[nameOf('a')], [nameOf('b')]])
    expect(receive(2, 'a', prune)).toEqual([])
    expect(lazyPeers(state)).toEqual([nameOf('a'), nameOf('b')])
    expect(state.counters).toMatchObject({ gossipReceived: 2, duplicates: 1, pruneSent: 1, delivered: 1 })
  })

  test('of broadcasts that overlap one in so many demotes, the same ones at every node', () => {
    const overlapping = Array.from({ length: 1_000 }, (_, at) => gossip(1, { origin: `o${at}` }))
    const demoting = (peers: string[], startMs: number) => {
      const { receive } = trialOf(peers)
      for (const message of overlapping) receive(startMs, peers[0] as string, message)
      return overlapping.filter(message => receive(startMs + 1, peers[1] as string, message).length > 0)
    }
    const few = demoting(['a', 'b'], 0)
    expect(few).not.toEqual([])
    expect(few.length).toBeLessThan(10)
    expect(demoting(['c', 'd', 'e'], 5_432)).toEqual(few)
  })

  test('every broadcast demotes again once they do not overlap any more', () => {
    const { receive } = trialOf(['a', 'b'])
    const demotes = (now: number, sequence: number) => {
      receive(now, 'a', gossip(sequence))
      return receive(now + 1, 'b', gossip(sequence)).some(({ kind }) => kind === 'send')
    }
    for (let sequence = 1; sequence <= 1_000; sequence++) receive(sequence, 'a', gossip(sequence))
    const soon = Array.from({ length: 20 }, (_, at) => demotes(2_500 + at, 1_001 + at))
    expect(soon.filter(Boolean).length).toBeLessThan(3)
    const later = Array.from({ length: 20 }, (_, at) => demotes(10_000 + at * 2_000, 1_021 + at))
    expect(later).toEqual(Array(20).fill(true))
  })

  test('one’s own broadcast that comes back demotes whoever brings it', () => {
    const { at, receive, state } = trialOf(['a'])
    at(0, broadcast('x'))
    expect(receive(1, 'a', own(1, 'x'))).toEqual([send(['a'], prune)])
    expect(lazyPeers(state)).toEqual([nameOf('a')])
  })

  test('a graft promotes who sends it and is answered, each message once in so many retries', () => {
    const { at, receive, state } = trialOf(['a'], ['b'])
    for (const sequence of [1, 2, 3]) receive(0, 'a', gossip(sequence))
    expect(receive(1, 'b', graft(2, 9))).toEqual([
      send(['b'], gossip(2, { round: 2 })),
      send(['b'], gossip(3, { round: 2 })),
    ])
    expect(eagerPeers(state)).toEqual([nameOf('a'), nameOf('b')])
    expect(receive(2, 'b', graft(1, 3))).toEqual([send(['b'], gossip(1, { round: 2 }))])
    expect(receive(5_000, 'b', graft(1, 3))).toEqual([])
    expect(receive(5_001, 'b', graft(1, 3))).toHaveLength(2)
    at(5_002, peerDown('b'))
    at(5_002, peerUp('b'))
    expect(receive(5_002, 'b', graft(3))).toEqual([send(['b'], gossip(3, { round: 2 }))])
  })

  test('a graft is answered with a bounded number of messages, and the rest when it is asked again', () => {
    const { receive } = trialOf(['a', 'b'])
    for (let sequence = 1; sequence <= limits.answersPerGraftMax + 5; sequence++) receive(0, 'a', gossip(sequence))
    expect(receive(1, 'b', graft(1, 2 ** 53 - 1))).toHaveLength(limits.answersPerGraftMax)
    expect(receive(2, 'b', graft(1, 2 ** 53 - 1))).toHaveLength(5)
  })

  test('a graft is answered with as many of an origin as the asker has room for, the lowest first', () => {
    const { receive } = trialOf(['a'], ['b'])
    for (const sequence of [1, 2, 3, 4, 5, 6]) receive(0, 'a', gossip(sequence))
    for (const sequence of [1, 2]) receive(0, 'a', gossip(sequence, { origin: 'p' }))
    const range = (name: string, from: number, to: number, room: number) => ({
      origin: nameOf(name),
      creation: 1,
      from,
      to,
      room,
    })
    const ranges = [range('o', 2, 3, 3), range('o', 5, 6, 3), range('p', 1, 2, 1)]
    const sent = receive(1, 'b', { kind: 'graft', ranges }).map(effect => (effect as { message: Gossip }).message)
    expect(sent.map(({ origin, sequence }) => `${origin} ${sequence}`)).toEqual([
      'o@host 2',
      'o@host 3',
      'o@host 5',
      'p@host 1',
    ])
  })

  test('a shorter way that is announced takes the place of the longer one, from the threshold on', () => {
    const shorter = (round: number) => {
      const { receive, state } = trialOf(['a'], ['b'], { optimizationRounds: 3 })
      receive(0, 'a', gossip(1, { round: 7 }))
      return { effects: timeless(receive(1, 'b', ihave(1, 1, { round }))), eager: eagerPeers(state) }
    }
    expect(shorter(5)).toEqual({ effects: [], eager: [nameOf('a')] })
    expect(shorter(4)).toEqual({ effects: [send(['b'], graft()), send(['a'], prune)], eager: [nameOf('b')] })
  })

  describe('of several origins', () => {
    const origins = Array.from({ length: 50 }, (_, at) => `o${at}`)
    /** Which of them make a way shorter, where they are heard in that order. */
    const shapers = (order: readonly string[], sequence = 1, fromMs = 0, trial = trialOf(['a'], ['b'])) => {
      for (const origin of order) trial.receive(fromMs, 'a', gossip(sequence, { origin, round: 7 }))
      return order.filter((origin, at) => {
        const announced = ihave(sequence, sequence, { origin, round: 4 })
        return timeless(trial.receive(fromMs + 1_000 * (at + 1), 'b', announced)).length > 0
      })
    }

    test('one makes ways shorter, the same at every node', () => {
      const [shaper, ...others] = shapers(origins)
      expect(others).toEqual([])
      expect(shapers([...origins].reverse())).toEqual([shaper])
    })

    test('another does where that one has been silent for long', () => {
      const [shaper] = shapers(origins) as [string]
      const others = origins.filter(origin => origin !== shaper)
      const trial = trialOf(['a'], ['b'])
      expect(shapers(origins, 1, 0, trial)).toEqual([shaper])
      expect(shapers(others, 2, 500_000, trial)).toEqual([])
      expect(shapers(others, 3, 600_000, trial)).toHaveLength(1)
    })

    test('one that goes on speaking stays, whoever else does', () => {
      const trial = trialOf(['a'], ['b'])
      const [shaper] = shapers(origins, 1, 0, trial) as [string]
      const others = origins.filter(origin => origin !== shaper)
      expect(shapers([shaper], 2, 500_000, trial)).toEqual([shaper])
      expect(shapers(others, 2, 600_000, trial)).toEqual([])
    })

    test('not again before what was under way has come', () => {
      const { receive } = trialOf(['a'], ['b', 'c'])
      receive(0, 'a', gossip(1, { round: 9 }))
      expect(timeless(receive(1, 'b', ihave(1, 1, { round: 6 })))).toHaveLength(2)
      expect(timeless(receive(500, 'c', ihave(1, 1, { round: 3 })))).toEqual([])
      expect(timeless(receive(501, 'c', ihave(1, 1, { round: 3 })))).toHaveLength(2)
    })
  })

  test('a shorter way that was announced before the payload came takes the place of the longer one too', () => {
    const { receive, state } = trialOf(['a'], ['b'], { optimizationRounds: 3 })
    receive(0, 'b', ihave(1, 1, { round: 2 }))
    expect(timeless(receive(1, 'a', gossip(1, { round: 7 })))).toEqual([
      deliver(1),
      send(['b'], ihave(1, 1, { round: 8 })),
      send(['b'], graft()),
      send(['a'], prune),
    ])
    expect(eagerPeers(state)).toEqual([nameOf('b')])
  })

  test('no way is changed where optimization is off', () => {
    const { receive } = trialOf(['a'], ['b'], { optimizationRounds: 0 })
    receive(0, 'a', gossip(1, { round: 70 }))
    expect(receive(1, 'b', ihave(1, 1, { round: 1 }))).toEqual([])
  })

  test('a round at its bound goes on as it is, so that others do not refuse it', () => {
    const { receive } = trialOf(['a', 'b'])
    const { roundMax: round } = limits
    expect(timeless(receive(0, 'a', gossip(1, { round })))[1]).toEqual(send(['b'], gossip(1, { round })))
  })
})

describe('neighbours', () => {
  test('a new neighbour is eager, and is told what the cache holds and was delivered', () => {
    const { at, receive, state } = trialOf(['a'])
    for (const sequence of [1, 2, 4]) receive(0, 'a', gossip(sequence))
    at(0, broadcast('x'))
    expect(timeless(at(1, peerUp('b')))).toEqual([
      send(['b'], {
        kind: 'ihave',
        ranges: [
          { origin: nameOf('me'), creation: 1, from: 1, to: 1, round: 1 },
          { origin: nameOf('o'), creation: 1, from: 1, to: 2, round: 2 },
        ],
      }),
    ])
    expect(eagerPeers(state)).toEqual([nameOf('a'), nameOf('b')])
    expect(at(2, peerUp('b'))).toEqual([])
    expect(at(2, peerUp('me'))).toEqual([])
    expect(state.neighbours.size).toBe(2)
  })

  test('what comes from a node that is no neighbour is dropped and counted, and makes it none', () => {
    const { at, receive, state } = trialOf(['a'])
    for (const message of [gossip(1), ihave(1), graft(1), prune]) expect(receive(0, 'z', message)).toEqual([])
    at(1, peerDown('a'))
    expect(receive(2, 'a', gossip(1))).toEqual([])
    expect(at(3, peerDown('a'))).toEqual([])
    expect(state.counters.refused.notNeighbour).toBe(5)
    expect([...eagerPeers(state), ...lazyPeers(state)]).toEqual([])
    expect(plumtreeSizes(state, 0)).toMatchObject({ origins: 1, waiting: 0, cachedCount: 0 })
  })
})

describe('announcements in batches', () => {
  test('what is delivered in the meantime is announced as ranges, to each what did not come from it', () => {
    const { at, receive, state } = trialOf(['a'], ['b', 'c'], { lazyTickMs: 100 })
    expect(receive(10, 'a', gossip(1))).toEqual([deliver(1), schedule(110)])
    receive(20, 'b', gossip(2))
    receive(20, 'b', prune)
    receive(30, 'a', gossip(3))
    at(30, broadcast('x'))
    expect(plumtreeSizes(state, 0).pending).toBe(5)
    const o = { origin: nameOf('o'), creation: 1, round: 2 }
    const me = { origin: nameOf('me'), creation: 1, from: 1, to: 1, round: 1 }
    expect(at(110, tick)).toEqual([
      send(['b'], { kind: 'ihave', ranges: [{ ...o, from: 1, to: 1 }, { ...o, from: 3, to: 3 }, me] }),
      send(['c'], { kind: 'ihave', ranges: [{ ...o, from: 1, to: 3 }, me] }),
      schedule(60_010),
    ])
    expect(plumtreeSizes(state, 0).pending).toBe(0)
  })

  test('a full batch goes at once', () => {
    const { receive, state } = trialOf(['a'], ['b'], { lazyTickMs: 100 })
    const batches = []
    for (let index = 1; index <= limits.rangesPerMessageMax; index++) {
      batches.push(...receive(0, 'a', gossip(1, { origin: `o${index}` })).filter(({ kind }) => kind === 'send'))
    }
    expect(batches).toMatchObject([{ to: [nameOf('b')], message: { kind: 'ihave' } }])
    expect(plumtreeSizes(state, 0).pending).toBe(0)
  })
})

describe('the tick', () => {
  test('comes when it was asked for, and is asked for again only for something earlier, or where it came early', () => {
    const { at, receive } = trialOf(['a'], ['b'], { lazyTickMs: 100 })
    expect(receive(0, 'a', gossip(1))).toContainEqual(schedule(100))
    expect(receive(10, 'a', gossip(2))).toEqual([deliver(2)])
    expect(at(99, tick)).toEqual([schedule(100)])
    expect(timeless(at(170, tick))).toEqual([send(['b'], ihave(1, 2, { round: 2 }))])
  })

  test('a broadcast that is too large is refused and counted', () => {
    const { at, state } = trialOf(['a'])
    const payload = new Uint8Array(limits.payloadBytesMax)
    expect(at(0, { kind: 'broadcast', tag: 't'.repeat(limits.tagCharactersMax + 1), payload })).toEqual([])
    expect(at(0, { kind: 'broadcast', tag: 't', payload: new Uint8Array(payload.length + 1) })).toEqual([])
    expect(at(0, { kind: 'broadcast', tag: 't', payload })).toHaveLength(3)
    expect(state.counters.refused.broadcastTooLarge).toBe(2)
  })
})
