/** Connections whose datagrams go through an adapter instead of the endpoint's socket. */
import { systemEntropy } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import type { DatagramAdapter } from '../src/quic/adapter.ts'
import { Collector, closeAll, dial, echo, nobody, onClose, open, udp } from './endpoints.ts'
import { TunnelAdapter, TunnelRelay } from './tunnel-adapter.ts'

afterEach(closeAll)

test('megabytes come back through a relay, in packets that fit a tunnel, and the adapter is closed at the end', async () => {
  const server = await open(echo)
  const relay = new TunnelRelay(await udp())
  onClose(() => relay.close())
  const adapter = new TunnelAdapter(relay.address, server.address.port)
  let closes = 0
  const close = adapter.close.bind(adapter)
  adapter.close = () => {
    closes++
    close()
  }
  const got = new Collector()
  let ended = () => {}
  const closed = new Promise<void>(resolve => (ended = resolve))
  const client = await open()
  // Where the relay sends is its business: the address is only what the peer is called.
  const handler = { received: got.received, closed: () => ended() }
  const connection = await dial(client, { host: '192.0.2.1', port: 9 }, handler, { adapter })
  const sent = Buffer.from(systemEntropy.bytes(2 ** 20))
  connection.write(0, sent)
  expect((await got.reach(sent.length)).equals(sent)).toBe(true)
  expect(relay.passed).toBeGreaterThan(sent.length / 1_200)
  expect(connection.pathStats?.packetBytes).toBe(1_200)
  expect(connection.remote).toEqual({ host: '192.0.2.1', port: 9 })
  await expect(connection.migrate(1_000)).rejects.toMatchObject({ code: 'E_MIGRATION_UNSUPPORTED' })
  connection.close(0, 'done')
  await closed
  await expect.poll(() => [closes, client.connectionsCount], { timeout: 10_000 }).toEqual([1, 0])
})

test('an adapter gives its own packets away: what it keeps does not change', async () => {
  const server = await open(echo)
  const relay = new TunnelRelay(await udp())
  onClose(() => relay.close())
  const tunnel = new TunnelAdapter(relay.address, server.address.port)
  const kept: Uint8Array[] = []
  const copies: Buffer[] = []
  const adapter: DatagramAdapter = {
    start: received => tunnel.start(received),
    send(packet) {
      kept.push(packet)
      copies.push(Buffer.from(packet))
      tunnel.send(packet)
    },
    close: () => tunnel.close(),
  }
  const got = new Collector()
  const connection = await dial(await open(), server.address, { received: got.received }, { adapter })
  connection.write(0, Buffer.alloc(20_000, 1))
  await got.reach(20_000)
  expect(kept.length).toBeGreaterThan(10)
  expect(kept.every((packet, at) => copies[at]?.equals(packet))).toBe(true)
})

const idle: DatagramAdapter = { start() {}, send() {}, close() {} }
const bug = () => {
  throw new Error('a bug of the adapter')
}

test.each([
  ['start', { ...idle, start: bug }],
  ['send', { ...idle, send: bug }],
  ['close', { ...idle, send: bug, close: bug }],
])('an adapter that throws in %s ends its connection and nothing else', async (_, adapter) => {
  const server = await open(echo)
  const client = await open()
  const got = new Collector()
  const good = await dial(client, server.address, { received: got.received })
  const cause = await new Promise<Error>(closed => client.dial(server.address, { ...nobody, closed }, { adapter }))
  expect(cause).toMatchObject({ code: 'E_CHANNEL_CLOSED', fields: { reason: 'a bug of the adapter' } })
  good.write(0, Buffer.from('x'))
  await got.reach(1)
  await expect.poll(() => client.connectionsCount, { timeout: 5_000 }).toBe(1)
})

test('an adapter that is given garbage, too much at once, or what is no bytes, drops it', async () => {
  const server = await open(echo)
  const relay = new TunnelRelay(await udp())
  onClose(() => relay.close())
  const tunnel = new TunnelAdapter(relay.address, server.address.port)
  let give = (_: Uint8Array) => {}
  const adapter: DatagramAdapter = {
    start(received) {
      give = received
      tunnel.start(received)
    },
    send: packet => tunnel.send(packet),
    close: () => tunnel.close(),
  }
  const got = new Collector()
  const connection = await dial(await open(), server.address, { received: got.received }, { adapter })
  for (let length = 0; length < 1_500; length += 7) give(systemEntropy.bytes(length))
  // Packets of other connections: a first packet, a handshake, a Retry, a short one.
  for (const first of [0xc0, 0xe0, 0xf0, 0x40]) {
    const head = Buffer.from([first, 0, 0, 0, 1, 16, ...systemEntropy.bytes(16), 0, 0, 0x44, 0x9e])
    give(Buffer.concat([head, systemEntropy.bytes(1_200 - head.length)]))
  }
  give(new Uint8Array(100_000))
  give('text' as unknown as Uint8Array)
  give(undefined as unknown as Uint8Array)
  connection.write(0, Buffer.from('still'))
  expect((await got.reach(5)).toString()).toBe('still')
})

test('an endpoint that is closed, and a name that is no address, close the adapter that they were given', async () => {
  const client = await open()
  let closes = 0
  const adapter = { ...idle, close: () => void closes++ }
  const closed = () =>
    new Promise<Error>(resolve => {
      client.dial({ host: 'example.org', port: 1 }, { ...nobody, closed: resolve }, { adapter })
    })
  expect(await closed()).toMatchObject({ code: 'E_CHANNEL_CLOSED' })
  await client.close('over')
  expect(await closed()).toMatchObject({ code: 'E_CHANNEL_CLOSED' })
  expect(closes).toBe(2)
})
