/** User streams over real QUIC connections, without the handshake of nodes. */
import { createHash } from 'node:crypto'
import { type Disk, type Node, silentLog, startNode, systemClock, systemEntropy } from '@barrel-actors/runtime'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { accepting, bytesOf, codeOf, readAll, type StreamNode } from '../../test/stream-nodes.ts'
import { type Certificate, loadOrCreateCertificate } from '../identity/certificate.ts'
import type { ConnectionHandler, QuicConnection } from '../quic/contract.ts'
import { Endpoint } from '../quic/endpoint.ts'
import { linkOf } from './connection-link.ts'
import type { StreamHandler } from './stream-link.ts'
import type { UserStream } from './user-stream.ts'
import { UserStreams } from './user-streams.ts'

const MiB = 1024 * 1024
let certificate: Certificate
const endpoints: Endpoint[] = []
const nodes: Node[] = []

beforeAll(async () => {
  certificate = await loadOrCreateCertificate({} as Disk, systemEntropy, systemClock, undefined)
})

afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) await endpoint.close('test over')
  for (const node of nodes.splice(0)) await node.stop()
})

/** The handler of a connection that carries nothing but user streams. */
function handlerOf(attach: () => StreamHandler): ConnectionHandler {
  let streams: StreamHandler | undefined
  return {
    established() {
      streams = attach()
    },
    received: (id, bytes, fin) => streams?.received(id, bytes, fin),
    drained: id => (id === undefined ? undefined : streams?.drained(id)),
    abandoned: id => streams?.abandoned(id, undefined),
    closed: cause => streams?.closed(cause),
  }
}

function open(accept: (connection: QuicConnection) => ConnectionHandler): Promise<Endpoint> {
  const { certificatePem, privateKeyPem } = certificate
  const seams = { clock: systemClock, entropy: systemEntropy, log: silentLog }
  const where = { host: '127.0.0.1', port: 0, alpn: 'test/1', idleTimeoutMs: 10_000, keepAliveMs: 3_000 }
  return Endpoint.open({ ...where, ...seams, certificatePem, privateKeyPem }, accept)
}

async function start(name: string): Promise<StreamNode> {
  const node = await startNode({ name })
  nodes.push(node)
  const connections: QuicConnection[] = []
  const endpoint = await open(connection => {
    connections.push(connection)
    return handlerOf(() => streams.attach('a@host', linkOf(connection)))
  })
  endpoints.push(endpoint)
  const streams: UserStreams = new UserStreams({ node, clock: node.clock, log: node.log, connect: dial })
  // Whoever was dialed has the connection already.
  let dialing: Promise<void> | undefined
  async function dial(other: string): Promise<string> {
    if (connections.length === 0) dialing = connect(other)
    await dialing
    return other
  }
  function connect(other: string): Promise<void> {
    const target = endpoints.find(({ address }) => address.port !== endpoint.address.port) as Endpoint
    return new Promise<void>(resolve => {
      const handler = handlerOf(() => {
        resolve()
        return streams.attach(other, linkOf(connection))
      })
      const connection = endpoint.dial(target.address, handler)
      connections.push(connection)
    })
  }
  return { node, streams }
}

test('an echo comes back whole, both ways round, and both ends are free of it', async () => {
  const [b, a] = [await start('b@host'), await start('a@host')]
  for (const from of [a, b]) {
    const [to, name] = from === a ? [b, 'b@host'] : [a, 'a@host']
    const { got } = accepting(to, 'echo', stream => stream.readable.pipeTo(stream.writable))
    const stream = await from.streams.open(name, 'echo')
    const content = bytesOf(3 * MiB)
    const [echoed] = await Promise.all([readAll(stream), stream.write(content).then(() => stream.end())])
    expect(Buffer.compare(echoed, content)).toBe(0)
    await Promise.all([stream.closed, got[0]?.closed])
  }
  expect([a, b].map(({ streams }) => streams.counts.streams)).toEqual([0, 0])
})

test('a single write of a hundred megabytes arrives whole over the network', async () => {
  const [b, a] = [await start('b@host'), await start('a@host')]
  accepting(b, 'hash', async stream => {
    const hash = createHash('sha256')
    for await (const chunk of stream) hash.update(chunk)
    await stream.write(hash.digest())
    await stream.end()
  })
  const content = new Uint8Array(100 * MiB)
  for (let at = 0, block = bytesOf(MiB); at < content.length; at += MiB) content.set(block, at)
  const stream = await a.streams.open('b@host', 'hash')
  await stream.write(content)
  await stream.end()
  expect((await readAll(stream)).equals(createHash('sha256').update(content).digest())).toBe(true)
})

test('a tag that nobody accepts, and a reset by either side, reach the other end', async () => {
  const [b, a] = [await start('b@host'), await start('a@host')]
  const unknown = await a.streams.open('b@host', 'unknown')
  expect(await codeOf(unknown.closed)).toMatch(/^E_STREAM_RE(FUSED|SET)$/)
  accepting(b, 'short', async stream => {
    await stream.readable.getReader().read()
    stream.reset(1)
  })
  const shortened = await a.streams.open('b@host', 'short')
  await shortened.write(bytesOf(10))
  expect(await codeOf(shortened.closed)).toBe('E_STREAM_RESET')
  const { got } = accepting(b, 'open')
  const left = await a.streams.open('b@host', 'open')
  // Its acceptor has it once an echo that was opened later is through.
  accepting(b, 'echo', stream => stream.readable.pipeTo(stream.writable))
  const echo = await a.streams.open('b@host', 'echo')
  await echo.end()
  await readAll(echo)
  left.reset()
  expect(await codeOf((got[0] as UserStream).closed)).toBe('E_STREAM_RESET')
  expect([a, b].map(({ streams }) => streams.counts.streams)).toEqual([0, 0])
})
