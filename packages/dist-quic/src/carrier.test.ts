import { createSocket } from 'node:dgram'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AddressResolver,
  BarrelError,
  type Down,
  type Extension,
  extensionKey,
  GenServer,
  type Node,
  type NodeDown,
  type NodeOptions,
  type RefusedMessage,
  startNode,
} from '@barrel-actors/runtime'
import { afterEach, describe, expect, test } from 'vitest'
import { Quic, type QuicOptions, quic } from './index.ts'

class Echo extends GenServer {
  override handleCall(request: unknown): unknown {
    return request
  }
}

const running: Node[] = []

async function start(name: string, options: QuicOptions = {}, more: NodeOptions = {}): Promise<Node> {
  const carrier = quic({ listenPort: 0, address: '127.0.0.1', ...options })
  const node = await startNode({ name, extensions: [carrier], ...more })
  node.register('echo', node.spawn(Echo))
  running.push(node)
  return node
}

function addressOf(node: Node, name = node.name): string {
  return `${name}:${node.extension(Quic).address.port}`
}

/** What a connection attempt ends with: the code of the error, and the whole of it. */
async function failure(attempt: Promise<unknown>): Promise<BarrelError> {
  const error = await attempt.then(
    () => undefined,
    (problem: unknown) => problem,
  )
  expect(error).toBeInstanceOf(BarrelError)
  return error as BarrelError
}

afterEach(async () => {
  for (const node of running.splice(0)) await node.stop()
})

test('the first call opens the channel, and both sides list each other', async () => {
  const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1')]
  b.addAddress(addressOf(a))
  expect(await b.call({ name: 'echo', node: a.name }, 'hello')).toBe('hello')
  expect([a.nodes(), b.nodes()]).toEqual([[b.name], [a.name]])
  expect(await a.call({ name: 'echo', node: b.name }, 'back')).toBe('back')
})

test('a hidden node is in nobody’s list and can call all the same', async () => {
  const [a, tool] = [await start('a@127.0.0.1'), await start('tool@127.0.0.1', { hidden: true })]
  await tool.connect(addressOf(a))
  expect([a.nodes(), tool.nodes()]).toEqual([[], [a.name]])
  expect(await tool.call({ name: 'echo', node: a.name }, 1)).toBe(1)
})

test('nodes that dial each other at the same moment share one channel and lose nothing', async () => {
  for (let round = 0; round < 10; round++) {
    const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1')]
    a.addAddress(addressOf(b))
    b.addAddress(addressOf(a))
    const numbers = Array.from({ length: 20 }, (_, index) => index)
    const calls = [
      ...numbers.map(number => a.call({ name: 'echo', node: b.name }, number)),
      ...numbers.map(number => b.call({ name: 'echo', node: a.name }, number)),
    ]
    expect(await Promise.all(calls)).toEqual([...numbers, ...numbers])
    expect([a.nodes(), b.nodes()]).toEqual([[b.name], [a.name]])
    await Promise.all([a.stop(), b.stop()])
  }
})

test('a stop is seen at once: monitors, links and calls end with noconnection', async () => {
  const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1')]
  b.addAddress(addressOf(a))
  await b.connect(a.name)
  const ref = b.monitor({ name: 'echo', node: a.name })
  await b.call({ name: 'echo', node: a.name }, 'the monitor stands')
  b.subscribeNodes()
  await a.stop()
  expect(await b.receive()).toMatchObject({ kind: 'down', ref } satisfies Partial<Down>)
  const { reason } = (await b.receive()) as NodeDown
  expect(reason).toContain(`The channel to ${a.name} was closed: the node stops.`)
})

test('the next send after a loss opens the channel again', async () => {
  const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1')]
  b.addAddress(addressOf(a))
  await b.connect(a.name)
  b.disconnect(a.name)
  expect(await b.call({ name: 'echo', node: a.name }, 'again')).toBe('again')
})

