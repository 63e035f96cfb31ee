import { seededRandom } from '@barrel-actors/simulation'
import { fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import type { Peer } from '../peer.ts'
import { checkMessage, type HyparviewMessage } from './messages.ts'
import { createHyparview, step } from './state.ts'

const name = fc.integer({ min: 0, max: 50 }).map(at => `n${at}@sim`)
const endpoint = fc.record({
  host: fc.constantFrom('10.0.0.1', 'h.example', '::1'),
  port: fc.integer({ min: 1, max: 65_535 }),
})
const peer: fc.Arbitrary<Peer> = fc.record({
  node: name,
  creation: fc.nat(),
  endpoints: fc.array(endpoint, { maxLength: 2 }),
})
const ttl = fc.integer({ min: 0, max: limits.ttlMax })
const peers = fc.array(peer, { maxLength: 8 })

const message: fc.Arbitrary<HyparviewMessage> = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), peer }),
  fc.record({ kind: fc.constant('forwardJoin' as const), peer, ttl }),
  fc.record({
    kind: fc.constant('neighbor' as const),
    peer,
    priority: fc.constantFrom('high' as const, 'low' as const),
  }),
  fc.record({ kind: fc.constant('neighborReply' as const), peer, accepted: fc.boolean() }),
  fc.record({ kind: fc.constant('neighborReply' as const), peer, accepted: fc.boolean(), evicted: peer }),
  fc.record({ kind: fc.constant('disconnect' as const), leaves: fc.boolean() }),
  fc.record({ kind: fc.constant('disconnect' as const), leaves: fc.boolean(), instead: peer }),
  fc.record({ kind: fc.constant('shuffle' as const), origin: peer, id: fc.nat(), peers, ttl }),
  fc.record({ kind: fc.constant('shuffleReply' as const), id: fc.nat(), peers }),
  fc.record({ kind: fc.constant('check' as const) }),
  fc.record({ kind: fc.constant('probe' as const), peer }),
  fc.record({ kind: fc.constant('probeReply' as const), peer }),
)

test('every message passes as it is, without what else is in it', () => {
  fc.assert(
    fc.property(message, given => {
      expect(checkMessage({ ...given, more: 'than that' })).toEqual(given)
    }),
  )
})

const nonsense = fc.oneof(
  fc.anything(),
  fc.constantFrom(
    -1,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1.5,
    '',
    'x'.repeat(10_000),
    null,
    undefined,
    [],
    {},
  ),
  fc.constant(
    Array.from({ length: limits.peersPerMessageMax + 1 }, () => ({ node: 'a@b', creation: 1, endpoints: [] })),
  ),
)

/** The places in a value, each as the keys that lead there. */
function placesIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...placesIn(inner, [...path, key])])
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
  copy[key] = replaced(copy[key], rest, by)
  return copy
}

test('with any field missing or of another kind it is refused, or still means something, and is never thrown at', () =>
  fuzz('hyparview messages', fc.tuple(message, fc.nat(), nonsense), ([given, where, by]) => {
    const places = placesIn(given)
    const place = places[where % places.length] as string[]
    const checked = checkMessage(replaced(given, place, by))
    if (typeof checked === 'string') return 'refused'
    expect(checkMessage(checked)).toEqual(checked)
    return 'accepted'
  }))

test('each field of each kind is needed', () => {
  fc.assert(
    fc.property(message, given => {
      for (const place of placesIn(given)) {
        // These may be left out; where a list is shorter, it is another list.
        if (['port', 'evicted', 'instead'].includes(place.at(-1) as string) || place.some(key => /^\d+$/.test(key)))
          continue
        expect(typeof checkMessage(replaced(given, place, undefined)), place.join('.')).toBe('string')
      }
    }),
  )
})

test('anything at all is refused without a throw', () =>
  fuzz('anything as a hyparview message', fc.anything(), value => {
    expect(typeof checkMessage(value)).toBe('string')
    return 'refused'
  }))

const said = fc.record({ from: name, creation: fc.nat({ max: 3 }), message, lost: fc.boolean() })

test('whatever members say, in whatever order, views keep their bounds and never hold the node itself', () =>
  fuzz('views', fc.tuple(fc.integer(), fc.array(said, { maxLength: 60 })), ([seed, all]) => {
    const random = seededRandom(seed)
    const self = { node: 'n0@sim', creation: 1, endpoints: [] }
    const state = createHyparview(self, { failedMax: 4 }, 0, random)
    let now = 0
    for (const { from, creation, message, lost } of all) {
      // What is true of itself is what most say.
      const own =
        'peer' in message && message.kind !== 'forwardJoin'
          ? { ...message, peer: { ...message.peer, node: from, creation } }
          : message
      step(state, { kind: 'received', from, creation, message: own }, now, random)
      if (lost) step(state, { kind: 'lost', node: from }, now, random)
      now += 500
      step(state, { kind: 'tick' }, now, random)
      const { active, passive, pending, failed, options } = state
      expect(active.size).toBeLessThanOrEqual(options.activeViewMax)
      expect(passive.size).toBeLessThanOrEqual(options.passiveViewMax)
      expect(failed.size).toBeLessThanOrEqual(4)
      expect(pending.size).toBeLessThanOrEqual(limits.pendingMax)
      expect(active.has(self.node) || pending.has(self.node) || passive.get(self.node) !== undefined).toBe(false)
    }
    return state.active.size + state.pending.size > 0 ? 'accepted' : 'refused'
  }))
