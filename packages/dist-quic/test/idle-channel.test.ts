// Idle channels over real QUIC and in real time.
import { setTimeout as realTime } from 'node:timers/promises'
import { GenServer, type Node, type Self, startNode } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { Quic, type QuicOptions, quic } from '../src/index.ts'

class Echo extends GenServer {
  override handleCall(request: unknown): unknown {
    return request
  }
}

const running: Node[] = []

async function pair(options: QuicOptions = { idleChannelMs: 300, idleSweepMs: 50 }): Promise<[Node, Node]> {
  for (const name of ['a@127.0.0.1', 'b@127.0.0.1']) {
    const carrier = quic({ listenPort: 0, address: '127.0.0.1', ...options })
    const node = await startNode({ name, extensions: [carrier] })
    node.register('echo', node.spawn(Echo))
    running.push(node)
  }
  const [a, b] = running as [Node, Node]
  a.addAddress(`${b.name}:${b.extension(Quic).address.port}`)
  b.addAddress(`${a.name}:${a.extension(Quic).address.port}`)
  return [a, b]
}

const echoOf = (node: Node) => ({ name: 'echo', node: node.name })

async function eventually(holds: () => boolean): Promise<void> {
  for (let passedMs = 0; !holds(); passedMs += 20) {
    if (passedMs > 10_000) throw new Error('10 seconds were not enough')
    await realTime(20)
  }
}

afterEach(async () => {
  for (const node of running.splice(0)) await node.stop()
})

test('a channel that nobody relies on is closed at both ends, and the next call opens it again', async () => {
  const [a, b] = await pair()
  a.subscribeNodes()
  expect(await a.call(echoOf(b), 1)).toBe(1)
  await eventually(() => a.nodes().length + b.nodes().length === 0)
  expect(await a.call(echoOf(b), 2)).toBe(2)
  const events = [await a.receive(), await a.receive(), await a.receive()]
  expect(events).toMatchObject([{ kind: 'nodeUp' }, { kind: 'nodeDown' }, { kind: 'nodeUp' }])
})

test('a channel with traffic, a link, a monitor, or a keeper on either side is not closed', async () => {
  const uses: ((a: Node, b: Node) => unknown)[] = [
    (a, b) => a.monitor(echoOf(b)),
    (a, b) => b.monitor(echoOf(a)),
    (a, b) => {
      const far = b.spawn((self: Self) => self.receive())
      a.spawn(async (self: Self) => {
        self.link(far)
        await self.receive()
      })
    },
    (a, b) => b.remotes.keep(a.name, {}),
  ]
  for (const use of uses) {
    const [a, b] = await pair()
    await a.connect(b.name)
    await eventually(() => b.nodes().length === 1)
    use(a, b)
    await realTime(900)
    expect([a.nodes(), b.nodes()]).toEqual([[b.name], [a.name]])
    for (const node of running.splice(0)) await node.stop()
  }
})

test('a busy channel is never closed, and whoever sends at the moment of the end loses nothing', async () => {
  const [a, b] = await pair({ idleChannelMs: 60, idleSweepMs: 10 })
  const seen: unknown[] = []
  b.spawn(async (self: Self) => {
    b.register('notes', self.pid as never)
    for await (const message of self) seen.push(message)
  })
  await a.connect(b.name)
  // Pauses about as long as the idle time: some messages meet an offer under way.
  let ends = 0
  for (let count = 0; count < 60; count++) {
    a.send({ name: 'notes', node: b.name }, count)
    const wasUp = a.nodes().length
    await realTime(50 + (count % 12) * 3)
    if (wasUp > a.nodes().length) ends++
  }
  await eventually(() => seen.length === 60)
  expect(seen).toEqual(Array.from({ length: 60 }, (_, count) => count))
  expect(ends).toBeGreaterThan(0)
})
