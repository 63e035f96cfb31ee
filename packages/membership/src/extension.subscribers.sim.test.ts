import type { Node, Pid, Self } from '@barrel-actors/runtime'
import { describe, expect, it } from 'vitest'
import { type Told, withGroup } from './extension.suite.ts'
import { limits } from './limits.ts'

const a = 'a@test'
const b = 'b@test'

const waits = async (self: Self) => {
  for await (const _ of self);
}

describe('subscribers', () => {
  it('are so many at most, of tags too, and make room when they end', () =>
    withGroup(async group => {
      const node = await group.start(a)
      const api = group.api(a)
      const refused = expect.objectContaining({ code: 'E_SUBSCRIBER_INVALID' })
      const pids = Array.from({ length: limits.subscribersMax }, () => node.spawn(waits))
      const more = pids.pop() as Pid
      for (const pid of pids) api.subscribe(pid)
      expect(() => api.subscribe(more)).toThrow(refused)
      expect(() => api.subscribeBroadcasts(more, 'tag')).toThrow(refused)
      // `start` has one for `news`.
      for (let tag = 1; tag < limits.subscribersMax; tag++) api.subscribeBroadcasts(pids[0] as Pid, `tag ${tag}`)
      expect(() => api.subscribeBroadcasts(pids[0] as Pid, 'one more')).toThrow(refused)
      expect(api.stats().subscribers).toBe(limits.subscribersMax)
      node.exit(pids[0] as Pid, 'kill')
      await group.simulation.settle()
      api.subscribe(more)
      api.subscribeBroadcasts(more, 'tag')
      expect(api.stats().subscribers).toBe(limits.subscribersMax)
    }))

  it('are told which broadcasts of an origin are given up, and go on with the next one', () =>
    withGroup(async group => {
      const plumtree = { cacheCountMax: 8, gapMs: 5_000 }
      await group.start(a, { plumtree })
      await group.start(b, { contactNodes: [a], plumtree })
      await group.whole()
      group.api(a).broadcast('news', 0)
      await group.simulation.eventually(() => group.broadcasts(b).length === 1)
      group.simulation.network.cut(a, b)
      for (let payload = 1; payload < 40; payload++) group.api(a).broadcast('news', payload)
      await group.simulation.eventually(() => group.view(a).length + group.view(b).length === 0)
      group.simulation.network.heal(a, b)
      await group.whole()
      group.api(a).broadcast('news', 40)
      await group.simulation.eventually(() => group.broadcasts(b).at(-1)?.['payload'] === 40, { withinMs: 60_000 })
      const told = (group.told.get(b) as Told[]).filter(({ kind }) => kind.startsWith('broadcast'))
      const origin = { node: a, creation: (group.nodes.get(a) as Node).creation }
      expect(told.map(({ kind }) => kind).slice(0, 3)).toEqual(['broadcast', 'broadcastMissed', 'broadcast'])
      const [, missed, next] = told as [Told, Told & { from: number; to: number }, Told]
      expect(missed).toMatchObject({ origin })
      // Also the overlay itself says something about `a` between them.
      const lost = (next['payload'] as number) - 1
      expect(lost).toBeGreaterThan(30)
      expect(missed.to - missed.from + 1).toBeGreaterThanOrEqual(lost)
    }))

  it('get frozen payloads where messages are frozen, and who broadcast may go on with its own', () =>
    withGroup(async group => {
      await group.start(a, {}, { freezeMessages: true })
      const payload = { list: [1] }
      expect(group.api(a).broadcast('news', payload)).toBe(true)
      payload.list.push(2)
      await group.simulation.settle()
      const got = group.broadcasts(a).map(each => each['payload'] as typeof payload)
      expect(got).toEqual([{ list: [1] }])
      expect(got.every(({ list }) => Object.isFrozen(list))).toBe(true)
    }))
})
