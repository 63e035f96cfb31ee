import type { Node, NodeName } from '@barrel-actors/runtime'
import { describe, expect, it } from 'vitest'
import { type Group, withGroup } from './extension.suite.ts'

function withMembers(count: number, run: (group: Group, names: NodeName[]) => Promise<void>): Promise<void> {
  return withGroup(async group => {
    const names = await group.startAll(count)
    await group.whole()
    await group.simulation.eventually(() => names.every(name => knows(group, name, names)), { withinMs: 5_000 })
    await run(group, names)
  })
}

const membersAt = (group: Group, name: NodeName) =>
  group
    .api(name)
    .members()
    .map(({ node }) => node)

function knows(group: Group, name: NodeName, names: readonly NodeName[]): boolean {
  return membersAt(group, name).join() === [...names].sort().join()
}

/** What a node was told of another that is no neighbour event. */
const toldOf = (group: Group, name: NodeName, node: NodeName) =>
  group.events(name).filter(each => each.node === node && String(each.event).startsWith('node'))

const goneAnywhere = (group: Group) =>
  group.names.flatMap(name => group.events(name).filter(({ event }) => event === 'nodeGone'))

describe('the list of members', () => {
  it('holds every node at every node, in its life, a few seconds after it has come', () =>
    withMembers(12, async (group, names) => {
      for (const name of names) {
        const expected = names.map(node => ({
          node,
          creation: (group.nodes.get(node) as Node).creation,
          state: 'alive',
        }))
        expect(group.api(name).members()).toEqual(expected.sort((a, b) => (a.node < b.node ? -1 : 1)))
        const first = toldOf(group, name, names[11] as NodeName)
        if (name !== names[11]) expect(first).toMatchObject([{ event: 'nodeAlive', isBack: false }])
      }
    }))

  it('a node that is killed is gone at every other within 30 s, once, and in its next life there again', () =>
    withMembers(9, async (group, names) => {
      const victim = names[4] as NodeName
      const { creation } = group.nodes.get(victim) as Node
      group.kill(victim)
      await group.simulation.advance(30_000)
      for (const name of group.names) {
        expect(membersAt(group, name)).not.toContain(victim)
        const gone = toldOf(group, name, victim).filter(({ event }) => event === 'nodeGone')
        expect(gone).toEqual([{ kind: 'membership', event: 'nodeGone', node: victim, creation, reason: 'silent' }])
      }
      const next = await group.start(victim, { contactNodes: [names[0] as NodeName] })
      await group.simulation.eventually(() => names.every(name => knows(group, name, names)), { withinMs: 30_000 })
      await group.simulation.advance(120_000)
      for (const name of names) {
        if (name === victim) continue
        expect(toldOf(group, name, victim).at(-1)).toMatchObject({ event: 'nodeAlive', creation: next.creation })
      }
      expect(goneAnywhere(group)).toHaveLength(8)
    }))

  it('a node that starts again at once ends its earlier life as restarted', () =>
    withMembers(5, async (group, names) => {
      const victim = names[2] as NodeName
      group.kill(victim)
      await group.start(victim, { contactNodes: [names[0] as NodeName] })
      await group.simulation.eventually(
        () => names.every(name => name === victim || toldOf(group, name, victim).length >= 3),
        { withinMs: 60_000 },
      )
      await group.simulation.advance(60_000)
      for (const name of names) {
        if (name === victim) continue
        const events = toldOf(group, name, victim).filter(({ event }) => event !== 'nodeSuspected')
        expect(events.map(({ event }) => event)).toEqual(['nodeAlive', 'nodeGone', 'nodeAlive'])
        expect(events[1]).toMatchObject({ reason: 'restarted' })
      }
    }))

  it.each(['leaves', 'stops'])('a node that %s is gone at once everywhere, as one that left', how =>
    withMembers(7, async (group, names) => {
      const leaver = names[3] as NodeName
      if (how === 'leaves') group.api(leaver).leave()
      else {
        await group.simulation.until((group.nodes.get(leaver) as Node).stop())
        group.nodes.delete(leaver)
      }
      await group.simulation.advance(2_000)
      for (const name of group.names) {
        if (name === leaver) continue
        expect(membersAt(group, name)).not.toContain(leaver)
        expect(toldOf(group, name, leaver).at(-1)).toMatchObject({ event: 'nodeGone', reason: 'left' })
        for (const { event, node, reason } of group.events(name))
          if (event === 'peerDown' && node === leaver) expect(reason).not.toBe('lost')
      }
      if (how !== 'leaves') return
      expect(group.api(leaver).members()).toEqual([])
      group.api(leaver).join(names[0] as NodeName)
      await group.simulation.eventually(() => names.every(name => knows(group, name, names)), { withinMs: 10_000 })
      expect(toldOf(group, names[0] as NodeName, leaver).at(-1)).toMatchObject({ event: 'nodeAlive', isBack: true })
    }),
  )

  it('a loop that is blocked for 10 s makes nobody gone, though its channels are lost', () =>
    withMembers(6, async (group, names) => {
      const blocked = names[1] as NodeName
      const lost = group.view(blocked)
      group.simulation.pause(blocked)
      await group.simulation.advance(10_000)
      group.simulation.resume(blocked)
      expect(lost.every(name => !group.view(name).includes(blocked))).toBe(true)
      await group.simulation.advance(120_000)
      expect(goneAnywhere(group)).toEqual([])
      const accused = group.names.flatMap(name =>
        group.events(name).filter(({ event, node }) => event === 'nodeSuspected' && node !== blocked),
      )
      expect(accused).toEqual([])
      for (const name of names) expect(knows(group, name, names)).toBe(true)
    }))

  it('who leaves a view is gone for nobody', () =>
    withMembers(12, async (group, names) => {
      await group.simulation.advance(1_200_000)
      const downs = names.flatMap(name => group.events(name).filter(({ event }) => event === 'peerDown'))
      expect(downs.length).toBeGreaterThan(0)
      expect(goneAnywhere(group)).toEqual([])
      for (const name of names) {
        const { members, suspected, refused } = group.api(name).stats().detector
        expect([members, suspected]).toEqual([12, 0])
        expect(refused).toMatchObject({ malformed: 0, forged: 0, creationAhead: 0 })
      }
    }))

  it('is the same again after a split that both sides took for the end of the other', () =>
    withMembers(8, async (group, names) => {
      const [left, right] = [names.slice(0, 4), names.slice(4)]
      for (const one of left) for (const other of right) group.simulation.network.cut(one, other)
      await group.simulation.advance(120_000)
      for (const name of left) expect(knows(group, name, left)).toBe(true)
      for (const name of right) expect(knows(group, name, right)).toBe(true)
      for (const one of left) for (const other of right) group.simulation.network.heal(one, other)
      await group.simulation.eventually(() => names.every(name => knows(group, name, names)), { withinMs: 300_000 })
      await group.simulation.advance(120_000)
      for (const name of names) expect(knows(group, name, names)).toBe(true)
      const last = toldOf(group, names[0] as NodeName, names[7] as NodeName).at(-1)
      expect(last).toMatchObject({ event: 'nodeAlive', isBack: true })
    }))

  it('tells where a member is reached that is no neighbour', () =>
    withMembers(10, async (group, names) => {
      const endpoints = [{ host: '10.0.0.9', port: 9_100 }]
      await group.start('far@test', { contactNodes: [names[0] as NodeName], endpoints })
      await group.simulation.eventually(() => names.every(name => membersAt(group, name).includes('far@test')))
      for (const name of names) {
        expect(await (group.nodes.get(name) as Node).resolveAddress('far@test')).toEqual(endpoints)
      }
    }))
})
