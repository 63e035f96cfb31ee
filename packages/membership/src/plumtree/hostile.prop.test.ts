/** What no peer may bring about, whatever it sends. */
import { fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gossip, heard, nameOf, tick, trialOf } from './fixture.suite.ts'
import { checkMessage } from './messages.ts'
import type { PlumtreeOptions } from './options.ts'
import { type PlumtreeSizes, plumtreeSizes } from './sizes.ts'

const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true })
const number = fc.oneof(
  fc.integer({ min: 1, max: 30 }),
  fc.constantFrom(0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 2 ** 60),
  anything,
)
const origin = fc.oneof(
  fc.constantFrom('o@host', 'me@host', 'a@host', 'liar@host', 'fake1@host', 'fake2@host', 'fake3@host', 'no name', ''),
  fc.string({ maxLength: 300 }),
  anything,
)
const creation = fc.oneof(fc.constantFrom(1, 1, 1, 2, 0), number)
const bytes = fc.uint8Array({ maxLength: 40 })

/** Shaped like a message more often than not, any field of it missing or something else. */
const claims = fc.oneof(
  fc.record(
    {
      kind: fc.oneof({ weight: 20, arbitrary: fc.constant('gossip') }, anything),
      origin,
      creation,
      sequence: number,
      round: number,
      tag: fc.oneof(fc.constant('forged'), anything),
      payload: fc.oneof(bytes, anything),
    },
    { requiredKeys: ['kind'] },
  ),
  fc.record(
    {
      kind: fc.constantFrom('ihave', 'graft', 'prune'),
      ranges: fc.oneof(
        fc.array(
          fc.record({ origin, creation, from: number, to: number, round: number, room: number }, { requiredKeys: [] }),
          {
            maxLength: 5,
          },
        ),
        anything,
      ),
    },
    { requiredKeys: ['kind'] },
  ),
  // Whole ones, as a liar would make them.
  fc.record({
    kind: fc.constantFrom('ihave', 'graft'),
    ranges: fc.array(
      fc
        .tuple(
          fc.constantFrom('o@host', 'me@host', 'fake1@host', 'fake2@host', 'fake3@host', 'fake4@host'),
          fc.constantFrom(1, 1, 2),
          fc.integer({ min: 1, max: 30 }),
          fc.constantFrom(0, 1, 20, 2 ** 52),
        )
        .map(([name, life, from, more]) => ({
          origin: name,
          creation: life,
          from,
          to: from + more,
          round: 1,
          room: 1 + more,
        })),
      { minLength: 1, maxLength: 64 },
    ),
  }),
  fc.record({
    kind: fc.constant('gossip'),
    origin: fc.constantFrom('o@host', 'me@host', 'fake1@host', 'fake2@host', 'fake3@host', 'fake4@host'),
    creation: fc.constantFrom(1, 1, 2),
    sequence: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constant(2 ** 53 - 1)),
    round: fc.constantFrom(1, 65_535),
    tag: fc.constant('forged'),
    payload: bytes,
  }),
  anything,
)

const small: PlumtreeOptions = {
  cacheCountMax: 8,
  cacheBytesMax: 2_400,
  heldPerOriginMax: 3,
  originsMax: 6,
  originsPerPeerMax: 3,
}

test('whatever a peer sends is a message or refused, and what is taken of it stays within the bounds', () =>
  fuzz('plumtree messages', fc.array(claims, { minLength: 1, maxLength: 12 }), list => {
    const { at, receive, state } = trialOf(['a', 'liar'], ['b'], small)
    at(0, { kind: 'broadcast', tag: 'mine', payload: new Uint8Array(3) })
    receive(0, 'a', gossip(1))
    let accepted = false
    for (const [index, message] of list.entries()) {
      // `receive` and `at` look at every bound after each event.
      for (const effect of receive(index * 700, 'liar', message)) {
        if (effect.kind === 'send') expect(effect.message).toBe(checkMessage(effect.message))
        if (effect.kind === 'deliver') expect(effect.origin).not.toBe('me@host')
      }
      at(index * 700 + 500, tick)
      accepted ||= typeof checkMessage(message) === 'object'
    }
    const { refused } = state.counters
    const malformed = list.filter(message => typeof checkMessage(message) === 'string').length
    expect(refused.malformed).toBe(malformed)
    return accepted ? 'accepted' : 'refused'
  }))

test('whatever comes from a node that is no neighbour changes nothing but a count', () =>
  fuzz('plumtree messages of strangers', claims, message => {
    const { receive, state } = trialOf(['a'], ['b'], small)
    receive(0, 'a', gossip(1))
    const before = everything(state)
    expect(receive(1, 'stranger', message)).toEqual([])
    expect(everything(state)).toEqual(before)
    expect(state.counters.refused.notNeighbour).toBe(1)
    return 'refused'
  }))

test('what is no message is never delivered, and makes no table grow', () =>
  fuzz('malformed plumtree messages', claims, message => {
    const { receive, state } = trialOf(['a'], ['b'], small)
    const before: PlumtreeSizes = plumtreeSizes(state, 0)
    const effects = receive(0, 'a', message)
    if (typeof checkMessage(message) === 'object') return 'accepted'
    expect([effects, plumtreeSizes(state, 0), state.counters.refused.malformed]).toEqual([[], before, 1])
    return 'refused'
  }))

// The liar speaks of numbers far ahead, of fakes and in the names of others, but does not forge the next of `o`.
const lies = claims.filter(message => {
  const { kind, origin, sequence } = Object(message) as Record<string, unknown>
  return kind !== 'gossip' || origin !== nameOf('o') || typeof sequence !== 'number' || sequence > 100
})

test('whatever a liar says, a stream that goes on is heard whole and in order', () =>
  fuzz('plumtree lies', fc.array(lies, { maxLength: 20 }), list => {
    const { at, receive } = trialOf(['a', 'liar'], ['b'], { ...small, cacheCountMax: 30, heldPerOriginMax: 10 })
    const all: string[] = []
    for (let sequence = 1; sequence <= 20; sequence++) {
      const now = sequence * 1_000
      receive(now, 'liar', list[sequence - 1])
      all.push(...heard(receive(now, 'a', gossip(sequence))))
      for (let later = 1; later < 4; later++) all.push(...heard(at(now + later * 250, tick)))
    }
    expect(all.filter(text => text.startsWith('o 1 '))).toEqual(Array.from({ length: 20 }, (_, i) => `o 1 ${i + 1}`))
    return 'accepted'
  }))

function everything(state: ReturnType<typeof trialOf>['state']): unknown {
  const { counters, ...rest } = state
  const { notNeighbour: _, ...refused } = counters.refused
  return structuredClone({ ...rest, counters: { ...counters, refused } })
}
