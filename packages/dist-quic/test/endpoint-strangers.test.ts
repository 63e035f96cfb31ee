/** What a connection allows until the layer above trusts its peer, which certificate it shows, and its stream limits. */
import { createHash, X509Certificate } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import type { QuicConnection } from '../src/quic/contract.ts'
import type { EndpointOptions } from '../src/quic/endpoint.ts'
import { limits } from '../src/quic/limits.ts'
import { type Accept, Collector, closeAll, dial, echo, makeCertificate, open, turns } from './endpoints.ts'
import { logLines } from './quic-nodes.ts'

afterEach(closeAll)

const untrusted = { bytesMax: limits.untrustedBytesMax, streamsMax: limits.untrustedStreamsMax }

/** A server that bounds strangers, with what its connections did. */
async function guarded(handle: Accept = echo, options: Partial<EndpointOptions> = {}) {
  const accepted: QuicConnection[] = []
  const reasons: unknown[] = []
  const server = await open(
    connection => {
      accepted.push(connection)
      const closed = (cause: Error) => {
        reasons.push((cause as { fields?: Record<string, unknown> }).fields?.['reason'])
      }
      return { ...handle(connection), closed }
    },
    { untrusted, ...options },
  )
  return { server, accepted, reasons }
}

test('a stranger is heard on the control stream; what it sends on others waits until it is trusted', async () => {
  const streams: number[] = []
  const { server, accepted, reasons } = await guarded(connection => ({
    received(id, bytes) {
      streams.push(id)
      connection.write(0, bytes)
    },
  }))
  const got = new Collector()
  const connection = await dial(await open(), server.address, { received: got.received })
  for (const id of [2, 4, 8, 6]) connection.write(id, Buffer.from('early'))
  await turns(50)
  connection.write(0, Buffer.from('hello'))
  await got.reach(5)
  expect(streams).toEqual([0])
  accepted[0]?.trusted()
  await got.reach(25)
  expect(streams.sort()).toEqual([0, 2, 4, 6, 8])
  expect(reasons).toEqual([])
})

test('a stranger that is done with TLS takes a place among the open handshakes, until it is trusted or gone', async () => {
  const { server, accepted } = await guarded(echo, { handshakesPerAddressMax: 2 })
  const client = await open()
  for (let count = 0; count < 2; count++) await dial(client, server.address, { closed() {} })
  await expect.poll(() => accepted.length).toBe(2)
  const third = dial(client, server.address)
  await turns(100)
  expect([server.handshakesCount, accepted.length]).toEqual([2, 2])
  accepted[0]?.trusted()
  accepted[0]?.trusted()
  await third
  await expect.poll(() => accepted.length).toBe(3)
  expect(server.handshakesCount).toBe(2)
  accepted[1]?.close(0, 'enough')
  accepted[1]?.trusted()
  accepted[0]?.close(0, 'enough')
  await turns(5)
  expect(server.handshakesCount).toBe(1)
})

test('an endpoint that has as many connections as it may accepts no more until one is gone, and still dials', async () => {
  const log = logLines()
  const server = await open(echo, { connectionsMax: 2, log })
  const client = await open()
  const first = await dial(client, server.address, { closed() {} })
  await dial(client, server.address)
  const third = dial(client, server.address)
  await expect.poll(() => log.of('quic.dropped')).toMatchObject([{ tooManyConnections: 1 }])
  first.close(0, 'enough')
  await expect.poll(() => server.connectionsCount, { timeout: 10_000 }).toBe(1)
  // Whoever comes first.
  await Promise.any([third, dial(client, server.address)])
  await dial(server, (await open()).address)
  // What an endpoint dials itself takes no place among the handshakes.
  expect([server.handshakesCount, client.handshakesCount, server.connectionsCount]).toEqual([0, 0, 3])
})

test('a stranger that sends more than it may is closed with a reason, and an honest peer is served', async () => {
  const { server, accepted, reasons } = await guarded()
  const got = new Collector()
  const good = await dial(await open(), server.address, { received: got.received })
  await expect.poll(() => accepted.length).toBe(1)
  accepted[0]?.trusted()
  const bad = await dial(await open(), server.address, { closed() {} })
  for (let times = 0; times < 100 && reasons.length === 0; times++) {
    bad.write(0, Buffer.alloc(8_000))
    await turns(2)
  }
  expect(reasons).toEqual(['it sent too much before it was authenticated'])
  good.write(0, Buffer.alloc(200_000))
  await got.reach(200_000)
})

