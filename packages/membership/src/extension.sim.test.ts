import { extensionKey, type Host, type Node, type Pid, type Self } from '@barrel-actors/runtime'
import { describe, expect, it } from 'vitest'
import { type Group, type Told, withGroup } from './extension.suite.ts'
import { membership } from './extension.ts'

const a = 'a@test'
const b = 'b@test'
const c = 'c@test'

/** What each neighbour's events come to: up and down in turn, up where it is a neighbour now. */
function expectTurns(group: Group, name: string): void {
  const up = new Set<string>()
  for (const { event, node } of group.events(name)) {
    if (event === 'peerUp') {
      expect(up.has(node as string)).toBe(false)
      up.add(node as string)
    }
    if (event === 'peerDown') expect(up.delete(node as string)).toBe(true)
  }
  expect([...up].sort()).toEqual(group.view(name))
}

describe('whole nodes in the overlay', () => {
  it.each([3, 7, 14])('%i nodes that begin from one become one overlay, and a broadcast of each reaches all', count =>
    withGroup(async group => {
      const names = await group.startAll(count)
      await group.whole()
      for (const name of names) {
        expect(group.view(name).length).toBeLessThanOrEqual(5)
        expect(group.api(name).passiveView().length).toBeLessThanOrEqual(30)
        expect(group.view(name)).not.toContain(name)
      }
      for (let round = 1; round <= 5; round++) for (const name of names) group.api(name).broadcast('news', { round })
      await group.simulation.advance(60_000)
      for (const name of names) {
        const got = group.broadcasts(name)
        expect(got).toHaveLength(5 * count)
        for (const node of names) {
          const origin = { node, creation: (group.nodes.get(node) as Node).creation }
          const from = got.filter(each => (each['origin'] as typeof origin).node === node)
          expect(from).toEqual(
            [1, 2, 3, 4, 5].map(round => ({ kind: 'broadcast', tag: 'news', payload: { round }, origin })),
          )
        }
        expectTurns(group, name)
      }
    }),
  )

  it('a node that is killed goes from every view, and comes back with its next life', () =>
    withGroup(async group => {
      const names = await group.startAll(7)
      await group.whole()
      const victim = names[3] as string
      const neighbours = group.view(victim)
      group.kill(victim)
      await group.whole()
      for (const name of group.names) expect(group.view(name)).not.toContain(victim)
      // Lost where the link was still there; who was about to swap it had given it up.
      const ends = neighbours.map(name =>
        group
          .events(name)
          .filter(event => 'node' in event && event.node === victim)
          .at(-1),
      )
      for (const end of ends) expect(end).toMatchObject({ event: 'peerDown' })
      expect(ends).toContainEqual({ kind: 'membership', event: 'peerDown', node: victim, reason: 'lost' })
      await group.start(victim, { contactNodes: [names[0] as string] })
      await group.whole()
      group.api(victim).broadcast('news', 'again')
      await group.simulation.eventually(() => group.names.every(name => group.broadcasts(name).length === 1))
      for (const name of group.names) expectTurns(group, name)
    }))

  it('a node that is killed and starts again at once is a neighbour anew, one up and one down for each life', () =>
    withGroup(async group => {
      await group.start(a)
      await group.start(b, { contactNodes: [a] })
      await group.whole()
      group.kill(b)
      await group.start(b, { contactNodes: [a] })
      await group.whole()
      expectTurns(group, a)
      expect(group.events(a).filter(({ event }) => event === 'peerUp')).toHaveLength(2)
    }))

  it('two halves of a split find each other again without help', () =>
    withGroup(async group => {
      const names = await group.startAll(8)
      await group.whole()
      const [left, right] = [names.slice(0, 4), names.slice(4)]
      for (const one of left) for (const other of right) group.simulation.network.cut(one, other)
      const isApart = () => left.every(name => group.view(name).every(other => left.includes(other)))
      await group.simulation.eventually(isApart)
      await group.simulation.advance(60_000)
      for (const one of left) for (const other of right) group.simulation.network.heal(one, other)
      await group.whole()
      expect(names.some(name => group.events(name).some(({ event }) => event === 'healed'))).toBe(true)
    }))

  it('who left stays out until it joins', () =>
    withGroup(async group => {
      const names = await group.startAll(4)
      await group.whole()
      const leaver = names[2] as string
      const before = group.view(leaver)
      group.api(leaver).leave()
      await group.simulation.settle()
      const last = group.events(leaver).slice(-before.length - 1)
      expect(last.map(({ event }) => event)).toEqual([...before.map(() => 'peerDown'), 'left'])
      await group.simulation.advance(600_000)
      expect(group.view(leaver)).toEqual([])
      for (const name of names) expect(group.view(name)).not.toContain(leaver)
      group.api(leaver).join(names[0] as string)
      await group.whole()
      expect(group.view(leaver)).not.toEqual([])
    }))

  it('a node that is to join itself is an error, and its own name among its contacts is passed over', () =>
    withGroup(async group => {
      await group.start(a, { contactNodes: [a, `${a}:9100`] })
      for (const address of [a, `${a}:9100`]) {
        expect(() => group.api(a).join(address)).toThrow(expect.objectContaining({ code: 'E_JOIN_SELF' }))
      }
      expect(group.api(a).pendingView()).toEqual([])
    }))

  it('contacts are asked again until one of them is there', () =>
    withGroup(async group => {
      const warned: unknown[] = []
      const silent = () => {}
      const warn = (event: string, fields: unknown) => void warned.push([event, fields])
      const log = { debug: silent, info: silent, warn, error: silent }
      await group.start(b, { contactNodes: [b, a], hyparview: { seedCycles: 0 } }, { log })
      await group.simulation.advance(59_000)
      expect(group.view(b)).toEqual([])
      expect(warned).toEqual([['no contact has let this node in', { contacts: a }]])
      await group.start(a)
      await group.whole()
      expect(group.view(b)).toEqual([a])
    }))

  it('a node that lost every neighbour asks its contacts again', () =>
    withGroup(async group => {
      await group.start(a)
      await group.start(b, { contactNodes: [a], hyparview: { failedMax: 0, seedCycles: 0 } })
      await group.whole()
      group.kill(a)
      await group.simulation.eventually(() => group.view(b).length === 0)
      await group.start(a)
      await group.whole(60_000)
    }))

  it('a node that stops says goodbye', () =>
    withGroup(async group => {
      const names = await group.startAll(3)
      await group.whole()
      const neighbours = group.view(names[2] as string)
      expect(neighbours).not.toEqual([])
      await group.simulation.until((group.nodes.get(names[2] as string) as Node).stop())
      group.nodes.delete(names[2] as string)
      await group.simulation.advance(100)
      for (const name of group.names) {
        expect(group.view(name)).not.toContain(names[2])
        expect(group.api(name).stats().views.failed).toBe(0)
        const downs = group.events(name).filter(({ event }) => event === 'peerDown')
        const left = { kind: 'membership', event: 'peerDown', node: names[2], reason: 'left' }
        expect(downs).toEqual(neighbours.includes(name) ? [left] : [])
      }
    }))

  it('nodes that discovery lists are contacts where none are given', () =>
    withGroup(async group => {
      await group.start(a)
      const listing = () => ({
        name: 'listing',
        resolve: async () => undefined,
        list: async () => [a, b].map(node => ({ node, endpoints: [] })),
      })
      await group.start(b, { discovery: [listing] })
      await group.whole()
      await group.start(c, { discovery: [listing], discoverContacts: false })
      await group.simulation.advance(60_000)
      expect(group.view(c)).toEqual([])
    }))

  it('a tool is never taken in', () =>
    withGroup(async group => {
      await group.start(a)
      await group.start(b, { contactNodes: [a] })
      await group.start('tool@test', { contactNodes: [a] }, { hidden: true })
      await group.simulation.advance(120_000)
      expect(group.view('tool@test')).toEqual([])
      for (const name of [a, b]) {
        expect(group.view(name)).not.toContain('tool@test')
        expect(group.api(name).passiveView()).not.toContain('tool@test')
      }
      expect(group.api(a).stats().refused.role).toBeGreaterThan(0)
    }))

  it('what applications send opens channels, and changes no view', () =>
    withGroup(async group => {
      for (const name of [a, b]) await group.start(name)
      const node = group.nodes.get(a) as Node
      const got: unknown[] = []
      const reader = (group.nodes.get(b) as Node).spawn(async (self: Self) => {
        for await (const message of self) got.push(message)
      })
      node.send(reader as Pid, 'hello')
      await group.simulation.advance(1_000)
      expect(got).toEqual(['hello'])
      expect(node.nodes()).toEqual([b])
      expect([group.view(a), group.view(b)]).toEqual([[], []])
    }))

  it('keeps the channels to neighbours, and those alone', () =>
    withGroup(async group => {
      let host: Host | undefined
      const catcher = {
        key: extensionKey<void>('catcher'),
        install: async (given: Host) => {
          host = given
          return { api: undefined }
        },
      }
      const node = await group.simulation.startNode({ name: a, extensions: [catcher, membership()] })
      group.nodes.set(a, node)
      await group.start(b, { contactNodes: [a] })
      await group.start(c)
      await group.simulation.eventually(() => group.view(a).length === 1 && group.view(b).length === 1)
      node.send({ name: 'nobody', node: c }, 1)
      await group.simulation.advance(1_000)
      expect(node.nodes()).toEqual([b, c])
      expect([b, c].map(name => (host as Host).isKept(name))).toEqual([true, false])
      group.api(a).leave()
      await group.simulation.advance(1_000)
      expect((host as Host).isKept(b)).toBe(false)
    }))

  it('endpoints of its own go to others, who dial them, and to discovery while its process is there', () =>
    withGroup(async group => {
      const noted: unknown[] = []
      const notes = (node: () => Node | undefined) => () => ({
        name: 'notes',
        resolve: async () => undefined,
        list: async () => {
          noted.push('list')
          return []
        },
        register: async (...given: unknown[]) => {
          noted.push(['register', ...given, node()?.whereis('membership') !== undefined])
        },
        unregister: async (...given: unknown[]) => void noted.push(['unregister', ...given]),
      })
      const endpoints = [{ host: '10.0.0.9', port: 9_100 }]
      let starting: Node | undefined
      const catcher = {
        key: extensionKey<void>('catcher'),
        install: async (host: Host) => {
          starting = host.node
          return { api: undefined }
        },
      }
      const extensions = [catcher, membership({ endpoints, discovery: [notes(() => starting)] })]
      const node = await group.simulation.startNode({ name: a, extensions })
      group.nodes.set(a, node)
      const other = await group.start(b, { contactNodes: [a] })
      await group.whole()
      expect(await other.resolveAddress(a)).toEqual(endpoints)
      await group.simulation.until(node.stop())
      group.nodes.delete(a)
      // Whoever lists it is not listed yet.
      expect(noted.slice(0, 2)).toEqual([['register', a, endpoints, true], 'list'])
      expect(noted.at(-1)).toEqual(['unregister', a])
    }))

  it('the process that is killed is followed by another, and the overlay goes on', () =>
    withGroup(async group => {
      const names = await group.startAll(4)
      await group.whole()
      const node = group.nodes.get(names[1] as string) as Node
      const killed = node.whereis('membership') as Pid
      node.exit(killed, 'kill')
      await group.simulation.advance(100)
      expect(node.whereis('membership')).not.toEqual(killed)
      await group.simulation.advance(10_000)
      await group.whole()
      group.api(names[1] as string).broadcast('news', 1)
      await group.simulation.eventually(() => names.every(name => group.broadcasts(name).length === 1))
    }))
})

