/**
 * A peer whose OS process is killed, and a cable that is cut. `BARREL_KILLS=100` kills a hundred and prints how long
 * it took until they were noticed.
 */
import type { Node, Pid, Self } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { Quic, quicDefaults } from '../src/index.ts'
import { closeAll, Relay, turns } from './endpoints.ts'
import { killOSPeers, OSPeer } from './os-peer.ts'
import { echo, startQuicNode, stopQuicNodes } from './quic-nodes.ts'

afterEach(async () => {
  await Promise.all([stopQuicNodes(), killOSPeers()])
  await closeAll()
})

/** Beside the idle time-out: 10 s are promised where that is 6 s, as by default. */
const graceMs = 4_000

interface Told {
  readonly kind: string
  readonly node?: string
  readonly atMs: number
}

/** A process that hears of nodes, and watches `echo` of one of them by a monitor and a link; all that it is told. */
async function watch(from: Node, node: string): Promise<Told[]> {
  const told: Told[] = []
  const ready = new Promise<void>(resolve => {
    from.spawn(async (self: Self) => {
      self.trapExit = true
      self.subscribeNodes()
      const pid = (await self.call({ name: 'sums', node }, 'echo')) as Pid
      self.monitor(pid)
      self.link(pid)
      // The peer has both once it has answered what was sent behind them.
      await self.call({ name: 'sums', node }, 'the monitor stands')
      resolve()
      for await (const message of self) told.push({ ...(message as Told), atMs: performance.now() })
    })
  })
  await ready
  return told
}

async function killAtOnce(count: number): Promise<number[]> {
  const a = await startQuicNode('a@127.0.0.1')
  const peers = await Promise.all(Array.from({ length: count }, (_, index) => OSPeer.start(`peer${index}@127.0.0.1`)))
  for (const peer of peers) await a.connect(peer.address)
  const watchers = await Promise.all(peers.map(peer => watch(a, peer.name)))
  const killedAt = performance.now()
  await Promise.all(peers.map(peer => peer.kill()))
  await expect.poll(() => a.nodes(), { timeout: 30_000 }).toEqual([])
  // A second one would have its time.
  await turns(500)
  const tookMs = watchers.map((told, index) => {
    const { name } = peers[index] as OSPeer
    const own = told.filter(message => message.kind !== 'nodeDown' || message.node === name)
    expect(own.map(({ kind }) => kind).sort()).toEqual(['down', 'exit', 'nodeDown'])
    expect(own.at(-1)?.kind).toBe('nodeDown')
    return (own.at(-1) as Told).atMs - killedAt
  })
  await Promise.all([stopQuicNodes(), killOSPeers()])
  return tookMs
}

test('a peer whose OS process is killed is told as lost once, by everything that watched it, within the time', async () => {
  const kills = Number(process.env['BARREL_KILLS'] ?? 1)
  const tookMs: number[] = []
  while (tookMs.length < kills) tookMs.push(...(await killAtOnce(Math.min(10, kills - tookMs.length))))
  tookMs.sort((one, other) => one - other)
  const rank = (share: number) => Math.round(tookMs[Math.ceil(tookMs.length * share) - 1] as number)
  if (kills > 1) console.log(`${kills} kills were noticed after ${rank(0.5)} ms (p50), ${rank(0.99)} ms (p99)`)
  expect(rank(0.99)).toBeLessThan(quicDefaults.idleTimeoutMs + graceMs)
}, 600_000)

const options = { idleTimeoutMs: 1_500, keepAliveMs: 500 }

/** Two nodes with a cable between them, and what each hears of the other. */
async function cabled() {
  const [a, b] = [await startQuicNode('a@127.0.0.1', options), await startQuicNode('b@127.0.0.1', options)]
  const relay = await Relay.open(b.extension(Quic).address)
  a.addAddress(`${b.name}:${relay.address.port}`)
  for (const node of [a, b]) node.subscribeNodes()
  expect(await echo(a, b, 'over the cable')).toBe('over the cable')
  for (const node of [a, b]) expect(await node.receive()).toMatchObject({ kind: 'nodeUp' })
  return { a, b, relay }
}

test.each([
  ['in both directions', () => [], 1],
  ['on the way there', (packet: Buffer, back: boolean) => (back ? [packet] : []), 2],
  ['on the way back', (packet: Buffer, back: boolean) => (back ? [] : [packet]), 2],
] as const)(
  'a cable that is cut %s closes the channel once at both ends within the time, and the next call opens another',
  async (_, pass, times) => {
    const { a, b, relay } = await cabled()
    const whole = relay.pass
    relay.pass = pass
    const cutAt = performance.now()
    for (const [node, other] of [
      [a, b],
      [b, a],
    ] as const) {
      expect(await node.receive()).toMatchObject({ kind: 'nodeDown', node: other.name, reason: /sign of life/ })
    }
    // Cut one way, the end that hears gives up only after the other one has.
    expect(performance.now() - cutAt).toBeLessThan(times * options.idleTimeoutMs + graceMs)
    relay.pass = whole
    expect(await echo(a, b, 'mended')).toBe('mended')
    for (const node of [a, b]) expect(await node.receive()).toMatchObject({ kind: 'nodeUp' })
  },
)
