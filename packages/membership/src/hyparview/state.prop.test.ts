import { seededRandom } from '@barrel-actors/simulation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OverlayNetwork, oneSided, reachable } from './overlay.suite.ts'
import type { Hyparview } from './state.ts'

const nodeNames = (count: number) => Array.from({ length: count }, (_, at) => `n${at}@sim`)

/** What must hold after every event. */
function checkViews(node: string, state: Hyparview, now: number): void {
  const { active, passive, pending, failed, options } = state
  const problems = [
    active.size > options.activeViewMax && 'too many neighbours',
    passive.size > options.passiveViewMax && 'too large a passive view',
    failed.size > options.failedMax && 'too many failed nodes',
    (active.has(node) || passive.get(node) !== undefined || pending.has(node)) && 'itself in a view',
    [...active.keys()].some(other => passive.get(other) !== undefined) && 'a neighbour in the passive view',
    [...pending.values()].some(({ deadlineMs }) => deadlineMs < now) && 'a pending entry past its backstop',
  ].filter(problem => problem !== false)
  if (problems.length > 0) throw new Error(`${node} at ${now}: ${problems.join(', ')}`)
}

function networkOf(seed: number, delayMsMax: number): OverlayNetwork {
  const network = new OverlayNetwork(seededRandom(seed), { delayMs: random => 1 + random.next() * delayMsMax })
  network.check = (node, state) => checkViews(node, state, network.now)
  return network
}

type Way = 'single' | 'random' | 'parallel'

function joinAll(network: OverlayNetwork, names: readonly string[], way: Way, everyMs: number): void {
  names.forEach((name, at) => {
    const contacts = way === 'single' ? names.slice(0, 1) : names.slice(0, at)
    const contact = contacts[Math.floor(network.random.next() * contacts.length)]
    const seeds = contact === undefined || contact === name ? [] : [contact]
    network.start(name, 1, { seeds })
    if (contact !== undefined && contact !== name) network.give(name, { kind: 'join', contact })
    if (way !== 'parallel') network.run(everyMs)
  })
}

function expectCalm(network: OverlayNetwork): void {
  const before = oneSided(network.states)
  // A link may be on its way: never for a second.
  network.run(1_000)
  expect(oneSided(network.states).filter(way => before.includes(way))).toEqual([])
  expect(reachable(network.states).size).toBe(network.states.size)
}

const ways = fc.constantFrom<Way>('single', 'random', 'parallel')

test('however they join, all nodes are one overlay of links that both ends hold, within all bounds', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 2, max: 40 }),
      ways,
      fc.integer({ min: 0, max: 200 }),
      (seed, count, way, everyMs) => {
        const network = networkOf(seed, 50)
        joinAll(network, nodeNames(count), way, everyMs)
        network.run(60_000)
        expectCalm(network)
      },
    ),
    { numRuns: 60 },
  )
})

test('nodes that die and start again at random leave one overlay, without the earlier lives', () => {
  const churn = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 5_000 })), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 4, max: 24 }), churn, (seed, count, deaths) => {
      const names = nodeNames(count)
      const network = networkOf(seed, 20)
      joinAll(network, names, 'single', 100)
      network.run(30_000)
      const creations = new Map(names.map(name => [name, 1]))
      for (const [which, forMs] of deaths) {
        // The seed lives, so that there is a way in.
        const name = names[1 + (which % (count - 1))] as string
        if (network.states.has(name)) network.kill(name)
        else {
          const creation = (creations.get(name) as number) + 1
          creations.set(name, creation)
          network.restart(name, creation, { seeds: [names[0] as string] })
          network.give(name, { kind: 'join', contact: names[0] as string })
        }
        network.run(forMs)
      }
      network.run(120_000)
      expectCalm(network)
      for (const state of network.states.values())
        for (const peer of state.active.values()) expect(peer.creation).toBe(creations.get(peer.node))
    }),
    { numRuns: 40 },
  )
})

test('two halves of a split become one overlay again by themselves', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 4, max: 24 }),
      fc.integer({ min: 1, max: 600 }),
      (seed, count, seconds) => {
        const names = nodeNames(count)
        const network = networkOf(seed, 20)
        joinAll(network, names, 'single', 50)
        network.run(60_000)
        const half = count >> 1
        for (const one of names.slice(0, half)) for (const other of names.slice(half)) network.cut(one, other)
        network.run(seconds * 1_000)
        network.healAll()
        network.run(60_000)
        expectCalm(network)
      },
    ),
    { numRuns: 40 },
  )
})

test('each neighbour comes up and goes down in turns, and those up are the active view', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 16 }), (seed, count) => {
      const names = nodeNames(count)
      const network = networkOf(seed, 20)
      joinAll(network, names, 'parallel', 0)
      network.run(20_000)
      network.kill(names[0] as string)
      network.give(names[1] as string, { kind: 'leave' })
      network.run(60_000)
      for (const [node, state] of network.states) {
        const up = new Set<string>()
        for (const { node: at, effect } of network.seen) {
          if (at !== node) continue
          if (effect.kind === 'peerUp') {
            expect(up.has(effect.peer.node)).toBe(false)
            up.add(effect.peer.node)
          } else if (effect.kind === 'peerDown') expect(up.delete(effect.node)).toBe(true)
        }
        expect([...up].sort()).toEqual([...state.active.keys()].sort())
      }
    }),
    { numRuns: 40 },
  )
})
