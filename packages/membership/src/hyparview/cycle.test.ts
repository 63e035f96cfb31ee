import type { Random } from '@barrel-actors/runtime'
import { seededRandom } from '@barrel-actors/simulation'
import { describe, expect, test } from 'vitest'
import type { HyparviewMessage } from './messages.ts'
import { hyparviewDefaults } from './options.ts'
import { type Hyparview, type HyparviewEvent, step } from './state.ts'
import { check, down, given, neighbor, now, passives, peer, received, self, send, up, viewOf } from './steps.suite.ts'

describe('a shuffle', () => {
  test('starts once a cycle, with the node itself, neighbours and reserves', () => {
    const state = viewOf({ active: ['b'], passive: ['c', 'd'] })
    const effects = given(state, { kind: 'tick' }, state.nextCycleMs)
    const shuffle = effects.find(effect => effect.kind === 'send' && effect.message.kind === 'shuffle')
    expect(shuffle).toMatchObject({ to: 'b@sim', message: { origin: self, ttl: hyparviewDefaults.shuffleWalkLength } })
    expect(effects).toContainEqual(send('b', check))
  })

  test('walks on, and is answered where it ends with as many nodes as it holds', () => {
    const message = { kind: 'shuffle', origin: peer('o'), id: 9, peers: [peer('p')], ttl: 1 } as const
    const state = viewOf({ active: ['b', 'c'], passive: ['d', 'e', 'f'] })
    expect(given(state, received('b', message))).toEqual([send('c', { ...message, ttl: 0 })])
    expect(passives(state)).toEqual(['d', 'e', 'f'])
    const [answer] = given(state, received('b', { ...message, ttl: 0 }))
    expect(answer).toMatchObject({ to: 'o@sim', message: { kind: 'shuffleReply', id: 9 } })
    expect(answer).toHaveProperty('message.peers.length', 2)
    expect(passives(state)).toEqual(['d', 'e', 'f', 'o', 'p'])
  })

  test('its answer is taken once, and none that was not asked for', () => {
    const state = viewOf({ active: ['b'] })
    given(state, { kind: 'tick' }, state.nextCycleMs)
    const id = state.shuffle?.id as number
    const reply = (number: number): HyparviewMessage => ({
      kind: 'shuffleReply',
      id: number,
      peers: [peer('n'), self, peer('b')],
    })
    given(state, received('x', reply(id + 1)))
    expect(passives(state)).toEqual([])
    given(state, received('x', reply(id)))
    expect(passives(state)).toEqual(['n'])
    given(state, received('x', reply(id)))
    expect(state.refused.notAsked).toBe(2)
  })

  test('from outside of the active view walks no further', () => {
    const state = viewOf({ active: ['b', 'c'] })
    const message = { kind: 'shuffle', origin: peer('o'), id: 9, peers: [], ttl: 6 } as const
    expect(given(state, received('o', message))).toMatchObject([{ to: 'o@sim', message: { kind: 'shuffleReply' } }])
    expect(given(state, received('x', message))).toEqual([])
    expect(state.refused.notNeighbor).toBe(1)
  })

  test('whose nodes are in a later life takes no part of the view that another has filled', () => {
    const state = viewOf({ passiveViewMax: 9 })
    const names = Array.from({ length: 9 }, (_, at) => `n${at}`)
    for (const [at, name] of names.entries()) state.passive.add(peer(name), `s${at % 3}@sim`, now, seededRandom(1))
    for (const name of names) state.passive.add(peer(name, 2), 'liar@sim', now, seededRandom(1))
    expect([state.passive.size, state.passive.sourceMost]).toEqual([9, 3])
    expect(names.map(name => state.passive.get(`${name}@sim`)?.creation)).toEqual(names.map(() => 2))
  })

  test('brings no more nodes than one of ours, and one member fills no more than a third of the view', () => {
    const state = viewOf({ active: ['b'] })
    const many = (from: number) => Array.from({ length: 60 }, (_, at) => peer(`n${from + at}`))
    for (let count = 0; count < 20; count++) {
      given(state, received('b', { kind: 'shuffle', origin: peer('o'), id: 1, peers: many(count * 60), ttl: 0 }))
      expect(state.passive.size).toBeLessThanOrEqual(Math.min(10, 8 * (count + 1)))
    }
    expect(state.passive.size).toBe(10)
  })
})

/** How often a node that is alone asks its seed: in its first cycle, in the 15 after it, and in 160 later ones. */
function asksOf(random: Random) {
  const state = viewOf({ seeds: ['s'], seedCycles: 16 })
  const askedIn = (cycles: number) => {
    let asked = 0
    for (let cycle = 0; cycle < cycles; cycle++) {
      state.pending.clear()
      const effects = step(state, { kind: 'tick' }, state.nextCycleMs, random)
      asked += effects.filter(({ kind }) => kind === 'send').length
    }
    return asked
  }
  return { first: askedIn(1), next15: askedIn(15), later: askedIn(160) }
}

