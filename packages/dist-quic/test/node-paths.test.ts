// Paths between nodes over real QUIC: channels that move, go through an adapter, and show a new certificate.
import { createSocket } from 'node:dgram'
import type { Node, Pid, Self } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { Quic } from '../src/index.ts'
import { closeAll, Relay, turns } from './endpoints.ts'
import { addressOf, echo, failureOf, startQuicNode, stopQuicNodes } from './quic-nodes.ts'
import { TunnelAdapter, TunnelRelay } from './tunnel-adapter.ts'

const tunnels: (() => void)[] = []

afterEach(async () => {
  await stopQuicNodes()
  for (const close of tunnels.splice(0)) close()
  await closeAll()
})

async function connected(): Promise<[a: Node, b: Node]> {
  const [a, b] = [await startQuicNode('a@127.0.0.1'), await startQuicNode('b@127.0.0.1')]
  await a.connect(addressOf(b))
  b.addAddress(addressOf(a))
  expect(await echo(b, a, 'back')).toBe('back')
  return [a, b]
}

/** Sends numbers from one node to a process of the other until it is told to stop; what came, in order. */
function traffic(from: Node, to: Node) {
  const came: number[] = []
  const pid = to.spawn(async (self: Self<number>) => {
    for await (const count of self) came.push(count)
  })
  let sent = 0
  let isOn = true
  const done = (async () => {
    while (isOn) {
      for (let burst = 0; burst < 50; burst++) from.send(pid as Pid, sent++)
      await new Promise(resolve => setImmediate(resolve))
    }
    while (came.length < sent) await new Promise(resolve => setImmediate(resolve))
  })()
  return {
    came,
    async stop() {
      isOn = false
      await done
      return sent
    },
  }
}

test.each(['the side that dialed', 'the side that was dialed'])(
  'a channel moves under traffic, asked by %s: nothing is lost, reordered, or told',
  async side => {
    const [a, b] = await connected()
    const [asking, other] = side === 'the side that dialed' ? [a, b] : [b, a]
    for (const node of [a, b]) node.subscribeNodes()
    const flows = [traffic(a, b), traffic(b, a)]
    for (let moves = 0; moves < 3; moves++) await asking.extension(Quic).migratePeer(other.name)
    for (const flow of flows) {
      const sent = await flow.stop()
      expect(flow.came).toEqual(Array.from({ length: sent }, (_, count) => count))
    }
    await expectUntold(a, b)
    expect([await echo(a, b, 1), await echo(b, a, 2)]).toEqual([1, 2])
    expect([asking, other].map(node => node.extension(Quic).counts.migrations.done)).toEqual([3, 0])
    expect(a.extension(Quic).counts.handshakes.dialed.done.count).toBe(1)
    expect(b.extension(Quic).counts.handshakes.accepted.done.count).toBe(1)
  },
  60_000,
)

test('a node whose NAT gives it another port under traffic loses nothing, keeps the order, and nobody is told', async () => {
  const [a, b] = [await startQuicNode('a@127.0.0.1'), await startQuicNode('b@127.0.0.1')]
  const relay = await Relay.open(b.extension(Quic).address)
  a.addAddress(`${b.name}:${relay.address.port}`)
  expect(await echo(a, b, 'through the NAT')).toBe('through the NAT')
  for (const node of [a, b]) node.subscribeNodes()
  const flows = [traffic(a, b), traffic(b, a)]
  for (let times = 0; times < 3; times++) {
    await turns(50)
    await relay.rebind()
    await echo(a, b, times)
  }
  for (const flow of flows) {
    const sent = await flow.stop()
    expect(sent).toBeGreaterThan(100)
    expect(flow.came).toEqual(Array.from({ length: sent }, (_, count) => count))
  }
  await expectUntold(a, b)
}, 60_000)

/** Holds that no node has been told that another came or went. */
async function expectUntold(...nodes: Node[]): Promise<void> {
  for (const node of nodes) {
    node.send(node.pid, 'nothing before this')
    expect(await node.receive()).toBe('nothing before this')
  }
}

test('what has no channel cannot be moved, nor has it figures', async () => {
  const a = await startQuicNode('a@127.0.0.1')
  const quic = a.extension(Quic)
  expect(await failureOf(quic.migratePeer('b@127.0.0.1'))).toMatchObject({ code: 'E_NOT_CONNECTED' })
  expect(() => quic.pathStats('b@127.0.0.1')).toThrow(/no channel/)
  const b = await startQuicNode('b@127.0.0.1')
  await a.connect(addressOf(b))
  expect(await failureOf(quic.migratePeer(b.name, { timeoutMs: 0 }))).toMatchObject({ code: 'E_QUIC_OPTION_INVALID' })
  const { smoothedRttMs, sent, received, packetBytes } = quic.pathStats(b.name)
  expect(smoothedRttMs).toBeGreaterThanOrEqual(0)
  expect([sent > 3, received > 3, packetBytes > 1_000]).toEqual([true, true, true])
})

test('a node is reached through an adapter, until its connect options are cleared', async () => {
  const [a, b] = [await startQuicNode('a@127.0.0.1'), await startQuicNode('b@127.0.0.1')]
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  const relay = new TunnelRelay(socket)
  tunnels.push(() => {
    relay.close()
    socket.close()
  })
  const quic = a.extension(Quic)
  const port = b.extension(Quic).address.port
  quic.setConnectOptions(b.name, { adapter: () => new TunnelAdapter(relay.address, port) })
  // No address of b is known to a: only the adapter leads there.
  expect(await echo(a, b, 'through the tunnel')).toBe('through the tunnel')
  expect(relay.passed).toBeGreaterThan(3)
  expect(await failureOf(quic.migratePeer(b.name))).toMatchObject({ code: 'E_MIGRATION_UNSUPPORTED' })
  expect(await failureOf(b.extension(Quic).migratePeer(a.name))).toMatchObject({ code: 'E_MIGRATION_REFUSED' })
  expect([quic.counts.migrations.unsupported, b.extension(Quic).counts.migrations.refused]).toEqual([1, 1])
  expect(await echo(a, b, 'still there')).toBe('still there')
  a.disconnect(b.name)
  quic.clearConnectOptions(b.name)
  expect(quic.getConnectOptions(b.name)).toBeUndefined()
  a.addAddress(addressOf(b))
  const before = relay.passed
  expect(await echo(a, b, 'directly')).toBe('directly')
  expect(relay.passed - before).toBeLessThan(5)
})

test('an adapter that cannot be made fails the dial with its cause', async () => {
  const a = await startQuicNode('a@127.0.0.1')
  const adapter = () => {
    throw new Error('no tunnel')
  }
  a.extension(Quic).setConnectOptions('b@127.0.0.1', { adapter })
  expect(await failureOf(a.connect('b@127.0.0.1'))).toMatchObject({ code: 'E_ADAPTER_FAILED' })
  expect(() => a.extension(Quic).setConnectOptions('b@127.0.0.1', {} as never)).toThrow(/adapter/)
})

test('a new certificate is shown by new channels without a restart, and those there are go on', async () => {
  const [a, b] = await connected()
  const { restartRequired } = await b.extension(Quic).rotateCert()
  expect(restartRequired).toBe(false)
  expect(await echo(a, b, 'as before')).toBe('as before')
  a.disconnect(b.name)
  expect(await echo(a, b, 'anew')).toBe('anew')
  b.disconnect(a.name)
  expect(await echo(b, a, 'anew, dialed by b')).toBe('anew, dialed by b')
})
