/** What holds of a whole network of detectors, whatever happens to its nodes, its links and its probes. */
import { seededRandom } from '@barrel-actors/simulation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digest } from './exchange.ts'
import { DetectorNetwork } from './network.suite.ts'

const nameOf = (index: number) => `n${index}@host`

/** A ring and chords: four links each or so. */
function networkOf(seed: number, nodes: number): DetectorNetwork {
  const random = seededRandom(seed)
  const network = new DetectorNetwork(random)
  for (let index = 0; index < nodes; index++) network.start(nameOf(index), 1)
  for (let index = 0; index < nodes; index++) {
    network.link(nameOf(index), nameOf((index + 1) % nodes))
    network.link(nameOf(index), nameOf((index + 2) % nodes))
  }
  network.run(90_000)
  return network
}

const goneOf = (network: DetectorNetwork) => network.told.filter(({ effect }) => effect.kind === 'nodeGone')

function expectSameTables(network: DetectorNetwork): void {
  const digests = new Set([...network.hosts.values()].map(({ state }) => digest(state).join()))
  expect(digests.size).toBe(1)
}

test('a killed node is gone at every living node within 30 s, once, and no other is', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 2, max: 14 }),
      fc.integer({ min: 0, max: 8_000 }),
      (seed, nodes, noticed) => {
        const network = networkOf(seed, nodes)
        expect(network.hosts.get(nameOf(0))?.state.table.size).toBe(nodes)
        network.kill(nameOf(1), noticed)
        network.run(30_000)
        const gone = goneOf(network).map(({ at, effect }) => `${at} ${JSON.stringify(effect)}`)
        const expected = { kind: 'nodeGone', node: nameOf(1), creation: 1, reason: 'silent' }
        expect(gone.sort()).toEqual([...network.hosts.keys()].map(at => `${at} ${JSON.stringify(expected)}`).sort())
        network.run(60_000)
        expect(goneOf(network)).toHaveLength(nodes - 1)
        expectSameTables(network)
      },
    ),
    { numRuns: 25 },
  )
})

test('a loop that is blocked for 10 s makes nobody gone, though its links are lost meanwhile', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 3, max: 10 }), fc.boolean(), (seed, nodes, losesLinks) => {
      const network = networkOf(seed, nodes)
      const peers = [...(network.hosts.get(nameOf(0))?.links ?? [])]
      network.block(nameOf(0), 10_000)
      if (losesLinks) {
        network.run(5_000)
        for (const peer of peers) network.unlink(nameOf(0), peer)
        network.run(5_500)
        for (const peer of peers) network.link(nameOf(0), peer)
      }
      network.run(120_000)
      expect(goneOf(network)).toEqual([])
      const accused = network.told.filter(({ effect }) => effect.kind === 'nodeSuspected' && effect.node !== nameOf(0))
      expect(accused).toEqual([])
      expectSameTables(network)
    }),
    { numRuns: 25 },
  )
})

test('a node that starts again is alive in its new life, and each earlier life is gone once', () => {
  const network = networkOf(1, 8)
  network.kill(nameOf(3), 1_000)
  network.run(3_000)
  network.start(nameOf(3), 2)
  network.link(nameOf(3), nameOf(4))
  network.link(nameOf(3), nameOf(5))
  network.run(120_000)
  for (const [at, { state }] of network.hosts) {
    expect(state.table.get(nameOf(3))).toMatchObject({ creation: 2, state: 'alive' })
    const count = goneOf(network).filter(told => told.at === at).length
    expect(count).toBe(at === nameOf(3) ? 0 : 1)
  }
  expectSameTables(network)
})

test('the probes of a node do not grow with the number of nodes', () => {
  const rates = [16, 64, 256].map(nodes => {
    const network = networkOf(1, nodes)
    network.probes = 0
    network.run(60_000)
    return network.probes / nodes / 60
  })
  for (const rate of rates) expect(rate).toBeLessThanOrEqual(1.1)
})

test('a cut that heals within the suspicion makes nobody gone, and a longer one makes nobody gone for ever', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 4, max: 12 }), fc.boolean(), (seed, nodes, isLong) => {
      const network = networkOf(seed, nodes)
      const links = [...network.hosts].flatMap(([a, { links }]) => [...links].map(b => [a, b] as const))
      const half = new Set(Array.from({ length: nodes >> 1 }, (_, index) => nameOf(index)))
      const cut = links.filter(([a, b]) => half.has(a) && !half.has(b))
      for (const [a, b] of cut) network.unlink(a, b)
      network.run(isLong ? 60_000 : 10_000)
      for (const [a, b] of cut) network.link(a, b)
      network.run(180_000)
      if (!isLong) expect(goneOf(network)).toEqual([])
      for (const { state } of network.hosts.values())
        expect([...state.table.values()].map(member => member.state)).toEqual(new Array(nodes).fill('alive'))
      expectSameTables(network)
    }),
    { numRuns: 25 },
  )
})

test('lost probes make nobody gone', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 3, max: 10 }), (seed, nodes) => {
      const network = networkOf(seed, nodes)
      network.loss = 0.3
      network.run(120_000)
      network.loss = 0
      network.run(120_000)
      expect(goneOf(network)).toEqual([])
      expectSameTables(network)
    }),
    { numRuns: 25 },
  )
})
