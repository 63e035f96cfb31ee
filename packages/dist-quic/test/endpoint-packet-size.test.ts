/** Paths that let only small packets through, and say nothing of it. */
import { systemEntropy } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { Collector, closeAll, dial, echo, open, Relay } from './endpoints.ts'

afterEach(closeAll)

test.each([
  [1_400, undefined, 1_350],
  [1_250, undefined, 1_200],
  [1_250, 8_000, 1_200],
  [1_250, 1_350, 1_200],
])(
  'a path that drops what is longer than %d bytes, with packetBytesMax %s, is used with packets of %d',
  async (most, packetBytesMax, used) => {
    const options = { packetBytesMax, keepAliveMs: 300 }
    const server = await open(echo, options)
    let dropped = 0
    const relay = await Relay.open(server.address, packet => {
      if (packet.length <= most) return [packet]
      dropped++
      return []
    })
    const got = new Collector()
    const connection = await dial(await open(undefined, options), relay.address, { received: got.received })
    const sent = Buffer.from(systemEntropy.bytes(200_000))
    connection.write(0, sent)
    expect((await got.reach(sent.length)).equals(sent)).toBe(true)
    expect(connection.pathStats?.packetBytes).toBe(used)
    expect(dropped).toBeGreaterThan(0)
  },
  30_000,
)

test('a path that loses one packet in ten, whatever its size, keeps its packets large', async () => {
  const server = await open(echo)
  let count = 0
  const relay = await Relay.open(server.address, packet => (++count % 10 === 0 ? [] : [packet]))
  const got = new Collector()
  const connection = await dial(await open(), relay.address, { received: got.received })
  const sent = Buffer.from(systemEntropy.bytes(2 ** 21))
  connection.write(0, sent)
  expect((await got.reach(sent.length)).equals(sent)).toBe(true)
  expect(connection.pathStats?.packetBytes).toBe(16 * 1024)
}, 30_000)

test('the handshake gets through where only the smallest packets do', async () => {
  const server = await open(echo)
  const sizes = new Set<number>()
  let established = false
  const relay = await Relay.open(server.address, packet => {
    if (!established) sizes.add(packet.length)
    return packet.length <= 1_200 ? [packet] : []
  })
  await dial(await open(), relay.address)
  established = true
  expect(Math.max(...sizes)).toBe(1_200)
})

test('path figures follow what the path does', async () => {
  const server = await open(echo)
  let late = 0
  const relay = await Relay.open(server.address)
  relay.pass = packet => {
    late++
    return [packet]
  }
  const got = new Collector()
  // The library has a sample of it now and then.
  let deliveryRate = 0
  const connection = await dial(await open(), relay.address, {
    received: (...bytes) => {
      got.received(...bytes)
      deliveryRate = Math.max(deliveryRate, connection.pathStats?.deliveryRate ?? 0)
    },
  })
  connection.write(0, Buffer.alloc(2 ** 20))
  await got.reach(2 ** 20)
  const stats = connection.pathStats
  expect(stats).toMatchObject({ packetBytes: 16 * 1024 })
  expect(stats?.sentBytes).toBeGreaterThan(2 ** 20)
  expect(stats?.receivedBytes).toBeGreaterThan(2 ** 20)
  expect((stats?.sent ?? 0) + (stats?.received ?? 0)).toBeGreaterThan(late / 2)
  expect(stats?.congestionWindowBytes).toBeGreaterThan(16 * 1024)
  expect(deliveryRate).toBeGreaterThan(0)
  expect(stats?.lost).toBeLessThan(stats?.sent ?? 0)
  connection.close(0, 'done')
  expect(connection.pathStats).toBeUndefined()
})
