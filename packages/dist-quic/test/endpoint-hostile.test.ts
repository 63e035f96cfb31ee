/**
 * What strangers and bad peers do to an endpoint over real sockets. Each test says what was answered, that tables and
 * memory stayed bounded, and that an honest peer was served meanwhile.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemEntropy } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import type { QuicConnection } from '../src/quic/contract.ts'
import type { Endpoint } from '../src/quic/endpoint.ts'
import { limits } from '../src/quic/limits.ts'
import { Collector, closeAll, dial, echo, onClose, open, turns, udp } from './endpoints.ts'
import { clientSecret, forgedPacket, newConnectionId } from './forged-packet.ts'
import { RawClient } from './raw-client.ts'

afterEach(closeAll)

const MiB = 1024 * 1024

/** An honest peer that has a message echoed again and again; `done` says how many, and the slowest of them. */
async function honest(server: Endpoint): Promise<{ connection: QuicConnection; done(): Promise<[number, number]> }> {
  const got = new Collector()
  const connection = await dial(await open(), server.address, { received: got.received, closed() {} })
  let over = false
  let slowestMs = 0
  let count = 0
  const running = (async () => {
    while (!over) {
      const sentAt = performance.now()
      connection.write(0, Buffer.from('x'))
      await got.reach(++count)
      slowestMs = Math.max(slowestMs, performance.now() - sentAt)
      await turns(5)
    }
  })()
  onClose(() => (over = true))
  return {
    connection,
    async done() {
      over = true
      await running
      return [count, slowestMs]
    },
  }
}

setFlagsFromString('--expose-gc')
/** Memory of native connections that an attacker has given up is freed by nothing else, and it shares this process. */
const collectGarbage: () => void = runInNewContext('gc')

/** Runs the attack in small parts, so that both ends get their turns, and says by how much memory grew. */
async function attack(parts: number, part: (index: number) => void): Promise<number> {
  const before = process.memoryUsage().rss
  let most = before
  for (let index = 0; index < parts; index++) {
    part(index)
    await new Promise<void>(resolve => setImmediate(resolve))
    if (index % 16 === 0) most = Math.max(most, process.memoryUsage().rss)
  }
  return most - before
}

/** A client's first packet, without a token unless one is given. */
function initial(id: Uint8Array, token: Uint8Array = new Uint8Array()): Buffer {
  const head = [Uint8Array.of(0xc0, 0, 0, 0, 1, id.length), id, Uint8Array.of(0)]
  const bytes = Buffer.concat([...head, Uint8Array.of(token.length), token, Uint8Array.of(0x44, 0x00)])
  return Buffer.concat([bytes, Buffer.alloc(limits.initialBytesMin - bytes.length)])
}

test('a hundred thousand garbage datagrams get no answer and leave nothing behind', async () => {
  const server = await open(echo)
  const peer = await honest(server)
  const stranger = await udp()
  let answers = 0
  stranger.on('message', () => answers++)
  const garbage = Array.from({ length: 500 }, (_, index) => {
    const bytes = Buffer.from(systemEntropy.bytes(1 + ((index * 37) % 1_400)))
    // Long heads of version 1 that are no Initial, short heads, and whatever comes.
    if (index % 3 === 0) bytes[0] = 0x40
    if (index % 3 === 1) bytes.set([0xe0, 0, 0, 0, 1].slice(0, bytes.length))
    if (index % 3 === 2) bytes[0] = (bytes[0] as number) & 0x7f
    return bytes
  })
  const { port, host } = server.address
  const grown = await attack(1_000, part => {
    for (let index = 0; index < 100; index++) {
      stranger.send(garbage[(part * 100 + index) % garbage.length] as Buffer, port, host)
    }
  })
  const [count, slowestMs] = await peer.done()
  expect(answers).toBe(0)
  expect([server.connectionsCount, server.handshakesCount]).toEqual([1, 0])
  expect(grown).toBeLessThan(64 * MiB)
  // Attacker, server and peer share one thread here.
  expect(count).toBeGreaterThan(0)
  expect(slowestMs).toBeLessThan(3_000)
})

test('ten thousand first packets without a token get a Retry each: no connection, and fewer bytes out than in', async () => {
  const server = await open(echo)
  const peer = await honest(server)
  const stranger = await udp()
  let answered = 0
  let answers = 0
  stranger.on('message', packet => {
    answered += packet.length
    answers++
    expect((packet[0] as number) & 0xf0).toBe(0xf0)
  })
  let sent = 0
  let most = 0
  const grown = await attack(500, () => {
    for (let index = 0; index < 20; index++) {
      const packet = initial(systemEntropy.bytes(8 + (index % 12)))
      sent += packet.length
      stranger.send(packet, server.address.port, server.address.host)
    }
    most = Math.max(most, server.connectionsCount)
  })
  await peer.done()
  expect(most).toBe(1)
  expect(server.handshakesCount).toBe(0)
  expect(answers).toBeGreaterThan(1_000)
  expect(answered).toBeLessThan(sent / 2)
  expect(grown).toBeLessThan(64 * MiB)
})

