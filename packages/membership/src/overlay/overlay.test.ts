/** How the cores are put together: what goes from one to another, and in which order. */
import type { NodeName } from '@barrel-actors/runtime'
import { seededRandom, VirtualClock } from '@barrel-actors/simulation'
import { fuzz } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Detector } from '../detector/state.ts'
import { Overlay, type OverlayEvent, type OverlayMessage, type OverlayOptions } from './overlay.ts'

const me = 'me@host'

/** An overlay with these neighbours, and what it says from then on. */
function trial(neighbours: readonly NodeName[], options: OverlayOptions = {}) {
  const clock = new VirtualClock()
  const sent: { readonly to: NodeName; readonly message: OverlayMessage; readonly isLinked: boolean }[] = []
  const told: OverlayEvent[] = []
  const looked: number[] = []
  const overlay = new Overlay({ node: me, creation: 1, endpoints: [] }, options, {
    clock,
    random: seededRandom(1),
    send: (to, message) => sent.push(...to.map(node => ({ to: node, message, isLinked: false }))),
    sendLinked: (to, message) => sent.push({ to, message, isLinked: true }),
    deliver: () => {},
    missed: () => {},
    lookAround: () => void looked.push(clock.now()),
    tell: event => told.push(event),
  })
  for (const node of neighbours) overlay.receive(node, 1, { kind: 'join', peer: { node, creation: 1, endpoints: [] } })
  const verdict = (from: NodeName, kind: string, of: NodeName, sequence: number) => {
    const said = JSON.stringify({ kind, node: of, creation: 1, incarnation: 0, endpoints: [] })
    const payload = new TextEncoder().encode(said)
    overlay.receive(from, 1, { kind: 'gossip', origin: from, creation: 1, sequence, round: 1, tag: '', payload })
  }
  return { clock, overlay, sent, told, looked, verdict }
}

const kinds = (sent: readonly { to: NodeName; message: OverlayMessage }[]) =>
  sent.map(({ to, message }) => `${message.kind} ${'origin' in message ? `of ${message.origin} ` : ''}to ${to}`)

test('the first neighbour is told that this node is there, and what says so is no broadcast of users', () => {
  const { overlay, sent } = trial(['a@host'])
  const gossip = sent.map(({ message }) => message).find(({ kind }) => kind === 'gossip')
  expect(gossip).toMatchObject({ origin: me, tag: '', sequence: 1 })
  expect(overlay.detector?.table.get('a@host')?.state).toBe('alive')
})

test('a member without a link that cannot be reached is asked about, over the links that are there', () => {
  const { overlay, sent, told } = trial(['a@host', 'b@host'])
  overlay.receive('a@host', 1, {
    kind: 'records',
    records: [{ node: 'far@host', creation: 1, incarnation: 0, state: 'alive', goneForMs: 0, endpoints: [] }],
  })
  sent.length = 0
  overlay.lost('far@host')
  expect(
    sent
      .filter(({ isLinked }) => isLinked)
      .map(({ to, message }) => [to, message.kind])
      .sort(),
  ).toEqual([
    ['a@host', 'pingFor'],
    ['b@host', 'pingFor'],
  ])
  expect(told).not.toContainEqual(expect.objectContaining({ event: 'peerDown' }))
})

test('now and then a member that is no neighbour is asked for what it knows, and one that is gone for a link', async () => {
  const { clock, overlay, sent, looked } = trial(['a@host'], { hyparview: { seedCycles: 2 } })
  overlay.receive('a@host', 1, {
    kind: 'records',
    records: ['far@host', 'gone@host'].map(node => ({
      node,
      creation: 1,
      incarnation: 0,
      state: node === 'gone@host' ? 'gone' : 'alive',
      goneForMs: 60_000,
      endpoints: [],
    })),
  })
  sent.length = 0
  await clock.advance(600_000)
  const asked = sent.filter(({ to }) => to !== 'a@host').map(({ to, message }) => `${message.kind} to ${to}`)
  expect(looked.length).toBeGreaterThan(10)
  expect(asked.length).toBeGreaterThan(10)
  expect(new Set(asked)).toEqual(new Set(['shuffle to far@host', 'neighbor to gone@host']))
})