test('a later life of a node replaces the channel of the earlier one', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'barrel-life-'))
  const b = await start('b@127.0.0.1')
  const first = await start('a@127.0.0.1', {}, { dataDir, shareDataDir: true })
  await first.connect(addressOf(b))
  const ref = b.monitor({ name: 'echo', node: first.name })
  await b.call({ name: 'echo', node: first.name }, 'the monitor stands')
  const second = await start('a@127.0.0.1', {}, { dataDir, shareDataDir: true })
  expect(second.creation).toBeGreaterThan(first.creation)
  await second.connect(addressOf(b))
  expect(await b.receive()).toMatchObject({ kind: 'down', ref, reason: 'noconnection' })
  second.unregister('echo')
  const call = failure(b.call({ name: 'echo', node: first.name }, 'to the second life'))
  expect((await call).fields).toMatchObject({ exit: 'noproc' })
  await rm(dataDir, { recursive: true })
})

describe('a connection that cannot be made says why, with a code', () => {
  test('nobody answers', async () => {
    const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1', { dialTimeoutMs: 200 })]
    const address = addressOf(a)
    await a.stop()
    const error = await failure(b.connect(address))
    expect(error.code).toBe('E_NODE_UNREACHABLE')
    expect(error.message).toContain('200 ms')
  })

  test('the host does not resolve', async () => {
    const b = await start('b@127.0.0.1')
    expect((await failure(b.connect('a@no-such-host.invalid:9100'))).code).toBe('E_ADDRESS_UNRESOLVED')
  })

  test('another node answers', async () => {
    const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1')]
    const error = await failure(b.connect(addressOf(a, 'other@127.0.0.1')))
    expect(error.code).toBe('E_PEER_NAME_OTHER')
  })

  test('the peer shows another key than before', async () => {
    const b = await start('b@127.0.0.1')
    const before = await start('a@127.0.0.1')
    await b.connect(addressOf(before))
    await before.stop()
    const after = await start('a@127.0.0.1')
    const error = await failure(b.connect(addressOf(after)))
    expect(error.code).toBe('E_PEER_KEY_CHANGED')
    expect(error.fields).toMatchObject({ node: 'a@127.0.0.1', fingerprint: after.extension(Quic).fingerprint })
    expect(await failure(after.connect(addressOf(b)))).toMatchObject({ code: 'E_PEER_REFUSED' })
  })

  test('a strict node knows neither the one that dials nor the one that is dialed', async () => {
    const [open, strict] = [await start('a@127.0.0.1'), await start('b@127.0.0.1', { authTrustMode: 'strict' })]
    expect((await failure(strict.connect(addressOf(open)))).code).toBe('E_PEER_UNTRUSTED')
    expect((await failure(open.connect(addressOf(strict)))).code).toBe('E_PEER_REFUSED')
  })

  test('a node that dials its own address under another name', async () => {
    const a = await start('a@127.0.0.1')
    expect((await failure(a.connect(addressOf(a, 'other@127.0.0.1')))).code).toMatch(/^E_PEER_/)
  })
})

test('a call to a node that cannot be reached says so', async () => {
  const b = await start('b@127.0.0.1', { dialTimeoutMs: 200 })
  const a = await start('a@127.0.0.1')
  b.addAddress(addressOf(a))
  await a.stop()
  const error = await failure(b.call({ name: 'echo', node: 'a@127.0.0.1' }, 1))
  expect(error.code).toBe('E_NO_CONNECTION')
  expect(error.message).toContain('no answer')
})

test('a port in use is one coded error', async () => {
  const a = await start('a@127.0.0.1')
  const { port } = a.extension(Quic).address
  expect((await failure(start('b@127.0.0.1', { listenPort: port }))).code).toBe('E_PORT_IN_USE')
})

test('a send says when to stop, and a channel with too much waiting is closed', async () => {
  const b = await start('b@127.0.0.1', { queueBytesHigh: 10_000, queueBytesMax: 100_000 })
  const a = await start('a@127.0.0.1')
  b.addAddress(addressOf(a))
  const ref = b.monitor({ name: 'echo', node: a.name })
  const to = { name: 'echo', node: a.name }
  expect(b.send(to, 'small')).toBe(true)
  expect(b.send(to, new Uint8Array(20_000))).toBe(false)
  for (let more = 0; more < 5; more++) b.send(to, new Uint8Array(20_000))
  expect(await b.receive()).toMatchObject({ kind: 'down', ref, reason: 'noconnection' })
})