test('a stranger that opens streams without end is closed with a reason', async () => {
  const { server, reasons } = await guarded()
  const bad = await dial(await open(), server.address, { closed() {} })
  for (let id = 4; id < 4 * 100; id += 4) bad.write(id, Buffer.from('x'))
  await expect
    .poll(() => reasons, { timeout: 5_000 })
    .toEqual(['it opened too many streams before it was authenticated'])
})

test('the end that dialed bounds its peer too', async () => {
  const server = await open(connection => ({ received: () => connection.write(0, Buffer.alloc(200_000)) }))
  const client = await open(undefined, { untrusted })
  let reason: unknown
  const connection = await dial(client, server.address, {
    closed: cause => (reason = (cause as { fields?: Record<string, unknown> }).fields?.['reason']),
  })
  connection.write(0, Buffer.from('more'))
  await expect.poll(() => reason, { timeout: 5_000 }).toBe('it sent too much before it was authenticated')
})

test('a certificate that is changed is shown by connections that begin later, dialed or accepted, and by no others', async () => {
  const accepted: QuicConnection[] = []
  const server = await open(connection => {
    accepted.push(connection)
    return echo(connection)
  })
  const client = await open()
  const got = new Collector()
  const first = await dial(client, server.address, { received: got.received })
  const renewed = await makeCertificate()
  const before = first.ownCertificateHash
  client.useCertificate(renewed)
  server.useCertificate(renewed)
  const second = await dial(client, server.address)
  await expect.poll(() => accepted.length).toBe(2)
  const hashOf = (der: Uint8Array | undefined) =>
    new Uint8Array(
      createHash('sha256')
        .update(der ?? '')
        .digest(),
    )
  const renewedHash = hashOf(new X509Certificate(renewed.certificatePem).raw)
  expect(second.ownCertificateHash).toEqual(renewedHash)
  expect(first.ownCertificateHash).toEqual(before)
  for (const [dialed, other] of [
    [first, accepted[0]],
    [second, accepted[1]],
  ] as const) {
    expect(hashOf(other?.peerCertificate)).toEqual(dialed.ownCertificateHash)
    expect(hashOf(dialed.peerCertificate)).toEqual(other?.ownCertificateHash)
  }
  first.write(0, Buffer.from('goes on'))
  await got.reach(7)
})

test('a certificate whose key is another’s, or that is none, is refused and nothing changes', async () => {
  const server = await open(echo)
  const [one, two] = [await makeCertificate(), await makeCertificate()]
  const bad = [
    { certificatePem: one.certificatePem, privateKeyPem: two.privateKeyPem },
    { certificatePem: 'none', privateKeyPem: one.privateKeyPem },
    { certificatePem: one.certificatePem, privateKeyPem: '' },
  ]
  const refused = expect.objectContaining({ code: 'E_CERTIFICATE_INVALID' })
  for (const certificate of bad) expect(() => server.useCertificate(certificate)).toThrow(refused)
  await expect(open(undefined, bad[0])).rejects.toMatchObject({ code: 'E_CERTIFICATE_INVALID' })
  await dial(await open(), server.address)
})

/** Unidirectional streams of the end that dialed, and of the other. */
const dialersUni = Array.from({ length: 16 }, (_, index) => 2 + 4 * index)
const acceptorsUni = Array.from({ length: 16 }, (_, index) => 3 + 4 * index)

test('sixteen streams of one direction carry megabytes each way at the same time', async () => {
  const there = new Map(dialersUni.map(id => [id, new Collector()]))
  const back = new Map(acceptorsUni.map(id => [id, new Collector()]))
  const part = Buffer.alloc(2 ** 18, 7)
  const server = await open(connection => ({
    established() {
      for (const id of acceptorsUni) connection.write(id, part)
    },
    received: (id, bytes, fin) => there.get(id)?.received(id, bytes, fin),
  }))
  const received: Parameters<typeof dial>[2] = { received: (id, bytes, fin) => back.get(id)?.received(id, bytes, fin) }
  const connection = await dial(await open(), server.address, received)
  for (const id of dialersUni) connection.write(id, part)
  for (const collector of [...there.values(), ...back.values()]) {
    expect((await collector.reach(part.length)).equals(part)).toBe(true)
  }
})

