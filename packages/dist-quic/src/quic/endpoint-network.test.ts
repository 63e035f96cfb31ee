/** What an endpoint does when the network between misbehaves: a relay in the middle drops, changes and adds. */
import { createSocket, type Socket } from 'node:dgram'
import { type Disk, silentLog, systemClock, systemEntropy } from '@barrel-actors/runtime'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { type Certificate, loadOrCreateCertificate } from '../identity/certificate.ts'
import type { Address } from './address.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import { Endpoint, type EndpointOptions } from './endpoint.ts'

let certificate: Certificate
const closers: (() => unknown)[] = []
const nobody: ConnectionHandler = { established() {}, received() {}, drained() {}, closed() {} }

beforeAll(async () => {
  certificate = await loadOrCreateCertificate({} as Disk, systemEntropy, systemClock, undefined)
})

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function open(options: Partial<EndpointOptions> = {}): Promise<Endpoint> {
  const { certificatePem, privateKeyPem } = certificate
  const seams = { clock: systemClock, entropy: systemEntropy, log: silentLog }
  const where = { host: '127.0.0.1', port: 0, alpn: 'test/1', idleTimeoutMs: 10_000, keepAliveMs: 3_000 }
  const endpoint = await Endpoint.open(
    { ...where, certificatePem, privateKeyPem, ...seams, ...options },
    connection => ({ ...nobody, received: (id, bytes) => connection.write(id, bytes) }),
  )
  closers.push(() => endpoint.close('test over'))
  return endpoint
}

async function udp(): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  closers.push(() => socket.close())
  return socket
}

/** Passes packets between whoever sends to it and `target`, each as often and as changed as `pass` says. */
async function relay(target: Address, pass: (packet: Buffer, back: boolean) => Buffer[]): Promise<Address> {
  const front = await udp()
  const rear = await udp()
  let port = 0
  front.on('message', (packet, from) => {
    port = from.port
    for (const passed of pass(packet, false)) rear.send(passed, target.port, target.host)
  })
  rear.on('message', packet => {
    for (const passed of pass(packet, true)) front.send(passed, port, '127.0.0.1')
  })
  return { host: '127.0.0.1', port: front.address().port }
}

function established(client: Endpoint, to: Address, handler: Partial<ConnectionHandler> = {}): Promise<QuicConnection> {
  return new Promise((resolve, reject) => {
    const connection = client.dial(to, {
      ...nobody,
      established: () => resolve(connection),
      closed: reject,
      ...handler,
    })
  })
}

test('silence loses the channel at both ends', async () => {
  let silent = false
  const options = { idleTimeoutMs: 300, keepAliveMs: 100 }
  const server = await open(options)
  const via = await relay(server.address, packet => (silent ? [] : [packet]))
  const cause = await new Promise<Error>(resolve => {
    void open(options)
      .then(client => established(client, via, { closed: resolve }))
      .then(() => {
        silent = true
      })
  })
  expect(cause).toMatchObject({ code: 'E_CHANNEL_LOST', fields: { timeoutMs: 300 } })
  await expect.poll(() => server.connectionsCount, { timeout: 10_000 }).toBe(0)
})

test('pings keep an idle channel for longer than its idle time-out', async () => {
  const options = { idleTimeoutMs: 400, keepAliveMs: 100 }
  const server = await open(options)
  const startedAt = systemClock.now()
  let wake = () => {}
  const long = new Promise<void>(resolve => (wake = resolve))
  const via = await relay(server.address, packet => {
    if (systemClock.now() - startedAt > 1_200) wake()
    return [packet]
  })
  let lost = false
  await established(await open(options), via, { closed: () => (lost = true) })
  await long
  expect(lost).toBe(false)
})

test('bytes arrive whole and in order over a network that loses, doubles and changes packets', async () => {
  const server = await open()
  let count = 0
  const via = await relay(server.address, packet => {
    count++
    if (count % 17 === 0) return []
    if (count % 13 === 0) return [packet, packet]
    if (count % 11 !== 0) return [packet]
    const changed = Buffer.from(packet)
    changed[changed.length - 5] = (changed[changed.length - 5] as number) ^ 0xff
    return [changed, packet]
  })
  const sent = Buffer.from(systemEntropy.bytes(300_000))
  const got: Buffer[] = []
  let length = 0
  await new Promise<void>((resolve, reject) => {
    const received: ConnectionHandler['received'] = (_, bytes) => {
      got.push(Buffer.from(bytes))
      length += bytes.length
      if (length === sent.length) resolve()
    }
    void open().then(async client => {
      const connection = await established(client, via, { received, closed: reject })
      connection.write(0, sent)
    })
  })
  expect(Buffer.concat(got).equals(sent)).toBe(true)
}, 30_000)

test('strangers’ packets of every kind change nothing for a connection', async () => {
  const server = await open()
  const stranger = await udp()
  const seen: Buffer[] = []
  const via = await relay(server.address, (packet, back) => {
    if (!back) seen.push(Buffer.from(packet))
    return [packet]
  })
  let wake = () => {}
  const connection = await established(await open(), via, { received: () => wake() })
  const answered = () => new Promise<void>(resolve => (wake = resolve))
  for (let round = 0; round < 20; round++) {
    for (const packet of [...seen.slice(-8), Buffer.from(systemEntropy.bytes(1 + round * 70))]) {
      const changed = Buffer.from(packet)
      const at = (round * 7) % changed.length
      changed[at] = (changed[at] as number) ^ (1 << (round % 8))
      stranger.send(changed, server.address.port, server.address.host)
      stranger.send(changed.subarray(0, at), server.address.port, server.address.host)
    }
    const answer = answered()
    connection.write(0, Buffer.from('ping'))
    await answer
  }
  expect(server.connectionsCount).toBe(1)
})

test('clients that never finish take no more places than the cap, and a Retry comes before any', async () => {
  const server = await open({ handshakesMax: 3 })
  // Passes what clients send until they proved their address, and nothing of what the server answers after it.
  let retries = 0
  const via = () => relay(server.address, (packet, back) => (!back || isRetry(packet, () => retries++) ? [packet] : []))
  const client = await open()
  for (let dials = 0; dials < 6; dials++) client.dial(await via(), nobody)
  await expect.poll(() => [retries >= 6, server.handshakesCount]).toEqual([true, 3])
})

function isRetry(packet: Buffer, count: () => void): boolean {
  const retry = ((packet[0] as number) & 0xf0) === 0xf0
  if (retry) count()
  return retry
}
