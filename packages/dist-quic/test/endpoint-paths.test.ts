/** A connection whose ends change their addresses, under traffic. */
import { systemEntropy } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import type { Address } from '../src/quic/address.ts'
import type { QuicConnection } from '../src/quic/contract.ts'
import { limits } from '../src/quic/limits.ts'
import { Collector, closeAll, dial, echo, open, Relay, turns, udp } from './endpoints.ts'

afterEach(closeAll)

const streams = [0, 2, 4]

/** Echoed messages, numbered, on several streams; one at a time on each. Resolves when all came back in order. */
async function traffic(connection: QuicConnection, collector: Collector, stop: () => boolean): Promise<number> {
  let sent = 0
  while (!stop()) {
    const bytes = Buffer.alloc(1_000)
    bytes.writeUInt32BE(sent++)
    connection.write(0, bytes)
    await collector.reach(sent * 1_000)
  }
  const all = await collector.reach(sent * 1_000)
  for (let message = 0; message < sent; message++) expect(all.readUInt32BE(message * 1_000)).toBe(message)
  expect(all.length).toBe(sent * 1_000)
  return sent
}

test('a peer whose NAT gives it another port in mid-traffic loses nothing, and nobody hears of it', async () => {
  const events: string[] = []
  let accepted: QuicConnection | undefined
  const server = await open(connection => {
    accepted = connection
    return { ...echo(connection), closed: cause => void events.push(cause.message) }
  })
  const relay = await Relay.open(server.address)
  const got = new Collector()
  const connection = await dial(await open(), relay.address, {
    received: got.received,
    closed: cause => void events.push(cause.message),
  })
  let over = false
  const sending = traffic(connection, got, () => over)
  const ports = new Set<number>()
  for (let times = 0; times < 5; times++) {
    await turns(40)
    const port = await relay.rebind()
    await expect.poll(() => accepted?.remote.port, { timeout: 5_000 }).toBe(port)
    ports.add(port)
  }
  over = true
  expect(await sending).toBeGreaterThan(10)
  expect([events, ports.size]).toEqual([[], 5])
  expect(server.connectionsCount).toBe(1)
})

test('bulk goes on when the port of the peer changes', async () => {
  const got = new Collector()
  const server = await open(() => ({ received: got.received }))
  const relay = await Relay.open(server.address)
  const connection = await dial(await open(), relay.address)
  const sent = Buffer.from(systemEntropy.bytes(16 * 2 ** 20))
  connection.write(2, sent)
  await got.reach(2 ** 20)
  await relay.rebind()
  await got.reach(8 * 2 ** 20)
  await relay.rebind()
  expect((await got.reach(sent.length)).equals(sent)).toBe(true)
})

test('a dialed connection moves under traffic: a new local port, every byte in order, no end, old sockets closed', async () => {
  const events: string[] = []
  const seen = new Set<number>()
  const back = new Map(streams.map(id => [id, new Collector()]))
  const server = await open(connection => ({
    received(id, bytes) {
      seen.add(connection.remote.port)
      // The way back of a stream that only goes one way is another one.
      connection.write(id === 2 ? 3 : id, bytes)
    },
    closed: cause => void events.push(cause.message),
  }))
  const client = await open()
  const connection = await dial(client, server.address, {
    received: (id, bytes, fin) => back.get(id === 3 ? 2 : id)?.received(id, bytes, fin),
    closed: cause => void events.push(cause.message),
  })
  const sent = Buffer.from(systemEntropy.bytes(8 * 2 ** 20))
  for (const id of streams) connection.write(id, sent)
  const addresses: Address[] = []
  for (let times = 1; times <= 3; times++) {
    await back.get(0)?.reach(times * 2 ** 20)
    addresses.push(await connection.migrate(5_000))
  }
  for (const collector of back.values()) expect((await collector.reach(sent.length)).equals(sent)).toBe(true)
  expect(new Set([client.address.port, ...addresses.map(({ port }) => port)]).size).toBe(4)
  connection.write(0, Buffer.from('!'))
  await back.get(0)?.reach(sent.length + 1)
  expect([...seen]).toContain(addresses[2]?.port)
  expect([...seen].at(-1)).toBe(addresses[2]?.port)
  expect(events).toEqual([])
  // The port that was left last but one is free again.
  await expect.poll(async () => await isFree(addresses[0] as Address), { timeout: 10_000, interval: 200 }).toBe(true)
})

