/** What a node holds and says at most, whatever it is told. */
import { seededRandom } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import type { DetectorOptions } from './options.ts'
import { createDetector, type DetectorEvent, type Effect, step } from './state.ts'

const me = 'me@host'

/** A node that watches these, none of which ever answers. */
function trial(peers: readonly string[], options: Partial<DetectorOptions> = {}) {
  const random = seededRandom(1)
  const self = { node: me, creation: 1, endpoints: [] }
  const state = createDetector({ self, options }, 0, random)
  const at = (now: number, event: DetectorEvent): Effect[] =>
    step(state, event, now, random).filter(({ kind }) => kind !== 'schedule')
  for (const node of peers) at(0, { kind: 'peerUp', peer: { node, creation: 1, endpoints: [] } })
  const receive = (now: number, from: string, message: unknown) =>
    at(now, { kind: 'received', from, creation: 1, message })
  /** Each tick that falls due until then. */
  const run = (untilMs: number): Effect[] => {
    const effects: Effect[] = []
    while (state.scheduledMs <= untilMs) effects.push(...at(state.scheduledMs, { kind: 'tick' }))
    return effects
  }
  return { state, at, receive, run }
}

const record = (node: string, more: object = {}) => ({
  node,
  creation: 1,
  incarnation: 0,
  state: 'alive',
  goneForMs: 0,
  endpoints: [],
  ...more,
})
const records = (...all: object[]) => ({ kind: 'records', records: all })
const verdict = (kind: string, node: string, incarnation = 0) => ({ kind, node, creation: 1, incarnation })
const sentTo = (effects: readonly Effect[], to: string) =>
  effects.flatMap(effect => (effect.kind === 'send' && effect.to === to ? [effect.message] : []))

test('one peer brings up so many members and no more, and another can still bring up its own', () => {
  const { state, receive } = trial(['a@host', 'b@host'], { membersPerPeerMax: 5 })
  for (let index = 0; index < 20; index++) receive(0, 'a@host', records(record(`fake${index}@host`)))
  // Those, the node itself and its two peers, each of which brings up itself.
  expect(state.table.size).toBe(3 + 4)
  expect(state.refused.membersFull).toBe(16)
  receive(0, 'b@host', records(record('honest@host')))
  expect(state.table.get('honest@host')?.state).toBe('alive')
})

test('a full table takes nobody new unless one of it is gone', () => {
  const { state, at, receive } = trial(['a@host'], { membersMax: 4 })
  receive(0, 'a@host', records(record('b@host'), record('c@host'), record('d@host')))
  expect([state.table.size, state.refused.membersFull]).toEqual([4, 1])
  at(0, { kind: 'verdict', from: 'b@host', creation: 1, verdict: verdict('left', 'b@host') })
  receive(0, 'a@host', records(record('d@host')))
  expect([...state.table.values()].map(({ node }) => node).sort()).toEqual(['a@host', 'c@host', 'd@host', me])
})

test('a node that may not be known is suspected by nobody', () => {
  const { state, at } = trial(['a@host'], { membersMax: 2 })
  expect(at(0, { kind: 'verdict', from: 'a@host', creation: 1, verdict: verdict('suspect', 'b@host') })).toEqual([])
  expect([state.table.size, state.suspicions.size]).toEqual([2, 0])
})

test('so many nodes are asked about at a time', () => {
  const { state, at, receive } = trial(['a@host', 'b@host'])
  const names = Array.from({ length: limits.inquiriesMax + 5 }, (_, index) => `n${index}@host`)
  for (const node of names) receive(0, 'a@host', records(record(node)))
  for (const node of names) at(0, { kind: 'unreachable', node })
  expect(state.inquiries.size).toBe(limits.inquiriesMax)
})

test('so many probes are made for one peer and for all, and each that is not is answered', () => {
  const peers = Array.from({ length: 9 }, (_, index) => `n${index}@host`)
  const { state, receive, run } = trial(peers)
  let denied = 0
  for (const asker of peers.slice(0, 8)) {
    for (let sequence = 0; sequence < limits.relayedPerPeerMax + 3; sequence++) {
      const effects = receive(0, asker, { kind: 'pingFor', sequence, node: 'n8@host' })
      if (sentTo(effects, asker).length > 0) denied++
      else expect(sentTo(effects, 'n8@host')).toHaveLength(1)
    }
    const ofAsker = [...state.relayed.values()].filter(relayed => relayed.asker === asker)
    expect(ofAsker.length).toBeLessThanOrEqual(limits.relayedPerPeerMax)
    expect(state.relayed.size).toBeLessThanOrEqual(limits.relayedMax)
  }
  expect(state.relayed.size).toBe(limits.relayedMax)
  expect([denied, state.refused.relayedFull]).toEqual([8 * 19 - limits.relayedMax, 8 * 19 - limits.relayedMax])
  const late = run(1_000).flatMap(effect => (effect.kind === 'send' ? [effect.message] : []))
  const denials = late.filter(message => message.kind === 'pingedFor')
  expect(denials).toHaveLength(limits.relayedMax)
  expect(denials.every(message => message.kind === 'pingedFor' && !message.isThere)).toBe(true)
  expect(state.relayed.size).toBe(0)
})

