import { type Node, type Pid, Ref, type Self } from '@barrel-actors/runtime'
import { describe, expect, it } from 'vitest'
import { type Group, withGroup } from './extension.suite.ts'

const a = 'a@test'
const b = 'b@test'
const liar = 'liar@test'

const peer = { node: liar, creation: 1, endpoints: [] }
const range = { origin: liar, creation: 1, from: 1, to: 1, round: 1, room: 1 }
/** One of each kind. */
const messages: Record<string, unknown>[] = [
  { kind: 'join', peer },
  { kind: 'forwardJoin', peer, ttl: 3 },
  { kind: 'neighbor', peer, priority: 'high' },
  { kind: 'neighborReply', peer, accepted: true },
  { kind: 'disconnect', leaves: false },
  { kind: 'shuffle', origin: peer, id: 1, peers: [peer], ttl: 3 },
  { kind: 'shuffleReply', id: 1, peers: [peer] },
  { kind: 'check' },
  { kind: 'probe', peer },
  { kind: 'probeReply', peer },
  { kind: 'gossip', origin: liar, creation: 1, sequence: 1, round: 1, tag: 'news', payload: new Uint8Array(3) },
  { kind: 'ihave', ranges: [range] },
  { kind: 'graft', ranges: [range] },
  { kind: 'prune' },
]
const wrong = [undefined, null, -1, 0.5, 2 ** 60, 'x'.repeat(300), [], {}, [null], { node: 5 }, Number.NaN, true]

/** Every kind with every field missing, and in its place whatever it cannot be. */
function* forged(): Generator<unknown> {
  yield* [
    undefined,
    null,
    0,
    'join',
    [],
    {},
    { kind: 'down' },
    { kind: 'down', ref: 1 },
    { kind: 5 },
    { kind: 'toString' },
  ]
  yield { kind: 'membership', event: 'peerUp', node: liar }
  for (const message of messages) {
    yield message
    for (const field of Object.keys(message)) {
      const { [field]: _, ...rest } = message
      yield rest
      for (const value of wrong) yield { ...message, [field]: value }
    }
  }
}

function withPair(run: (group: Group, send: (message: unknown) => void) => Promise<void>): Promise<void> {
  return withGroup(async group => {
    await group.start(a)
    await group.start(b, { contactNodes: [a] })
    await group.whole()
    const other = await group.simulation.startNode({ name: liar })
    await run(group, message => other.send({ name: 'membership', node: a }, message))
  })
}

function refusals(group: Group): number {
  const { refused, broadcasts } = group.api(a).stats()
  const all = [...Object.values(refused), ...Object.values(broadcasts.counters.refused)]
  return all.reduce((sum, count) => sum + count, 0)
}

describe('what comes to the registered process', () => {
  it('of a node: every kind with every field missing or wrong is dropped and counted, and ends nothing', () =>
    withPair(async (group, send) => {
      const process = (group.nodes.get(a) as Node).whereis('membership')
      const sent = [...forged()]
      for (const message of sent) send(message)
      await group.simulation.advance(10_000)
      expect((group.nodes.get(a) as Node).whereis('membership')).toEqual(process)
      // Some of the wrong ones say nothing wrong, or are right by chance.
      expect(refusals(group)).toBeGreaterThan(sent.length * 0.8)
      expect(group.view(a)).toEqual([b])
      expect(group.broadcasts(a)).toEqual([])
      group.api(b).broadcast('news', 'goes on')
      await group.simulation.eventually(() => group.broadcasts(a).length === 1)
    }))

  it('of a process of this node, in the name of another, is dropped', () =>
    withPair(async group => {
      const node = group.nodes.get(a) as Node
      const process = node.whereis('membership') as Pid
      const before = group.api(a).stats().refused.local
      const refs = Array.from({ length: 20 }, (_, id) => new Ref(a, node.creation, id))
      const sent = [...forged(), ...refs.map(ref => ({ kind: 'down', ref, from: {}, reason: 'noconnection' }))]
      node.spawn(async (self: Self) => {
        for (const message of sent) self.send(process, message as never)
        self.cast(process as never, messages[0] as never)
      })
      await group.simulation.settle()
      expect(group.api(a).stats().refused.local - before).toBe(sent.length + 1)
      expect(group.view(a)).toEqual([b])
    }))

  it('a node cannot take a neighbour away by what looks like the end of one, nor speak as another node', () =>
    withPair(async (group, send) => {
      const node = group.nodes.get(a) as Node
      for (let id = 0; id < 50; id++) {
        send({
          kind: 'down',
          ref: new Ref(a, node.creation, id),
          from: { name: 'membership', node: b },
          reason: 'noproc',
        })
      }
      send({ kind: 'join', peer: { node: 'other@test', creation: 1, endpoints: [] } })
      send({ kind: 'disconnect', leaves: true, peer: { node: b, creation: 1, endpoints: [] } })
      await group.simulation.advance(1_000)
      expect(group.view(a)).toEqual([b])
      expect(group.events(a).filter(({ event }) => event === 'peerDown')).toEqual([])
      expect(group.api(a).stats().refused.otherNode).toBe(1)
    }))

  it('a broadcast whose payload is no term reaches nobody, and is counted', () =>
    withPair(async (group, _send) => {
      const node = group.nodes.get(b) as Node
      const gossip = { kind: 'gossip', origin: b, creation: node.creation, sequence: 2, round: 1, tag: 'news' }
      node.send({ name: 'membership', node: a }, { ...gossip, payload: new Uint8Array([0xc1, 0xff, 0x93]) })
      await group.simulation.advance(1_000)
      expect(group.api(a).stats().undecodable).toBe(1)
      expect(group.broadcasts(a)).toEqual([])
    }))

  it('exit signals of a node are dropped; killed again and again it is there again, and so are its links', () =>
    withPair(async group => {
      const node = group.nodes.get(a) as Node
      const other = await group.simulation.startNode({ name: 'killer@test' })
      const told = async () => {
        node.send(other.pid, node.whereis('membership') as Pid)
        return (await group.simulation.until(other.receive())) as Pid
      }
      const first = await told()
      for (const reason of ['normal', 'shutdown', { error: 'boom' }]) other.exit(first, reason)
      await group.simulation.advance(1_000)
      expect(await told()).toEqual(first)
      expect(group.view(a)).toEqual([b])
      for (let kills = 0; kills < 20; kills++) {
        other.exit(await told(), 'kill')
        await group.simulation.advance(100)
      }
      expect((await told()).serial).not.toBe(first.serial)
      await group.whole()
      group.api(b).broadcast('news', 'goes on')
      await group.simulation.eventually(() => group.broadcasts(a).length === 1)
    }))
})