test('one good Retry token, sent ten thousand times, opens one handshake', async () => {
  const server = await open(echo)
  const peer = await honest(server)
  const socket = await udp()
  const client = new RawClient(socket, server.address)
  const retried = new Promise<void>(resolve =>
    socket.once('message', packet => {
      client.take(packet)
      client.flush(true)
      resolve()
    }),
  )
  client.flush()
  await retried
  const [withToken] = client.sent as [Buffer]
  let most = 0
  let mostIds = 0
  const grown = await attack(500, () => {
    for (let index = 0; index < 20; index++) socket.send(withToken, server.address.port, server.address.host)
    most = Math.max(most, server.handshakesCount)
    mostIds = Math.max(mostIds, server.connectionIdsCount)
  })
  expect(most).toBe(1)
  expect(mostIds).toBeLessThanOrEqual(1 + 1 + limits.connectionIdsSpare)
  expect(grown).toBeLessThan(64 * MiB)
  // From another port of the same host the token is worth nothing.
  const other = await udp()
  let answers = 0
  other.on('message', () => answers++)
  for (let times = 0; times < 100; times++) other.send(withToken, server.address.port, server.address.host)
  await turns(100)
  expect([answers, server.handshakesCount]).toEqual([0, 1])
  const [count] = await peer.done()
  expect(count).toBeGreaterThan(5)
})

test('ten thousand half-open handshakes take no more places than the caps, and honest peers still get in', async () => {
  const server = await open(echo, { handshakesPerAddressMax: 16, handshakeTimeoutMs: 1_000 })
  const peer = await honest(server)
  const hosts = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5']
  const sockets = await Promise.all(hosts.map(udp))
  // Each proves its address, starts TLS and says no more. A Retry fits one of those that wait on its socket.
  const waiting = sockets.map(() => [] as RawClient[])
  for (const [at, socket] of sockets.entries()) {
    const clients = waiting[at] as RawClient[]
    socket.on('message', packet => {
      if (((packet[0] as number) & 0xf0) !== 0xf0) return
      const fits = clients.findIndex(client => {
        client.take(Buffer.from(packet))
        return client.flush() > 0
      })
      if (fits >= 0) clients.splice(fits, 1)
    })
  }
  let most = 0
  let joined = 0
  const grown = await attack(1_000, index => {
    for (let times = 0; times < 10; times++) {
      const at = times % sockets.length
      const client = new RawClient(sockets[at] as (typeof sockets)[0], server.address)
      const clients = waiting[at] as RawClient[]
      if (clients.push(client) > 50) clients.shift()
      client.flush()
    }
    if (index % 20 === 0) collectGarbage()
    most = Math.max(most, server.handshakesCount)
    if (index % 100 === 50) void open().then(other => dial(other, server.address).then(() => joined++))
  })
  const [count, slowestMs] = await peer.done()
  expect(most).toBeGreaterThan(16)
  expect(most).toBeLessThanOrEqual(16 * 4 + 16)
  await expect.poll(() => joined, { timeout: 5_000 }).toBe(10)
  expect([count > 5, slowestMs < 5_000]).toEqual([true, true])
  expect(grown).toBeLessThan(96 * MiB)
  await expect.poll(() => server.handshakesCount, { timeout: 10_000 }).toBe(0)
  await expect.poll(() => server.connectionsCount, { timeout: 20_000 }).toBe(11)
}, 120_000)

test('silent handshakes without end, from the address of honest peers, keep none of those out', async () => {
  const server = await open(echo)
  const socket = await udp()
  // As many as there are places at once, then thirty a second.
  const waiting: RawClient[] = []
  socket.on('message', packet => {
    if (((packet[0] as number) & 0xf0) !== 0xf0) return
    const fits = waiting.findIndex(client => {
      client.take(Buffer.from(packet))
      return client.flush() > 0
    })
    if (fits >= 0) waiting.splice(fits, 1)
  })
  const begin = () => {
    const client = new RawClient(socket, server.address)
    if (waiting.push(client) > 50) waiting.shift()
    client.flush()
  }
  while (server.handshakesCount < limits.handshakesLoopbackMax) {
    begin()
    await turns(1)
  }
  const attacking = setInterval(begin, 33)
  onClose(() => clearInterval(attacking))
  await turns(500)
  const tookMs: number[] = []
  for (let peers = 0; peers < 6; peers++) {
    const startedAt = performance.now()
    await dial(await open(), server.address)
    tookMs.push(performance.now() - startedAt)
    expect(server.handshakesCount).toBeLessThanOrEqual(limits.handshakesLoopbackMax)
  }
  expect(Math.max(...tookMs)).toBeLessThan(2_000)
})