async function isFree({ port }: Address): Promise<boolean> {
  const probe = await open(undefined, { port }).catch(() => undefined)
  await probe?.close('only asked')
  return probe !== undefined
}

test('endpoints on IPv6 move too', async () => {
  const server = await open(echo, { host: '::1' })
  const client = await open(undefined, { host: '::1' })
  const got = new Collector()
  const connection = await dial(client, server.address, { received: got.received })
  const { port } = await connection.migrate(5_000)
  expect(port).not.toBe(client.address.port)
  connection.write(0, Buffer.from('six'))
  expect((await got.reach(3)).toString()).toBe('six')
})

test('two requests to move at the same time are one', async () => {
  const server = await open(echo)
  const connection = await dial(await open(), server.address)
  const [one, two] = await Promise.all([connection.migrate(5_000), connection.migrate(5_000)])
  expect(one).toBe(two)
})

test('the accepting end does not move, nor does an end whose peer does not allow it', async () => {
  let accepted: QuicConnection | undefined
  const accept = (connection: QuicConnection) => {
    accepted = connection
    return {}
  }
  const client = await open()
  await dial(client, (await open(accept)).address)
  await expect.poll(() => accepted !== undefined).toBe(true)
  await expect(accepted?.migrate(1_000)).rejects.toMatchObject({ code: 'E_MIGRATION_REFUSED' })
  const forbidden = await dial(client, (await open(accept, { migration: false })).address)
  await expect(forbidden.migrate(1_000)).rejects.toMatchObject({ code: 'E_MIGRATION_REFUSED' })
})

test('a move that nobody answers times out, the connection goes on over the old path, and a later one succeeds', async () => {
  const server = await open(echo)
  const relay = await Relay.open(server.address)
  let ports = new Set<number>()
  const client = await open()
  const got = new Collector()
  const connection = await dial(client, relay.address, { received: got.received })
  connection.write(0, Buffer.from('1'))
  await got.reach(1)
  // Nothing gets through any more, by whatever path.
  let cut = true
  relay.pass = (packet, back) => {
    if (!back) ports.add(packet.length)
    return cut ? [] : [packet]
  }
  const startedAt = performance.now()
  await expect(connection.migrate(300)).rejects.toMatchObject({
    code: 'E_MIGRATION_TIMEOUT',
    fields: { timeoutMs: 300 },
  })
  expect(performance.now() - startedAt).toBeLessThan(3_000)
  expect(ports.size).toBeGreaterThan(0)
  cut = false
  ports = new Set()
  connection.write(0, Buffer.from('still here'))
  await got.reach(11)
  await connection.migrate(5_000)
  connection.write(0, Buffer.from('and there'))
  await got.reach(20)
})

test('a connection that ends while it moves says so to both', async () => {
  const server = await open()
  const relay = await Relay.open(server.address)
  let ended = () => {}
  const closed = new Promise<void>(resolve => (ended = resolve))
  const connection = await dial(await open(), relay.address, { closed: () => ended() })
  relay.pass = () => []
  const moving = connection.migrate(60_000)
  await turns(20)
  connection.close(0, 'enough')
  await expect(moving).rejects.toMatchObject({ code: 'E_CHANNEL_CLOSED', fields: { reason: 'enough' } })
  await closed
  await expect(connection.migrate(1_000)).rejects.toMatchObject({ code: 'E_CHANNEL_CLOSED' })
})