describe('once a cycle', () => {
  test('one node that was lost is probed in turn; found in the same life it is asked for a link across the split', () => {
    const state = viewOf({ active: ['b', 'c', 'd'] })
    given(state, { kind: 'lost', node: 'b@sim' })
    given(state, { kind: 'lost', node: 'c@sim' })
    const probes = () =>
      given(state, { kind: 'tick' }, state.nextCycleMs).filter(
        effect => effect.kind === 'send' && effect.message.kind === 'probe',
      )
    expect([probes(), probes(), probes()]).toMatchObject([[{ to: 'b@sim' }], [{ to: 'c@sim' }], [{ to: 'b@sim' }]])
    const effects = given(state, received('b', { kind: 'probeReply', peer: peer('b') }))
    expect(effects).toEqual([{ kind: 'healed', node: 'b@sim' }, send('b', neighbor('high'))])
    expect(given(state, received('c', { kind: 'probeReply', peer: peer('c', 2) }, 2))).toEqual([])
    expect(state.failed.size).toBe(0)
  })

  test('a probe is answered, and tells the one who is asked too', () => {
    const state = viewOf({ active: ['b'] })
    given(state, { kind: 'lost', node: 'b@sim' })
    const effects = given(state, received('b', { kind: 'probe', peer: peer('b') }))
    expect(effects).toEqual([send('b', { kind: 'probeReply', peer: self }), { kind: 'healed', node: 'b@sim' }])
    expect(given(state, received('x', { kind: 'probeReply', peer: peer('x') }))).toEqual([])
    expect(state.refused.notAsked).toBe(1)
  })

  test('now and then a seed that is no neighbour is asked: for a way in where there is none, for its views otherwise', () => {
    const tick = (state: Hyparview) => given(state, { kind: 'tick' }, state.nextCycleMs)
    const alone = viewOf({ seeds: ['s'] })
    expect(tick(alone)).toEqual([send('s', { kind: 'join', peer: self })])
    const well = viewOf({ active: ['b'], seeds: ['s', 'b'], seedCycles: 1 })
    expect(tick(well)).toContainEqual(
      expect.objectContaining({ to: 's@sim', message: expect.objectContaining({ kind: 'shuffle', ttl: 0 }) }),
    )
  })

  test('now and then others that are remembered are wanted, and asked as a seed is', () => {
    const state = viewOf({ active: ['b'], seedCycles: 4 })
    const random = seededRandom(3)
    let wanted = 0
    for (let cycle = 0; cycle < 400; cycle++) {
      const effects = step(state, { kind: 'tick' }, state.nextCycleMs, random)
      wanted += effects.filter(({ kind }) => kind === 'lookAround').length
    }
    expect(wanted).toBeGreaterThan(50)
    expect(wanted).toBeLessThan(110)
    const introduce = (node: string) => given(state, { kind: 'introduce', node: `${node}@sim` })
    expect(introduce('o')).toMatchObject([{ to: 'o@sim', message: { kind: 'shuffle', origin: self, ttl: 0 } }])
    expect([introduce('a'), introduce('b')]).toEqual([[], []])
    given(state, { kind: 'lost', node: 'b@sim' })
    expect(introduce('o')).toEqual([send('o', { kind: 'join', peer: self })])
    expect(introduce('o')).toEqual([])
    given(state, { kind: 'leave' })
    expect(introduce('o')).toEqual([])
  })

  test('a node that is alone wants them in every cycle', () => {
    const state = viewOf({ seedCycles: 10_000 })
    state.cycles = 10_000
    const wants = () => given(state, { kind: 'tick' }, state.nextCycleMs)
    expect([wants(), wants(), wants()]).toEqual(Array(3).fill([{ kind: 'lookAround' }]))
    // Whoever is asked may still answer.
    given(state, { kind: 'introduce', node: 'o@sim' }, state.nextCycleMs - 1)
    expect(wants()).toEqual([])
    expect(given(viewOf({ seedCycles: 0 }), { kind: 'tick' }, now + 60_000)).toEqual([])
  })

  test('one that is held for gone and asks for what is known is asked for a link', () => {
    const state = viewOf({ active: ['b'], isGone: node => node === 'o@sim' })
    const shuffle = (name: string, from: string): HyparviewEvent =>
      received(from, { kind: 'shuffle', origin: peer(name), id: 9, peers: [], ttl: 0 })
    const reply = { kind: 'shuffleReply', id: 9, peers: [] } as const
    expect(given(state, shuffle('o', 'b'))).toEqual([send('o', reply)])
    expect(given(state, shuffle('o', 'o'))).toEqual([send('o', reply), send('o', neighbor('high'))])
    expect(given(state, shuffle('o', 'o'))).toEqual([send('o', reply)])
    expect(given(state, shuffle('x', 'x'))).toMatchObject([{ to: 'x@sim', message: { kind: 'shuffleReply' } }])
  })

  test('one that is held for gone is asked for a link at once, and is nobody’s reserve', () => {
    const gone = new Set(['c@sim', 'o@sim'])
    const state = viewOf({ active: ['b'], passive: ['c', 'd'], isGone: node => gone.has(node) })
    expect(passives(state)).toEqual(['d'])
    expect(given(state, { kind: 'introduce', node: 'o@sim' })).toEqual([send('o', neighbor('high'))])
    gone.add('d@sim')
    given(state, { kind: 'lost', node: 'b@sim' })
    expect([...state.pending.keys()]).toEqual(['o@sim'])
    given(state, { kind: 'tick' }, state.nextCycleMs)
    expect(passives(state)).toEqual([])
  })

  test('now and then a view that has room insists on a link to one of the passive view, too', () => {
    const state = viewOf({ active: ['b'], passive: ['c', 'd'], activeViewMax: 2, swapCycles: 1 })
    for (const node of state.passive.nodes) state.passive.refused(node, now)
    const effects = given(state, { kind: 'tick' }, Math.max(state.nextCycleMs, now + 10_000))
    expect(effects.filter(effect => effect.kind === 'send' && effect.message.kind === 'neighbor')).toHaveLength(2)
    expect(effects).toContainEqual(expect.objectContaining({ message: neighbor('high') }))
  })

  test('now and then a full view asks one of the passive view, in place of a neighbour', () => {
    const state = viewOf({ active: ['b'], passive: ['c'], activeViewMax: 1, swapCycles: 1 })
    expect(given(state, { kind: 'tick' }, state.nextCycleMs)).toContainEqual(send('c', neighbor('high')))
    const reply: HyparviewMessage = { kind: 'neighborReply', peer: peer('c'), accepted: true }
    const told: HyparviewMessage = { kind: 'disconnect', leaves: false, instead: peer('w') }
    const effects = given(state, received('c', { ...reply, evicted: peer('w') } as HyparviewMessage))
    expect(effects).toEqual([send('b', told), down('b', 'evicted'), up('c')])
  })

  test('a young node asks its seeds often, an old one seldom', () => {
    const young = Array.from({ length: 40 }, (_, seed) => asksOf(seededRandom(seed)))
    const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)
    expect(young.map(({ first }) => first)).toEqual(Array(40).fill(1))
    // 1/2 + 1/3 + … + 1/16, and 1/16 in each cycle after that.
    expect(total(young.map(({ next15 }) => next15)) / 40).toBeCloseTo(2.4, 0)
    expect(total(young.map(({ later }) => later)) / 40 / 160).toBeCloseTo(1 / 16, 2)
  })

  test('what nobody has mentioned for long leaves the passive view', () => {
    const state = viewOf({ passive: ['b'] })
    const oldMs = now + hyparviewDefaults.passiveAgeMsMax
    given(state, { kind: 'tick' }, oldMs)
    expect(passives(state)).toEqual(['b'])
    state.passive.add(peer('c'), 'c@sim', oldMs, seededRandom(1))
    given(state, { kind: 'tick' }, Math.max(oldMs + 1, state.nextCycleMs))
    expect(passives(state)).toEqual(['c'])
  })

  test('the next cycle comes sooner while links come and go', () => {
    const state = viewOf({ active: ['b'] })
    const gap = () => {
      const at = state.nextCycleMs
      given(state, { kind: 'tick' }, at)
      return state.nextCycleMs - at
    }
    const joins = (count: number) => {
      for (let made = 0; made < count; made++)
        given(state, received(`j${made}`, { kind: 'join', peer: peer(`j${made}`) }), state.nextCycleMs)
    }
    expect(gap()).toBe(10_000)
    joins(6)
    expect(gap()).toBe(5_000)
    joins(6)
    expect(gap()).toBe(2_000)
    state.nextCycleMs += 31_000
    expect(gap()).toBe(10_000)
  })

  test('the tick is asked for once, and again where it came early', () => {
    const state = viewOf({ active: ['b'] })
    const at = state.nextCycleMs
    expect(step(state, received('b', check), now, seededRandom(7))).toEqual([])
    expect(step(state, { kind: 'tick' }, at - 0.5, seededRandom(7))).toEqual([{ kind: 'schedule', atMs: at }])
  })
})
