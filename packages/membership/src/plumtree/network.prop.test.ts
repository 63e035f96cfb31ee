/** What holds of a whole network of Plumtree states, whatever happens to its links, its messages and its nodes. */
import type { NodeName, Random } from '@barrel-actors/runtime'
import { seededRandom } from '@barrel-actors/simulation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Delivery, TestNetwork } from './network.suite.ts'
import type { PlumtreeOptions } from './options.ts'

const nameOf = (index: number): NodeName => `n${index}@host`
const draw = (random: Random, below: number): number => Math.floor(random.next() * below)

// Gaps are given up late, so that whatever was lost can be repaired; giving up has tests of its own.
const patient = { startGapMs: 600_000, gapMs: 600_000, loneGapMs: 600_000, cacheAgeMs: 600_000 }

interface Case {
  readonly seed: number
  readonly nodes: number
  readonly steps: number
  readonly loss: number
  readonly isOrdered: boolean
  readonly options: PlumtreeOptions
}

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.nat(),
  nodes: fc.integer({ min: 2, max: 9 }),
  steps: fc.integer({ min: 5, max: 40 }),
  loss: fc.constantFrom(0, 0.1, 0.4),
  isOrdered: fc.boolean(),
  options: fc.record({
    lazyTickMs: fc.constantFrom(0, 50, 200),
    optimizationRounds: fc.constantFrom(0, 1, 3),
    cacheCountMax: fc.constant(1_000),
  }),
})

/** A ring, so that it is connected, and chords. */
function form(network: TestNetwork, nodes: number, random: Random): void {
  for (let index = 0; index < nodes; index++) network.start(nameOf(index))
  for (let index = 0; index < nodes; index++) network.link(nameOf(index), nameOf((index + 1) % nodes))
  for (let count = 0; count < nodes; count++) network.link(nameOf(draw(random, nodes)), nameOf(draw(random, nodes)))
}

function networkOf({ nodes, isOrdered, options }: Case, random: Random): TestNetwork {
  const delayMs = () => 1 + draw(random, 80)
  const network = new TestNetwork({ random, isOrdered, options: { ...options, ...patient }, delayMs })
  form(network, nodes, random)
  return network
}

let told = 0
function act(network: TestNetwork, nodes: number, random: Random): void {
  const a = nameOf(draw(random, nodes))
  const b = nameOf(draw(random, nodes))
  const choice = random.next()
  if (!network.members.has(a)) {
    if (choice < 0.3) network.start(a)
  } else if (choice < 0.6) {
    const own = network.broadcasts.filter(({ origin }) => origin === a)
    if (own.length < 14) network.broadcast(a, `m${told++}`)
  } else if (!network.members.has(b)) return
  else if (choice < 0.75) network.unlink(a, b)
  else if (choice < 0.95) network.link(a, b)
  else network.crash(a)
}

/** Per life of an origin: in the order that it was told, each once, and nothing left out in between. */
function checkOrder(network: TestNetwork, deliveries: readonly Delivery[]): void {
  const lifeOf = ({ origin, creation }: Delivery) => `${origin} ${creation}`
  for (const life of new Set(deliveries.map(lifeOf))) {
    const heardOfLife = deliveries.filter(delivery => lifeOf(delivery) === life)
    const said = network.broadcasts.filter(told => lifeOf(told) === life)
    const first = said.findIndex(({ tag }) => tag === heardOfLife[0]?.tag)
    expect(first).not.toBe(-1)
    expect(heardOfLife).toEqual(said.slice(first, first + heardOfLife.length))
  }
  // A life that was followed by another is never heard of again.
  const creations = new Map<NodeName, number>()
  for (const { origin, creation } of deliveries) {
    expect(creation).toBeGreaterThanOrEqual(creations.get(origin) ?? 0)
    creations.set(origin, creation)
  }
}

/** Everything that the living have said in this life was heard by all of the living. */
function checkAllHeard(network: TestNetwork): void {
  for (const [origin, { state }] of network.members) {
    const said = network.broadcasts.filter(b => b.origin === origin && b.creation === state.self.creation)
    for (const [node, { deliveries }] of network.members) {
      const heard = deliveries.filter(d => d.origin === origin && d.creation === state.self.creation)
      expect({ node, heard }).toEqual({ node, heard: said })
    }
  }
}