test('an address that was not proved gets at most three times what came from it', async () => {
  let accepted: QuicConnection | undefined
  const server = await open(connection => {
    accepted = connection
    return {}
  })
  const victim = await udp()
  let toVictim = 0
  victim.on('message', packet => {
    toVictim += packet.length
  })
  let fromVictim = 0
  const relay = await Relay.open(server.address)
  const connection = await dial(await open(), relay.address)
  await turns(50)
  // The peer, or who sits on the path, sends one of its packets from the address of another.
  relay.pass = (packet, back) => {
    if (back) return [packet]
    if (fromVictim > 0) return []
    fromVictim += packet.length
    victim.send(packet, server.address.port, server.address.host)
    return []
  }
  connection.write(0, Buffer.alloc(300))
  await turns(50)
  accepted?.write(1, Buffer.alloc(4 * 2 ** 20))
  await turns(1_500)
  expect(fromVictim).toBeGreaterThan(0)
  expect(toVictim).toBeGreaterThan(0)
  expect(toVictim).toBeLessThanOrEqual(3 * fromVictim)
})

test('a peer that changes its address for ever is followed a bounded number of times, then closed with a reason', async () => {
  let accepted: QuicConnection | undefined
  let reason: unknown
  const server = await open(connection => {
    accepted = connection
    const closed = (cause: Error) => (reason = (cause as { fields?: Record<string, unknown> }).fields?.['reason'])
    return { ...echo(connection), closed }
  })
  const relay = await Relay.open(server.address)
  const connection = await dial(await open(), relay.address, { closed() {} })
  let moves = 0
  for (; reason === undefined && moves < 3 * limits.connectionIdsMax; moves++) {
    const port = await relay.rebind()
    connection.write(0, Buffer.from('x'))
    await expect.poll(() => accepted?.remote.port === port || reason !== undefined, { timeout: 5_000 }).toBe(true)
    expect(server.connectionIdsCount).toBeLessThanOrEqual(limits.connectionIdsMax)
  }
  expect(moves).toBeGreaterThan(limits.connectionIdsMax - 4)
  expect(moves).toBeLessThanOrEqual(limits.connectionIdsMax + 1)
  expect(reason).toBe('it changed its address too often')
  await expect.poll(() => server.connectionIdsCount, { timeout: 10_000 }).toBe(0)
})

test('a peer is followed to another address once it is trusted, and not before', async () => {
  let accepted: QuicConnection | undefined
  const got = new Collector()
  const untrusted = { bytesMax: limits.untrustedBytesMax, streamsMax: limits.untrustedStreamsMax }
  const accept = (connection: QuicConnection) => {
    accepted = connection
    return { received: got.received }
  }
  const server = await open(accept, { untrusted })
  const relay = await Relay.open(server.address)
  const connection = await dial(await open(), relay.address)
  connection.write(0, Buffer.from('1'))
  await got.reach(1)
  // The handshake is confirmed to the client, which has nothing of it to send again.
  await turns(100)
  const first = accepted?.remote.port
  const port = await relay.rebind()
  connection.write(0, Buffer.from('2'))
  await turns(300)
  expect([accepted?.remote.port, got.length]).toEqual([first, 1])
  accepted?.trusted()
  await expect.poll(() => accepted?.remote.port, { timeout: 5_000 }).toBe(port)
  await got.reach(2)
})

test('what comes to the port of a dialed connection from elsewhere than its peer is dropped', async () => {
  const server = await open(echo)
  const client = await open()
  const got = new Collector()
  const connection = await dial(client, server.address, { received: got.received })
  const { port } = await connection.migrate(5_000)
  const stranger = await udp()
  for (let length = 0; length < 300; length++) {
    stranger.send(systemEntropy.bytes(length), port, '127.0.0.1')
    stranger.send(systemEntropy.bytes(length), client.address.port, '127.0.0.1')
  }
  connection.write(0, Buffer.from('still here'))
  expect((await got.reach(10)).toString()).toBe('still here')
})

test('connections to one peer do not take each other’s datagrams, whoever dialed', async () => {
  const [one, other] = [await open(echo), await open(echo)]
  const collectors = Array.from({ length: 6 }, () => new Collector())
  const connections = await Promise.all(
    collectors.map(({ received }, at) =>
      dial(at % 2 === 0 ? one : other, (at % 2 === 0 ? other : one).address, { received }),
    ),
  )
  for (const [at, connection] of connections.entries()) connection.write(0, Buffer.from(`number ${at}`))
  for (const [at, collector] of collectors.entries()) {
    expect((await collector.reach(8)).toString()).toBe(`number ${at}`)
  }
})
