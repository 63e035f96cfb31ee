import { X509Certificate } from 'node:crypto'
import { type Disk, hasCode, silentLog, systemClock, systemEntropy } from '@barrel-actors/runtime'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { type Certificate, loadOrCreateCertificate } from '../identity/certificate.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import { Endpoint, type EndpointOptions } from './endpoint.ts'

let certificate: Certificate
const opened: Endpoint[] = []

beforeAll(async () => {
  certificate = await loadOrCreateCertificate({} as Disk, systemEntropy, systemClock, undefined)
})

afterEach(async () => {
  for (const endpoint of opened.splice(0)) await endpoint.close('test over')
})

type Accept = (connection: QuicConnection) => Partial<ConnectionHandler>

const nobody: ConnectionHandler = { established() {}, received() {}, drained() {}, closed() {} }

async function open(accept: Accept = () => ({}), options: Partial<EndpointOptions> = {}): Promise<Endpoint> {
  const { certificatePem, privateKeyPem } = certificate
  const times = { idleTimeoutMs: 10_000, keepAliveMs: 3_000 }
  const seams = { clock: systemClock, entropy: systemEntropy, log: silentLog }
  const where = { host: '127.0.0.1', port: 0, alpn: 'test/1' }
  const endpoint = await Endpoint.open(
    { ...where, certificatePem, privateKeyPem, ...times, ...seams, ...options },
    connection => ({ ...nobody, ...accept(connection) }),
  )
  opened.push(endpoint)
  return endpoint
}

const echo: Accept = connection => ({
  received(id, bytes, fin) {
    connection.write(id, bytes)
    if (fin) connection.finish(id)
  },
})

/** Dials and resolves when established; `handler` may take over what it wants. */
function dial(from: Endpoint, to: Endpoint, handler: Partial<ConnectionHandler> = {}): Promise<QuicConnection> {
  return new Promise((resolve, reject) => {
    const connection = from.dial(to.address, {
      ...nobody,
      established: () => resolve(connection),
      closed: reject,
      ...handler,
    })
  })
}

/** Collects what comes on a stream until it is that long. */
function collector(): { received: ConnectionHandler['received']; length(total: number): Promise<Buffer> } {
  let bytes = Buffer.alloc(0)
  let wake = () => {}
  return {
    received(_, part) {
      bytes = Buffer.concat([bytes, part])
      wake()
    },
    async length(total) {
      while (bytes.length < total) await new Promise<void>(resolve => (wake = resolve))
      return bytes
    },
  }
}

test('bytes come back from the other end, and both ends know each other’s certificate', async () => {
  let accepted: QuicConnection | undefined
  const server = await open(connection => {
    accepted = connection
    return echo(connection)
  })
  const got = collector()
  const connection = await dial(await open(), server, { received: got.received })
  connection.write(0, Buffer.from('hello '))
  connection.write(0, Buffer.from('you'))
  expect((await got.length(9)).toString()).toBe('hello you')
  const der = new X509Certificate(certificate.certificatePem).raw
  expect(Buffer.from(connection.peerCertificate ?? [])).toEqual(der)
  expect(Buffer.from(accepted?.peerCertificate ?? [])).toEqual(der)
  expect([connection.dialed, accepted?.dialed]).toEqual([true, false])
  expect(connection.rttMs).toBeTypeOf('number')
})

test.each([['::1'], ['::']])('an endpoint on %s reaches and is reached', async host => {
  const server = await open(echo, { host })
  const got = collector()
  const target = { address: { host: '::1', port: server.address.port } } as Endpoint
  const connection = await dial(await open(undefined, { host }), target, { received: got.received })
  connection.write(0, Buffer.from('six'))
  expect((await got.length(3)).toString()).toBe('six')
})

test('an IPv4 peer reaches an endpoint on ::, and the other way round', async () => {
  const both = await open(echo, { host: '::' })
  const four = await open(echo)
  const target = { address: { host: '127.0.0.1', port: both.address.port } } as Endpoint
  await dial(four, target)
  await dial(both, four)
})