test('whatever happens on the way, all is heard once and in order when it is calm again', () => {
  fc.assert(
    fc.property(cases, one => {
      const random = seededRandom(one.seed)
      const network = networkOf(one, random)
      network.isLost = () => random.next() < one.loss
      for (let count = 0; count < one.steps; count++) {
        act(network, one.nodes, random)
        network.run(draw(random, 300))
      }
      for (const { deliveries } of network.members.values()) checkOrder(network, deliveries)
      // A channel that has lost something is gone: every link is made anew.
      network.isLost = () => false
      const living = [...network.members.keys()]
      for (const a of living) for (const b of living) network.unlink(a, b)
      network.run(1_000)
      for (const [index, node] of living.entries()) network.link(node, living[(index + 1) % living.length] as NodeName)
      network.run(20_000)
      for (const { deliveries } of network.members.values()) checkOrder(network, deliveries)
      checkAllHeard(network)
    }),
    { numRuns: 300 },
  )
})

test('pushed payloads that are lost come by announcements and gaps, with no link made anew', () => {
  fc.assert(
    fc.property(cases, one => {
      const random = seededRandom(one.seed)
      const network = networkOf(one, random)
      network.isLost = (message, isAnswer) => message.kind === 'gossip' && !isAnswer && random.next() < one.loss
      const tellers = Math.min(one.nodes, 3)
      for (let count = 0; count < Math.min(one.steps, 14); count++) {
        network.broadcast(nameOf(draw(random, tellers)), `m${told++}`)
        network.run(draw(random, 300))
      }
      network.isLost = () => false
      // The last of each shows what was lost before it.
      for (let index = 0; index < tellers; index++) network.broadcast(nameOf(index), `m${told++}`)
      network.run(60_000)
      for (const { deliveries, missed } of network.members.values()) {
        checkOrder(network, deliveries)
        expect(missed).toEqual([])
      }
      checkAllHeard(network)
    }),
    { numRuns: 300 },
  )
})

/** Every node with five links, as far as chance allows. */
function formRegular(network: TestNetwork, nodes: number, random: Random): void {
  for (let index = 0; index < nodes; index++) network.start(nameOf(index))
  for (let index = 0; index < nodes; index++) network.link(nameOf(index), nameOf((index + 1) % nodes))
  for (let tries = 0; tries < nodes * 100; tries++) {
    const [a, b] = [nameOf(draw(random, nodes)), nameOf(draw(random, nodes))]
    if (network.member(a).linked.size < 5 && network.member(b).linked.size < 5) network.link(a, b)
  }
}

test.each([1, 2, 3, 4, 5])('once the tree has formed, each payload reaches each node once (seed %i)', seed => {
  const random = seededRandom(seed)
  const network = new TestNetwork({ random, isOrdered: true, options: { lazyTickMs: 0 }, delayMs: () => 10 })
  const nodes = 50
  formRegular(network, nodes, random)
  network.broadcast(nameOf(0), 'first')
  network.run(5_000)
  // Links to begin with are all eager: the first payload comes about as often as there are links.
  expect(network.sent.filter(({ message }) => message.kind === 'gossip').length).toBeGreaterThan(nodes)
  for (let round = 0; round < 10; round++) {
    network.sent.length = 0
    network.broadcast(nameOf(0), `later ${round}`)
    network.run(5_000)
    const count = (kind: string) => network.sent.filter(({ message }) => message.kind === kind).length
    expect([count('gossip'), count('graft'), count('prune')]).toEqual([nodes - 1, 0, 0])
  }
  for (const { deliveries, state } of network.members.values()) {
    expect(deliveries).toEqual(network.broadcasts)
    expect(state.counters.missed).toBe(0)
  }
})

test('nothing is left to do in a network in which all has been said', () => {
  const random = seededRandom(1)
  const network = new TestNetwork({ random, isOrdered: true, delayMs: () => 1 + draw(random, 50) })
  form(network, 8, random)
  for (let index = 0; index < 8; index++) network.broadcast(nameOf(index), `m${index}`)
  network.run(200_000)
  for (const { state } of network.members.values()) {
    expect(state.tickAtMs).toBe(Number.POSITIVE_INFINITY)
    expect(state.cache).toEqual({ count: 0, bytes: 0, oldest: undefined, newest: undefined })
    expect([...state.origins.values()].filter(({ cached, pull }) => cached ?? pull)).toEqual([])
  }
})