test('a handshake that drips on is cut at its deadline', async () => {
  const server = await open(echo, { handshakeTimeoutMs: 600 })
  const peer = await honest(server)
  const socket = await udp()
  const client = new RawClient(socket, server.address)
  let closes = 0
  socket.on('message', packet => {
    // It answers the Retry, then only says its first packet again: enough to be no silence.
    if (((packet[0] as number) & 0xf0) === 0xf0) client.take(packet)
    else closes++
    client.flush(true)
  })
  client.flush()
  await expect.poll(() => server.handshakesCount).toBe(1)
  const startedAt = performance.now()
  while (server.handshakesCount > 0 && performance.now() - startedAt < 10_000) {
    for (const packet of client.sent.slice(0, 1)) socket.send(packet, server.address.port, server.address.host)
    await turns(50)
  }
  const tookMs = performance.now() - startedAt
  expect(tookMs).toBeGreaterThan(300)
  expect(tookMs).toBeLessThan(3_000)
  expect(closes).toBeGreaterThan(0)
  await peer.done()
})

test('path challenges without end are answered for a while, then the connection is closed with a reason', async () => {
  const reasons: unknown[] = []
  const server = await open(connection => ({
    ...echo(connection),
    closed: cause => void reasons.push((cause as { fields?: Record<string, unknown> }).fields?.['reason']),
  }))
  const peer = await honest(server)
  const bad = new RawClient(await udp(), server.address)
  await bad.establish()
  let challenges = 0
  const grown = await attack(8_000, () => {
    for (let times = 0; times < 100 && !bad.native.isClosed() && !bad.native.isDraining(); times++) {
      bad.challenge()
      bad.flush()
      challenges++
    }
  })
  await expect.poll(() => reasons, { timeout: 5_000 }).toEqual(['it sent too much that carries nothing'])
  expect(challenges).toBeGreaterThan(500)
  expect(grown).toBeLessThan(64 * MiB)
  const [count] = await peer.done()
  expect(count).toBeGreaterThan(5)
}, 120_000)

test('a connection id of a peer that dialed is a protocol error, and the one who gives it is the one who is cut', async () => {
  const ends: unknown[] = []
  const server = await open(connection => ({ ...echo(connection), closed: cause => void ends.push(cause) }))
  const peer = await honest(server)
  const folder = mkdtempSync(join(tmpdir(), 'barrel-ids-'))
  onClose(() => rmSync(folder, { recursive: true }))
  const socket = await udp()
  const bad = new RawClient(socket, server.address, { keyLog: join(folder, 'keys') })
  await bad.establish()
  const given = newConnectionId(1, 1, systemEntropy.bytes(16), systemEntropy.bytes(16))
  const secret = clientSecret(join(folder, 'keys'))
  for (let number = 1_000; number < 2_000; number++) {
    const packet = forgedPacket(secret, bad.native.destinationId(), number, given)
    socket.send(packet, server.address.port, server.address.host)
  }
  await expect.poll(() => ends, { timeout: 5_000 }).toMatchObject([{ code: 'E_CHANNEL_CLOSED' }])
  const [count, slowestMs] = await peer.done()
  expect(count).toBeGreaterThan(0)
  expect(slowestMs).toBeLessThan(3_000)
})

test('a peer that retires ids in a loop comes to the end of them', async () => {
  let closed = false
  const server = await open(() => ({ closed: () => (closed = true) }))
  const peer = await honest(await open(echo))
  const bad = new RawClient(await udp(), server.address)
  await bad.establish()
  let retired = 0
  await attack(2_000, () => {
    for (let id = 0; id < 2 * limits.connectionIdsMax; id++) {
      try {
        bad.native.retireDestinationCid(id)
        retired++
      } catch {
        // It has no such id, or no other to go on with.
      }
    }
    bad.flush()
  })
  expect(retired).toBeGreaterThan(5)
  expect(retired).toBeLessThanOrEqual(limits.connectionIdsMax)
  expect(server.connectionIdsCount).toBeLessThanOrEqual(1 + limits.connectionIdsSpare)
  expect(closed).toBe(false)
  await peer.done()
})