test.each([[1350], [1200], [undefined]])('megabytes on several streams arrive whole with packets of %s', async size => {
  const options = { packetBytesMax: size }
  const server = await open(echo, options)
  const got = new Map([0, 4, 8].map(id => [id, collector()]))
  const received: ConnectionHandler['received'] = (id, bytes, fin) => got.get(id)?.received(id, bytes, fin)
  let drained = 0
  const connection = await dial(await open(undefined, options), server, { received, drained: () => drained++ })
  const sent = Buffer.from(systemEntropy.bytes(2 ** 20))
  for (const id of got.keys()) connection.write(id, sent)
  // Some of it went out before this turn ends.
  expect(connection.queuedBytes).toBeGreaterThan(2 * 2 ** 20)
  expect(connection.queuedBytes).toBeLessThan(3 * 2 ** 20)
  for (const stream of got.values()) expect((await stream.length(sent.length)).equals(sent)).toBe(true)
  expect(connection.queuedBytes).toBe(0)
  expect(drained).toBeGreaterThan(0)
})

test('the end of a stream arrives once, after its bytes', async () => {
  const server = await open(echo)
  const ends: string[] = []
  const text = await new Promise<string>((resolve, reject) => {
    let all = ''
    void open().then(client =>
      dial(client, server, {
        closed: reject,
        received(_, bytes, fin) {
          all += Buffer.from(bytes).toString()
          if (fin) ends.push(all)
          if (fin) resolve(all)
        },
      }).then(connection => {
        connection.write(4, Buffer.from('all of it'))
        connection.finish(4)
      }),
    )
  })
  expect([text, ends]).toEqual(['all of it', ['all of it']])
})

test('a paused stream holds back its peer, and what it sent is there after resume', async () => {
  let accepted: QuicConnection | undefined
  const got = collector()
  const server = await open(connection => {
    accepted = connection
    connection.pause(4)
    return { received: (id, bytes, fin) => (id === 4 ? got.received(id, bytes, fin) : connection.write(id, bytes)) }
  })
  const other = collector()
  const connection = await dial(await open(), server, { received: other.received })
  connection.write(4, Buffer.alloc(3 * 2 ** 20, 1))
  connection.prioritize(0, 0)
  connection.write(0, Buffer.from('still here'))
  await other.length(10)
  expect(connection.queuedBytesOf(4)).toBeGreaterThan(0)
  accepted?.resume(4)
  expect((await got.length(3 * 2 ** 20)).length).toBe(3 * 2 ** 20)
})

test('an abandoned stream is told to the peer, and the connection goes on', async () => {
  const abandoned: number[] = []
  const server = await open(connection => ({ ...echo(connection), abandoned: id => void abandoned.push(id) }))
  const got = collector()
  const connection = await dial(await open(), server, { received: got.received })
  connection.write(4, Buffer.from('12'))
  await got.length(2)
  connection.abandon(4)
  connection.write(0, Buffer.from('345'))
  await got.length(5)
  expect(abandoned).toEqual([4])
})

test('the peer learns the reason of a close, after all that was written before it', async () => {
  const events: unknown[] = []
  const closed = new Promise<void>(resolve => {
    void open(() => ({
      received: (_, bytes) => void events.push(Buffer.from(bytes).toString()),
      closed: cause => {
        events.push(hasCode(cause, 'E_CHANNEL_CLOSED') ? cause.fields['reason'] : cause)
        resolve()
      },
    })).then(async server => {
      const connection = await dial(await open(), server, { closed() {} })
      connection.write(0, Buffer.from('last words'))
      connection.close(7, 'enough')
      connection.write(0, Buffer.from('too late'))
    })
  })
  await closed
  expect(events).toEqual(['last words', 'enough'])
})

test('closing tells one’s own handler once, later, and nothing after it', async () => {
  const server = await open(echo)
  const events: unknown[] = []
  let toldAt = 'never'
  let where = 'before'
  await new Promise<void>(resolve => {
    void open().then(async client => {
      const connection = await dial(client, server, {
        received: () => void events.push('received'),
        closed: () => {
          toldAt = where
          events.push('closed')
          resolve()
        },
      })
      connection.write(0, Buffer.from('an echo comes'))
      where = 'inside close'
      connection.close(0, 'bye')
      where = 'after close'
      connection.close(0, 'again')
    })
  })
  expect([events, toldAt]).toEqual([['closed'], 'after close'])
})