test('who is gone is no reserve, but a later life of it is', async () => {
  const { clock, overlay } = trial(['a@host'], { hyparview: { seedCycles: 0 } })
  const shuffle = (creation: number) => ({
    kind: 'shuffle',
    origin: { node: 'a@host', creation: 1, endpoints: [] },
    id: 1,
    peers: [{ node: 'far@host', creation, endpoints: [] }],
    ttl: 0,
  })
  overlay.receive('a@host', 1, shuffle(1))
  expect(overlay.views.passive.nodes).toEqual(['far@host'])
  overlay.receive('a@host', 1, {
    kind: 'gossip',
    origin: 'far@host',
    creation: 1,
    sequence: 1,
    round: 2,
    tag: '',
    payload: new TextEncoder().encode(JSON.stringify({ kind: 'left', node: 'far@host', creation: 1, incarnation: 0 })),
  })
  expect(overlay.detector?.table.get('far@host')?.state).toBe('gone')
  await clock.advance(10_000)
  expect(overlay.views.passive.nodes).toEqual([])
  overlay.receive('a@host', 1, shuffle(1))
  expect(overlay.views.passive.nodes).toEqual([])
  overlay.receive('a@host', 1, shuffle(2))
  expect(overlay.views.passive.get('far@host')?.creation).toBe(2)
})

test('a member that says that it has left is gone, whoever heard its goodbye', () => {
  const { overlay, told } = trial(['a@host'])
  const record = { creation: 1, incarnation: 4, state: 'alive', goneForMs: 0, endpoints: [] }
  overlay.receive('a@host', 1, { kind: 'records', records: [{ node: 'far@host', ...record }] })
  overlay.receive('far@host', 0, { kind: 'disconnect', leaves: true })
  overlay.receive('far@host', 1, { kind: 'disconnect', leaves: false })
  expect(overlay.detector?.table.get('far@host')?.state).toBe('alive')
  for (let times = 0; times < 2; times++) overlay.receive('far@host', 1, { kind: 'disconnect', leaves: true })
  const gone = told.filter(({ event }) => event === 'nodeGone')
  expect(gone).toEqual([{ event: 'nodeGone', node: 'far@host', creation: 1, reason: 'left' }])
})

test('who has left is not looked for', async () => {
  const { clock, overlay, sent, looked } = trial(['a@host'], { hyparview: { seedCycles: 1 } })
  const record = { creation: 1, incarnation: 0, state: 'alive', goneForMs: 0, endpoints: [] }
  overlay.receive('a@host', 1, { kind: 'records', records: [{ node: 'far@host', ...record }] })
  overlay.receive('far@host', 1, { kind: 'disconnect', leaves: true })
  sent.length = 0
  await clock.advance(200_000)
  expect(looked.length).toBeGreaterThan(3)
  expect(sent.filter(({ to }) => to === 'far@host')).toEqual([])
})

test('a verdict goes on before the answer to it', async () => {
  const { clock, sent, verdict } = trial(['a@host', 'b@host'])
  await clock.advance(900)
  sent.length = 0
  verdict('a@host', 'suspect', me, 1)
  expect(kinds(sent)).toEqual(['gossip of a@host to b@host', `gossip of ${me} to a@host`, `gossip of ${me} to b@host`])
})

const members = fc.constantFrom(me, 'a@host', 'b@host', 'c@host')
const count = fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(-1, 0.5, 2 ** 60, null, 'x'))
const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.json().map(text => new TextEncoder().encode(text)),
  fc
    .record({ kind: fc.constantFrom('alive', 'left', 'suspect'), node: members, creation: count, incarnation: count })
    .map(fields => new TextEncoder().encode(JSON.stringify({ ...fields, endpoints: [] }))),
)

test('whatever bytes come as a verdict, they are one or are refused, and others are not told of them', () =>
  fuzz('verdicts', payloads, payload => {
    const { overlay, told } = trial(['a@host', 'b@host'])
    const before = [...told]
    overlay.receive('a@host', 1, {
      kind: 'gossip',
      origin: 'a@host',
      creation: 1,
      sequence: 1,
      round: 1,
      tag: '',
      payload,
    })
    const { refused } = overlay.detector as Readonly<Detector>
    const isRefused = Object.values(refused).some(times => times > 0)
    if (isRefused) expect(told).toEqual(before)
    return isRefused ? 'refused' : 'accepted'
  }))

test('after it has stopped nothing is due any more, and nothing is said', async () => {
  const { clock, overlay, sent } = trial(['a@host', 'b@host'])
  overlay.leave()
  overlay.stop()
  sent.length = 0
  overlay.receive('a@host', 1, { kind: 'ping', sequence: 1, creation: 1, incarnation: 0, state: 'alive' })
  overlay.lost('b@host')
  expect(clock.timersCount).toBe(0)
  expect(sent).toEqual([])
})