test('a message that would be another one when read again is read once, and arrives as it was read', async () => {
  const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1')]
  b.addAddress(addressOf(a))
  await b.connect(a.name)
  let reads = 0
  const changing = {
    get field() {
      if (reads++ > 0) throw new Error('read once only')
      return 1
    },
  }
  expect(await b.call({ name: 'echo', node: a.name }, changing)).toEqual({ field: 1 })
})

test.each([20, 20_000])(
  'a message of %i values past the bounds of a node is dropped, counted and answered, and others go on',
  async values => {
    const a = await start('a@127.0.0.1', {}, { messageBounds: { nodesMax: 10 } })
    const b = await start('b@127.0.0.1')
    b.addAddress(addressOf(a))
    const refused: RefusedMessage[] = []
    a.events.on('messageRefused', message => refused.push(message))
    const to = { name: 'echo', node: a.name }
    const costly = Array.from({ length: values }, (_, index) => `value ${index}`)
    await expect(b.call(to, costly)).rejects.toMatchObject({ code: 'E_CALL_EXIT' })
    b.send(to, costly)
    expect(await b.call(to, costly.slice(0, 5))).toEqual(costly.slice(0, 5))
    expect(refused.map(({ from, kind, count }) => [from, kind, count])).toEqual([
      [b.name, 'call', 1],
      [b.name, 'send', 2],
    ])
    expect(b.nodes()).toEqual([a.name])
    // What it may not take it may send, to nodes that have the default bounds.
    expect(await a.call({ name: 'echo', node: b.name }, costly.slice(0, 15)).catch(error => error.code)).toBe(
      'E_CALL_EXIT',
    )
  },
)

test('a large message arrives whole', async () => {
  const [a, b] = [await start('a@127.0.0.1'), await start('b@127.0.0.1')]
  b.addAddress(addressOf(a))
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251)
  const reply = (await b.call({ name: 'echo', node: a.name }, bytes)) as Uint8Array
  expect(Buffer.compare(reply, bytes)).toBe(0)
})

/** A node that takes the addresses of others from that resolver. */
function startResolving(resolve: AddressResolver['resolve'], options: QuicOptions = {}): Promise<Node> {
  const addresses: Extension<object> = {
    key: extensionKey('addresses'),
    install: async host => {
      host.addAddressResolver({ resolve })
      return { api: {} }
    },
  }
  const carrier = quic({ listenPort: 0, address: '127.0.0.1', ...options })
  return start('b@127.0.0.1', {}, { extensions: [carrier, addresses] })
}

describe('the addresses of a node', () => {
  test('are tried although one of its hosts is known nowhere', async () => {
    const a = await start('a@127.0.0.1')
    const { port } = a.extension(Quic).address
    const b = await startResolving(() => [{ host: 'no-such-host.invalid' }, { host: '127.0.0.1', port }])
    expect(await b.call({ name: 'echo', node: a.name }, 1)).toBe(1)
  })

  test('are tried one after the other, and no more than so many', async () => {
    const sockets = Array.from({ length: 10 }, () => createSocket('udp4'))
    const asked = new Set<number>()
    for (const [index, socket] of sockets.entries()) {
      socket.on('message', () => asked.add(index))
      await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
    }
    const endpoints = sockets.map(socket => ({ host: '127.0.0.1', port: socket.address().port }))
    const b = await startResolving(() => endpoints, { dialTimeoutMs: 30 })
    expect((await failure(b.connect('a@127.0.0.1'))).code).toBe('E_NODE_UNREACHABLE')
    expect([...asked].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    for (const socket of sockets) socket.close()
  })

  test('that never come fail the dial in time', async () => {
    const b = await startResolving(() => new Promise(() => {}), { dialTimeoutMs: 50 })
    expect((await failure(b.connect('a@127.0.0.1'))).code).toBe('E_ADDRESS_UNRESOLVED')
  })

  test('may be of IPv6', async () => {
    const a = await start('a@127.0.0.1', { address: '::1' })
    const { port } = a.extension(Quic).address
    const b = await startResolving(() => [{ host: '::1', port }], { address: '::', openToStrangers: true })
    expect(await b.call({ name: 'echo', node: a.name }, 1)).toBe(1)
    expect(await a.call({ name: 'echo', node: b.name }, 2)).toBe(2)
  })
})
