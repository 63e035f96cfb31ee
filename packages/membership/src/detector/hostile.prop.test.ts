/** What no peer may bring about, whatever it sends, in whatever order. */
import { seededRandom } from '@barrel-actors/simulation'
import { fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { checkMessage, checkVerdict } from './messages.ts'
import { createDetector, type Detector, type DetectorEvent, step } from './state.ts'

const me = 'me@host'
const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true })
const number = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) },
  fc.constantFrom(-1, 0.5, Number.NaN, 2 ** 31, limits.incarnationMax, 2 ** 53 - 1, 2 ** 53),
  anything,
)
const node = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(me, 'a@host', 'b@host', 'liar@host', 'f1@host', 'f2@host', 'f3@host') },
  fc.string({ maxLength: 300 }),
  anything,
)
const state = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('alive', 'suspected', 'gone') }, anything)
const endpoints = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom([], [{ host: '10.0.0.1', port: 9_100 }]) },
  fc.array(anything, { maxLength: 9 }),
)
const record = fc.record(
  { node, creation: number, incarnation: number, state, goneForMs: number, endpoints },
  { requiredKeys: ['node'] },
)
const message = fc.oneof(
  fc.record({ kind: fc.constant('ping'), sequence: number, creation: number, incarnation: number, state }),
  fc.record({ kind: fc.constant('ack'), sequence: number }),
  fc.record({ kind: fc.constant('pingFor'), sequence: number, node }),
  fc.record({ kind: fc.constant('pingedFor'), sequence: number, node, isThere: fc.oneof(fc.boolean(), anything) }),
  fc.record({
    kind: fc.constant('digest'),
    buckets: fc.oneof(fc.constant(new Array(limits.memberBuckets).fill(3)), fc.array(number, { maxLength: 70 })),
    isAnswer: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('records'), records: fc.oneof(fc.array(record, { maxLength: 6 }), anything) }),
  anything,
)
const verdict = fc.oneof(
  fc.record(
    { kind: fc.constantFrom('suspect', 'alive', 'left'), node, creation: number, incarnation: number, endpoints },
    { requiredKeys: ['kind', 'node', 'creation', 'incarnation'] },
  ),
  anything,
)
const life = fc.constantFrom(1, 1, 1, 2)
const event: fc.Arbitrary<DetectorEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('received' as const),
    from: fc.constantFrom('liar@host', 'x@host'),
    creation: life,
    message,
  }),
  fc.record({
    kind: fc.constant('verdict' as const),
    from: fc.constantFrom('liar@host', 'a@host', 'f1@host'),
    creation: life,
    verdict,
  }),
)
const script = fc.array(fc.tuple(event, fc.nat({ max: 3_000 })), { minLength: 1, maxLength: 30 })

const options = { membersMax: 8, membersPerPeerMax: 4 }

function expectBounds(detector: Detector): void {
  const { table, suspicions, inquiries, relayed, health } = detector
  expect(table.size).toBeLessThanOrEqual(options.membersMax)
  expect(inquiries.size).toBeLessThanOrEqual(limits.inquiriesMax)
  expect(relayed.size).toBeLessThanOrEqual(limits.relayedMax)
  expect(health).toBeLessThanOrEqual(detector.options.healthMax)
  const suspected = [...table.values()].filter(member => member.state === 'suspected')
  expect([...suspicions.keys()].sort()).toEqual(suspected.map(member => member.node).sort())
  for (const { accusers } of suspicions.values()) expect(accusers.size).toBeLessThanOrEqual(limits.accusersMax)
  expect(table.get(me)).toMatchObject({ creation: 1, incarnation: detector.incarnation, state: 'alive' })
}

test('whatever members say, tables keep their bounds, and what is said itself is a message', () =>
  fuzz('detector messages', script, list => {
    const random = seededRandom(1)
    const self = { node: me, creation: 1, endpoints: [] }
    const detector = createDetector({ self, options }, 0, random)
    let now = 0
    const give = (given: DetectorEvent) => {
      for (const effect of step(detector, given, now, random)) {
        if (effect.kind === 'send') expect(checkMessage(effect.message)).toEqual(effect.message)
        if (effect.kind === 'broadcast') expect(checkVerdict(effect.verdict)).toEqual(effect.verdict)
      }
      expectBounds(detector)
    }
    for (const peer of ['a@host', 'b@host', 'liar@host'])
      give({ kind: 'peerUp', peer: { node: peer, creation: 1, endpoints: [] } })
    for (const [given, waitMs] of list) {
      give(given)
      for (const end = now + waitMs; detector.scheduledMs <= end; ) {
        now = Math.max(now, detector.scheduledMs)
        give({ kind: 'tick' })
      }
      now += 1
    }
    const refusals = Object.values(detector.refused).reduce((sum, count) => sum + count, 0)
    return refusals === list.length ? 'refused' : 'accepted'
  }))

test('a node whose neighbour answers is gone for nobody, whatever a liar says of it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(event, fc.nat({ max: 2_000 })), { maxLength: 40 }), list => {
      const random = seededRandom(1)
      const detector = createDetector({ self: { node: me, creation: 1, endpoints: [] } }, 0, random)
      let now = 0
      let incarnation = 0
      const honest = 'honest@host'
      // It answers each probe at once, and refutes whatever is said of it.
      const give = (given: DetectorEvent): void => {
        for (const effect of step(detector, given, now, random)) {
          if (effect.kind === 'nodeGone') expect(effect.node).not.toBe(honest)
          if (effect.kind !== 'send' || effect.to !== honest || effect.message.kind !== 'ping') continue
          const { sequence, state: held } = effect.message
          give({ kind: 'received', from: honest, creation: 1, message: { kind: 'ack', sequence } })
          if (held === 'alive') continue
          incarnation = effect.message.incarnation + 1
          const alive = { kind: 'alive', node: honest, creation: 1, incarnation, endpoints: [] }
          give({ kind: 'verdict', from: honest, creation: 1, verdict: alive })
        }
      }
      for (const peer of [honest, 'liar@host'])
        give({ kind: 'peerUp', peer: { node: peer, creation: 1, endpoints: [] } })
      for (const [given, waitMs] of list) {
        give(renamed(given))
        for (const end = now + waitMs; detector.scheduledMs <= end; ) {
          now = Math.max(now, detector.scheduledMs)
          give({ kind: 'tick' })
        }
      }
    }),
    { numRuns: 500 },
  )
})

/** Much of what the liar says is about the honest one. */
function renamed<Value>(value: Value): Value {
  if (value === ('f1@host' as Value)) return 'honest@host' as Value
  if (Array.isArray(value)) return value.map(renamed) as Value
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const entries = Object.entries(value).map(([key, each]) => [key, key === 'from' ? each : renamed(each)])
  return Object.fromEntries(entries) as Value
}
