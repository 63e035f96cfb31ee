/** Overlays that know nothing of each other any more, or yet, become one. */
import type { NodeName } from '@barrel-actors/runtime'
import { describe, expect, it } from 'vitest'
import { type Group, withGroup } from './extension.suite.ts'
import type { MembershipOptions } from './options.ts'

const left = ['a0@test', 'a1@test', 'a2@test', 'a3@test']
const right = ['b0@test', 'b1@test', 'b2@test', 'b3@test']

/** Views that forget within a minute. */
const forgetful: MembershipOptions = {
  hyparview: { failedMax: 0, passiveAgeMsMax: 60_000, seedCycles: 8, swapCycles: 8 },
}

async function startIslands(group: Group, options: MembershipOptions): Promise<void> {
  for (const side of [left, right]) for (const name of side) await group.start(name, options)
}

function joinWithin(group: Group, side: readonly NodeName[]): void {
  for (const name of side.slice(1)) group.api(name).join(side[0] as NodeName)
}

const cut = (group: Group) => forPairs((one, other) => group.simulation.network.cut(one, other))
const heal = (group: Group) => forPairs((one, other) => group.simulation.network.heal(one, other))

function forPairs(each: (one: NodeName, other: NodeName) => void): void {
  for (const one of left) for (const other of right) each(one, other)
}

const listing = (nodes: readonly NodeName[]) => () => ({
  name: 'listing',
  resolve: async () => undefined,
  list: async () => nodes.map(node => ({ node, endpoints: [] })),
})

const sidesOf = (group: Group, name: NodeName) =>
  new Set([...group.view(name), ...group.api(name).passiveView()].map(node => node.slice(0, 1)))

describe('two islands', () => {
  it('whose views have forgotten each other in a long split are one again, for the members are remembered', () =>
    withGroup(async group => {
      await startIslands(group, forgetful)
      for (const side of [left, right]) joinWithin(group, side)
      group.api(right[0] as NodeName).join(left[0] as NodeName)
      await group.whole()
      cut(group)
      await group.simulation.advance(600_000)
      heal(group)
      for (const name of left) expect(sidesOf(group, name)).toEqual(new Set(['a']))
      for (const name of right) expect(sidesOf(group, name)).toEqual(new Set(['b']))
      await group.whole(1_200_000)
    }))

  it('that never knew each other become one where discovery lists nodes of both', () =>
    withGroup(async group => {
      cut(group)
      await startIslands(group, { ...forgetful, discovery: [listing([...left, ...right])] })
      await group.simulation.advance(600_000)
      heal(group)
      for (const name of left) expect(sidesOf(group, name)).toEqual(new Set(['a']))
      await group.whole(1_200_000)
    }))

  it('one of which is a node whose contacts are dead, become one where discovery lists another', () =>
    withGroup(async group => {
      await startIslands(group, forgetful)
      for (const side of [left, right]) joinWithin(group, side)
      group.api(right[0] as NodeName).join(left[0] as NodeName)
      await group.whole()
      await group.start('late@test', { contactNodes: ['dead@test'], discovery: [listing(left)] })
      await group.whole(120_000)
    }))

  it('stay two where nobody lists or remembers the others', () =>
    withGroup(async group => {
      await startIslands(group, forgetful)
      for (const side of [left, right]) joinWithin(group, side)
      await group.simulation.advance(600_000)
      for (const name of left) expect(sidesOf(group, name)).toEqual(new Set(['a']))
    }))
})