test('256 streams of both directions are open beside the control stream, and more wait for one to end', async () => {
  const ends = new Set<number>()
  const started = new Set<number>()
  let accepted: QuicConnection | undefined
  const server = await open(connection => {
    accepted = connection
    return {
      received(id, _, fin) {
        started.add(id)
        if (fin) ends.add(id)
      },
    }
  })
  const connection = await dial(await open(), server.address)
  for (let id = 0; id <= 4 * 257; id += 4) connection.write(id, Buffer.from('x'))
  await expect.poll(() => started.size, { timeout: 5_000 }).toBe(257)
  await turns(50)
  expect(started.size).toBe(257)
  connection.finish(4)
  await expect.poll(() => ends.has(4)).toBe(true)
  // Over only when both directions are.
  accepted?.finish(4)
  await expect.poll(() => started.size, { timeout: 5_000 }).toBe(258)
})

test('giving up a stream of one direction is safe at either end, and the others go on', async () => {
  const abandoned: string[] = []
  let accepted: QuicConnection | undefined
  const server = await open(connection => {
    accepted = connection
    return { ...echo(connection), abandoned: id => void abandoned.push(`server ${id}`) }
  })
  const got = new Collector()
  const connection = await dial(await open(), server.address, {
    received: got.received,
    abandoned: id => void abandoned.push(`client ${id}`),
  })
  connection.write(2, Buffer.from('one way'))
  connection.write(6, Buffer.from('one way'))
  connection.write(0, Buffer.from('1'))
  await got.reach(1)
  connection.abandon(2)
  accepted?.abandon(6)
  // Never opened, by us and by the peer.
  for (const id of [10, 3, 8, 1]) connection.abandon(id)
  connection.write(2, Buffer.from('dropped'))
  connection.write(6, Buffer.from('dropped'))
  // A stream that only the peer may send on.
  connection.write(3, Buffer.from('dropped'))
  connection.write(14, Buffer.from('goes on'))
  connection.write(0, Buffer.from('2'))
  await got.reach(2)
  await expect.poll(() => abandoned, { timeout: 5_000 }).toContain('server 2')
  // Whoever sends learns it from what is written.
  await expect
    .poll(() => {
      connection.write(6, Buffer.from('dropped'))
      return abandoned
    })
    .toContain('client 6')
  expect(connection.queuedBytes).toBe(0)
})

test('a peer that does not read costs no packets while it is waited for', async () => {
  let accepted: QuicConnection | undefined
  const got = new Collector()
  const server = await open(connection => {
    accepted = connection
    for (const id of dialersUni) connection.pause(id)
    return { received: got.received }
  })
  const connection = await dial(await open(), server.address)
  for (const id of dialersUni) connection.write(id, Buffer.alloc(2 ** 20))
  await turns(500)
  expect(connection.queuedBytes).toBeGreaterThan(0)
  const before = connection.pathStats?.sent ?? 0
  await turns(500)
  expect((connection.pathStats?.sent ?? 0) - before).toBeLessThan(20)
  for (const id of dialersUni) accepted?.resume(id)
  await got.reach(16 * 2 ** 20)
})

test('streams of one urgency share what there is, and a more urgent one goes before them', async () => {
  // Within the window of a stream: one that waits for it lets the others go on.
  const bytesEach = 2 ** 20
  const came = new Map<number, number>()
  /** What had come on each stream when the urgent one was whole, and when half of the others was there. */
  const marks: number[][] = []
  const total = () => [2, 6, 10].map(id => came.get(id) ?? 0)
  const server = await open(() => ({
    received(id, bytes) {
      came.set(id, (came.get(id) ?? 0) + bytes.length)
      const others = total().reduce((sum, length) => sum + length)
      if (marks.length === 0 && came.get(14) === bytesEach) marks.push(total())
      if (marks.length === 1 && others > 1.5 * bytesEach) marks.push(total())
    },
  }))
  const connection = await dial(await open(), server.address)
  connection.prioritize(14, 0)
  for (const id of [2, 6, 10, 14]) connection.write(id, Buffer.alloc(bytesEach))
  await expect.poll(() => marks.length, { timeout: 10_000 }).toBe(2)
  const [whenUrgentWasWhole, halfway] = marks as [number[], number[]]
  expect(Math.max(...whenUrgentWasWhole)).toBeLessThan(bytesEach / 4)
  expect(Math.min(...halfway)).toBeGreaterThan(Math.max(...halfway) / 4)
})