test('closing an endpoint closes its connections at both ends', async () => {
  const causes: string[] = []
  let peerClosed = () => {}
  const told = new Promise<void>(resolve => (peerClosed = resolve))
  const server = await open(() => ({
    closed: cause => {
      causes.push(cause.message)
      peerClosed()
    },
  }))
  const client = await open()
  await dial(client, server, { closed: cause => void causes.push(cause.message) })
  await client.close('moving house')
  await told
  expect(causes).toHaveLength(2)
  for (const cause of causes) expect(cause).toContain('moving house')
  expect(client.connectionsCount).toBe(0)
  const late = await dial(client, server).catch((cause: Error) => cause)
  expect(late).toMatchObject({ code: 'E_CHANNEL_CLOSED' })
})

test('a handler that throws loses its connection and nothing else', async () => {
  const server = await open(connection => ({
    received(id, bytes) {
      if (bytes[0] === 0) throw new Error('a bug above')
      connection.write(id, bytes)
    },
  }))
  const client = await open()
  const got = collector()
  const good = await dial(client, server, { received: got.received })
  await new Promise<void>(resolve => {
    void dial(client, server, { closed: () => resolve() }).then(bad => bad.write(0, Uint8Array.of(0)))
  })
  good.write(0, Uint8Array.of(1))
  await got.length(1)
})

test('a dial that the caller gives up ends at once', async () => {
  const silent = await open()
  const { port } = silent.address
  await silent.close('nobody listens now')
  const client = await open()
  const cause = await new Promise<Error>(resolve => {
    client.dial({ host: '127.0.0.1', port }, { ...nobody, closed: resolve }).close(0, 'no answer')
  })
  expect(cause).toMatchObject({ code: 'E_CHANNEL_CLOSED', fields: { reason: 'no answer' } })
  expect(client.connectionsCount).toBe(0)
})

test('an address the socket cannot reach is a failed dial', async () => {
  const client = await open()
  for (const host of ['::1', 'example.org']) {
    const cause = await dial(client, { address: { host, port: 1 } } as Endpoint).catch((error: Error) => error)
    expect(cause).toMatchObject({ code: 'E_CHANNEL_CLOSED' })
  }
})

test('another protocol name is refused', async () => {
  const server = await open()
  const client = await open(undefined, { alpn: 'other/1' })
  await expect(dial(client, server)).rejects.toMatchObject({ code: 'E_CHANNEL_CLOSED' })
})

test('a peer that shows more than one certificate is refused by either side', async () => {
  const { certificatePem } = certificate
  const chain = { certificatePem: certificatePem + certificatePem }
  let accepted = 0
  const accept: Accept = () => {
    accepted++
    return {}
  }
  await expect(dial(await open(), await open(undefined, chain))).rejects.toMatchObject({ code: 'E_CHANNEL_CLOSED' })
  const server = await open(accept)
  const client = await open(undefined, chain)
  const refused = await new Promise<Error>(closed => void dial(client, server, { closed }))
  expect([refused, accepted]).toMatchObject([{ code: 'E_CHANNEL_CLOSED' }, 0])
})

test('a port in use, and a host that is no address, are errors with a code', async () => {
  const { port } = (await open()).address
  await expect(open(undefined, { port })).rejects.toMatchObject({ code: 'E_PORT_IN_USE', fields: { port } })
  await expect(open(undefined, { host: 'localhost' })).rejects.toMatchObject({ code: 'E_BIND_FAILED' })
  await expect(open(undefined, { host: '203.0.113.1' })).rejects.toMatchObject({ code: 'E_BIND_FAILED' })
})

test('nothing is left of two hundred connections', async () => {
  const server = await open(echo)
  const client = await open()
  const ends = async (): Promise<void> => {
    const got = collector()
    const connection = await dial(client, server, { received: got.received, closed() {} })
    connection.write(0, Buffer.from('x'))
    await got.length(1)
    connection.close(0, 'done')
  }
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 10 }, ends))
  await expect.poll(() => [client.connectionsCount, server.connectionsCount], { timeout: 10_000 }).toEqual([0, 0])
  expect(server.handshakesCount).toBe(0)
}, 30_000)