test('an exchange holds so many records, in messages of so many, and later ones bring the others', () => {
  const count = limits.recordsPerExchangeMax + 500
  const { state, receive } = trial(['a@host', 'b@host'])
  for (let index = 0; index < count; index++) receive(0, 'a@host', records(record(`n${index}@host`)))
  const buckets = new Array(limits.memberBuckets).fill(0)
  const brought = new Set<string>()
  for (let round = 0; round < 30; round++) {
    const sent = sentTo(receive(0, 'b@host', { kind: 'digest', buckets, isAnswer: true }), 'b@host')
    const sizes = sent.map(message => (message.kind === 'records' ? message.records.length : 0))
    expect(Math.max(...sizes)).toBe(limits.recordsPerMessageMax)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(limits.recordsPerExchangeMax)
    for (const message of sent)
      if (message.kind === 'records') for (const { node } of message.records) brought.add(node)
  }
  expect(brought.size).toBe(state.table.size)
})

test('accusers are told apart up to a bound, and one that repeats itself counts once', () => {
  const { state, at } = trial(['a@host', 'b@host'])
  const accuse = (from: string) => at(0, { kind: 'verdict', from, creation: 1, verdict: verdict('suspect', 'b@host') })
  accuse('x0@host')
  const { deadlineMs } = state.suspicions.get('b@host') as { deadlineMs: number }
  for (let times = 0; times < 10; times++) accuse('x0@host')
  expect(state.suspicions.get('b@host')).toMatchObject({ deadlineMs })
  for (let index = 0; index < 100; index++) accuse(`x${index}@host`)
  const suspicion = state.suspicions.get('b@host')
  expect(suspicion?.accusers.size).toBe(limits.accusersMax)
  expect(suspicion?.deadlineMs).toBe(state.options.suspicionMinMs)
})

test('who is accused without end says that it is alive now and then, and for the last time when it is all over', () => {
  const { state, at, run } = trial(['a@host'])
  let said = 0
  for (let now = 500; now < 2_500; now += 10) {
    const accused = at(now, {
      kind: 'verdict',
      from: 'x@host',
      creation: 1,
      verdict: verdict('suspect', me, state.incarnation),
    })
    said += [...accused, ...run(now)].filter(({ kind }) => kind === 'broadcast').length
  }
  // At the beginning, and then one in each `announceMs`.
  expect(said).toBe(4)
  const last = run(3_000).find(({ kind }) => kind === 'broadcast')
  expect(last).toMatchObject({ verdict: { kind: 'alive', incarnation: state.incarnation } })
  expect(state.health).toBe(state.options.healthMax)
})

test('who left says so once, answers no accusation, and is there again with a greater incarnation', () => {
  const { state, at } = trial(['a@host'])
  expect(at(0, { kind: 'leave' })).toEqual([{ kind: 'broadcast', verdict: verdict('left', me) }])
  expect(at(0, { kind: 'leave' })).toEqual([])
  expect([...state.table.values()].map(({ node }) => node)).toEqual([me])
  at(0, { kind: 'peerDown', node: 'a@host', reason: 'disconnected' })
  const accused = { kind: 'verdict', from: 'x@host', creation: 1, verdict: verdict('suspect', me) } as const
  expect(at(900, accused)).toEqual([])
  expect(at(900, { ...accused, verdict: verdict('suspect', 'b@host') })).toEqual([])
  const back = at(900, { kind: 'peerUp', peer: { node: 'a@host', creation: 1, endpoints: [] } })
  expect(back).toContainEqual({ kind: 'broadcast', verdict: { ...verdict('alive', me, 1), endpoints: [] } })
  expect(state.table.get(me)?.incarnation).toBe(1)
})

test('the tick is asked for once, and again where it came early', () => {
  const { state } = trial(['a@host'])
  const { scheduledMs: atMs } = state
  const random = seededRandom(1)
  expect(step(state, { kind: 'unreachable', node: 'x@host' }, atMs - 1, random)).toEqual([])
  expect(step(state, { kind: 'tick' }, atMs - 0.5, random)).toEqual([{ kind: 'schedule', atMs }])
})

test('that a node is gone is forgotten after its time, the same at whoever heard of it later', () => {
  const options = { goneKeepMs: 60_000, exchangeIntervalMs: 1_000, probeIntervalMs: 1_000_000 }
  const { state, at, receive, run } = trial(['a@host'], options)
  at(0, { kind: 'verdict', from: 'b@host', creation: 1, verdict: verdict('left', 'b@host') })
  receive(0, 'a@host', records(record('c@host', { state: 'gone', goneForMs: 30_000 })))
  receive(0, 'a@host', records(record('d@host', { state: 'gone', goneForMs: 60_000 })))
  const gone = () => [...state.table.values()].filter(member => member.state === 'gone').map(({ node }) => node)
  expect(gone()).toEqual(['b@host', 'c@host'])
  run(29_000)
  expect(gone()).toEqual(['b@host', 'c@host'])
  run(32_000)
  expect(gone()).toEqual(['b@host'])
  run(62_000)
  expect(gone()).toEqual([])
})
