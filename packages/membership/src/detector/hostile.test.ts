import { seededRandom } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { limits } from '../limits.ts'
import { createDetector, type DetectorEvent, step } from './state.ts'

const me = 'me@host'
const random = seededRandom(1)

/** A node that watches `a` and `b`, after their first words and its own. */
function trial() {
  const state = createDetector({ self: { node: me, creation: 1, endpoints: [] } }, 0, random)
  const at = (now: number, event: DetectorEvent) =>
    step(state, event, now, random).filter(({ kind }) => kind !== 'schedule')
  for (const node of ['a@host', 'b@host']) at(0, { kind: 'peerUp', peer: { node, creation: 1, endpoints: [] } })
  const receive = (message: unknown) => at(900, { kind: 'received', from: 'a@host', creation: 1, message })
  const verdict = (value: unknown, from = 'a@host') => at(900, { kind: 'verdict', from, creation: 1, verdict: value })
  return { state, at, receive, verdict }
}

const alive = (node: string, incarnation = 0) => ({ ...suspect(node, incarnation), kind: 'alive', endpoints: [] })
const suspect = (node: string, incarnation = 0, creation = 1) => ({ kind: 'suspect', node, creation, incarnation })
const record = (more: object) => ({
  kind: 'records',
  records: [{ node: 'b@host', creation: 1, incarnation: 0, state: 'alive', goneForMs: 0, endpoints: [], ...more }],
})

test('what is no message changes nothing and is counted', () => {
  const { state, receive, verdict } = trial()
  const before = state.table.digest()
  const odd = [
    undefined,
    null,
    1,
    'ping',
    {},
    { kind: 'toString' },
    { kind: 'ping', sequence: -1 },
    { kind: 'records' },
  ]
  for (const value of [...odd, { kind: 'digest', buckets: new Array(limits.memberBuckets), isAnswer: false }]) {
    expect([receive(value), verdict(value)]).toEqual([[], []])
  }
  expect(receive(record({ state: 'dead' }))).toEqual([])
  expect(receive(record({ node: 'no name' }))).toEqual([])
  expect(state.refused.malformed).toBe(2 * odd.length + 4)
  expect(state.table.digest()).toEqual(before)
})

test('nobody says of another that it is alive or leaves, nor of itself that it is suspect or another', () => {
  const { state, receive, verdict } = trial()
  expect(verdict(alive('b@host', 7))).toEqual([])
  expect(verdict({ ...suspect('b@host'), kind: 'left' })).toEqual([])
  expect(verdict(suspect('a@host'))).toEqual([])
  expect(receive(record({ node: 'a@host', creation: 2 }))).toEqual([])
  expect(state.refused.forged).toBe(4)
})

test('that another is gone, or in another life, only makes it suspected, and the question goes to everybody', () => {
  for (const more of [{ state: 'gone' }, { creation: 2 }]) {
    const { receive } = trial()
    expect(receive(record(more))).toEqual([
      { kind: 'nodeSuspected', node: 'b@host', creation: 1 },
      { kind: 'broadcast', verdict: suspect('b@host') },
    ])
  }
})

test('creations and incarnations far ahead are refused', () => {
  const { state, receive, verdict } = trial()
  expect(receive(record({ creation: 2 + limits.creationAheadMax }))).toEqual([])
  expect(verdict(suspect('b@host', limits.incarnationAheadMax + 1))).toEqual([])
  expect(verdict(suspect(me, limits.incarnationAheadMax + 1))).toEqual([])
  expect(state.refused).toMatchObject({ creationAhead: 1, incarnationAhead: 2 })
})

test('a life that has not begun is not gone, and one that is proved wins over what is said', () => {
  const { state, at, receive } = trial()
  expect(receive(record({ node: 'c@host', creation: 1_000, state: 'gone' }))).toEqual([])
  expect(receive(record({ node: 'c@host', incarnation: limits.incarnationAheadMax + 1, state: 'gone' }))).toEqual([])
  expect(state.table.get('c@host')).toBeUndefined()
  // What was no lie when it was said may have been one all the same.
  receive(record({ node: 'd@host', creation: 1, state: 'gone' }))
  const effects = at(900, { kind: 'peerUp', peer: { node: 'd@host', creation: 0, endpoints: [] } })
  expect(effects).toContainEqual({ kind: 'nodeAlive', node: 'd@host', creation: 0, isBack: false })
})

test('a refutation wins over suspicions of the same and of earlier incarnations', () => {
  const { state, verdict } = trial()
  expect(verdict(suspect('b@host'))).toEqual([{ kind: 'nodeSuspected', node: 'b@host', creation: 1 }])
  expect(verdict(alive('b@host', 1), 'b@host')).toEqual([
    { kind: 'nodeAlive', node: 'b@host', creation: 1, isBack: true },
  ])
  expect(verdict(suspect('b@host'))).toEqual([])
  expect(state.suspicions.size).toBe(0)
})

test('a node that is accused raises its incarnation and says that it is alive', () => {
  const { verdict } = trial()
  expect(verdict(suspect(me, 3))).toEqual([{ kind: 'broadcast', verdict: alive(me, 4) }])
})

test('a node that leaves is gone at once, and back with a greater incarnation', () => {
  const { verdict } = trial()
  expect(verdict({ ...suspect('b@host'), kind: 'left' }, 'b@host')).toEqual([
    { kind: 'nodeGone', node: 'b@host', creation: 1, reason: 'left' },
  ])
  expect(verdict({ ...suspect('b@host'), kind: 'left' }, 'b@host')).toEqual([])
  expect(verdict(alive('b@host', 1), 'b@host')).toEqual([
    { kind: 'nodeAlive', node: 'b@host', creation: 1, isBack: true },
  ])
})

test('of another life of itself a node says nothing', () => {
  const { state, verdict } = trial()
  expect(verdict({ ...alive('b@host', 1), creation: 2 }, 'b@host')).toEqual([])
  expect(verdict({ ...suspect('b@host', 0, 2), kind: 'left' }, 'b@host')).toEqual([])
  expect(state.refused.forged).toBe(2)
  expect(state.table.get('b@host')).toMatchObject({ creation: 1, incarnation: 0, state: 'alive' })
})

test('where it is reached a node says itself; words of others give way to its own', () => {
  const { state, at, receive, verdict } = trial()
  const [lie, truth] = [[{ host: '10.0.0.6' }], [{ host: '10.0.0.9', port: 9_100 }]]
  const endpointsOf = (node: string) => state.table.get(node)?.endpoints
  receive(record({ node: 'c@host', endpoints: lie }))
  expect(endpointsOf('c@host')).toEqual(lie)
  verdict({ ...alive('c@host'), endpoints: truth }, 'c@host')
  expect(endpointsOf('c@host')).toEqual(truth)
  receive(record({ node: 'c@host', endpoints: lie }))
  verdict(suspect('c@host'))
  expect(endpointsOf('c@host')).toEqual(truth)
  receive(record({ node: 'd@host', endpoints: lie }))
  at(900, { kind: 'peerUp', peer: { node: 'd@host', creation: 1, endpoints: truth } })
  expect(endpointsOf('d@host')).toEqual(truth)
})