describe('subscribers', () => {
  it('only those of a tag get its broadcasts, each its own copy, until they unsubscribe or end', () =>
    withGroup(async group => {
      const node = await group.start(a)
      const api = group.api(a)
      const got: Told[] = []
      const pid = node.spawn(async (self: Self<Told>) => {
        for await (const message of self) got.push(message)
      })
      const before = api.stats().subscribers
      api.subscribeBroadcasts(pid, 'other')
      api.subscribeBroadcasts(pid, 'other')
      const payload = { pid, bytes: new Uint8Array(2_000).fill(7), when: new Date(5) }
      api.broadcast('other', payload)
      api.broadcast('news', 1)
      await group.simulation.settle()
      expect(got.map(each => each['payload'])).toEqual([payload])
      expect(got[0]?.['payload']).not.toBe(payload)
      expect(api.unsubscribeBroadcasts(pid, 'other')).toBe(true)
      expect(api.unsubscribeBroadcasts(pid, 'other')).toBe(false)
      expect(api.stats().subscribers).toBe(before)
      api.subscribe(pid)
      node.exit(pid, 'kill')
      await group.simulation.settle()
      expect(api.stats().subscribers).toBe(before)
    }))

  it('what cannot subscribe or be broadcast is a coded error', () =>
    withGroup(async group => {
      const node = await group.start(a)
      await group.start(b)
      const api = group.api(a)
      const elsewhere = (group.nodes.get(b) as Node).spawn(async () => {})
      expect(() => api.subscribe(elsewhere as never)).toThrow(expect.objectContaining({ code: 'E_SUBSCRIBER_INVALID' }))
      const ended = node.spawn(async () => {})
      await group.simulation.settle()
      for (const bad of [ended, undefined, 'x']) {
        expect(() => api.subscribe(bad as never)).toThrow(expect.objectContaining({ code: 'E_SUBSCRIBER_INVALID' }))
      }
      const tooLarge = new Uint8Array(64 * 1024 + 1)
      for (const [tag, payload] of [
        ['t', tooLarge],
        ['', 1],
        ['x'.repeat(129), 1],
        [5, 1],
      ] as const) {
        expect(() => api.broadcast(tag as string, payload)).toThrow(
          expect.objectContaining({ code: 'E_BROADCAST_INVALID' }),
        )
      }
      expect(() => api.broadcast('t', () => {})).toThrow(expect.objectContaining({ code: 'E_MESSAGE_INVALID' }))
      expect(api.stats().broadcasts.counters.delivered).toBe(0)
    }))
})
