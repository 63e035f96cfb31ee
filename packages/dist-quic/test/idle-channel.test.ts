// Idle channels over real QUIC and in real time.
import { setTimeout as realTime } from 'node:timers/promises'
import { type AnyPid, type Disk, GenServer, type Node, type Pid, type Self, startNode } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { Quic, type QuicOptions, quic } from '../src/index.ts'
import { type Gate, GatedAdapter, openGate } from './gated-adapter.ts'
import { memoryDisk } from './memory-disk.ts'

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
  expect([a, b].map(node => node.extension(Quic).counts.reaped)).toEqual([1, 1])
  expect(await a.call(echoOf(b), 2)).toBe(2)
  const events = [await a.receive(), await a.receive(), await a.receive()]
  expect(events).toMatchObject([{ kind: 'nodeUp' }, { kind: 'nodeDown' }, { kind: 'nodeUp' }])
})

test('a channel with traffic, a link, a monitor, a user stream or a keeper on either side is not closed', async () => {
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
    (a, b) => {
      const sink = b.spawn(async (self: Self) => {
        for await (const _ of self);
      })
      b.extension(Quic).streams.accept('stream', sink)
      return a.extension(Quic).streams.open(b.name, 'stream')
    },
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

/** A node with an `echo` process, its files on that disk. */
async function startOn(disk: Disk, name: string, idleChannelMs: number): Promise<Node> {
  const carrier = quic({ listenPort: 0, address: '127.0.0.1', idleChannelMs, idleSweepMs: 10 })
  const node = await startNode({ name, extensions: [carrier], disk, dataDir: '/data' })
  node.register('echo', node.spawn(Echo))
  running.push(node)
  return node
}

/** `a`, which reaches `b` through the gate and is the first to offer the end of the channel, to which `b` agrees. */
async function offering(gate: Gate, diskOfB = memoryDisk()): Promise<[Node, Node]> {
  const a = await startOn(memoryDisk(), 'a@127.0.0.1', 100)
  const b = await startOn(diskOfB, 'b@127.0.0.1', 400)
  gate.port = b.extension(Quic).address.port
  a.extension(Quic).setConnectOptions(b.name, { adapter: () => new GatedAdapter(gate) })
  a.subscribeNodes()
  return [a, b]
}

/** A process of `b` that waits for ever, as `a` knows it. */
async function processOf(b: Node, a: Node): Promise<AnyPid> {
  const pid = b.spawn(async (self: Self) => {
    for await (const _ of self);
  })
  return (await a.call(echoOf(b), pid)) as AnyPid
}

test('what is asked while both ends agree to end an idle channel is answered over the next one', async () => {
  const gate: Gate = { port: 0, isOpen: true, waiting: [] }
  const [a, b] = await offering(gate)
  const far = await processOf(b, a)
  gate.isOpen = false
  // By then `a` has offered the end, and `b` has not heard of it.
  await realTime(300)
  const call = a.call(echoOf(b), 2)
  const ref = a.monitor(far)
  const linked = a.spawn(async (self: Self) => {
    self.link(far)
    await self.receive()
  })
  openGate(gate)
  expect(await call).toBe(2)
  const events = [await a.receive(), await a.receive(), await a.receive()]
  expect(events).toMatchObject([{ kind: 'nodeUp' }, { kind: 'nodeDown' }, { kind: 'nodeUp' }])
  expect(a.processInfo(linked)).toBeDefined()
  a.exit(far, 'done')
  expect(await a.receive()).toMatchObject({ kind: 'down', ref, reason: 'done' })
  await eventually(() => a.processInfo(linked) === undefined)
})

test('what is sent to a process while its channel ends for being idle does not reach a later life of its node', async () => {
  const gate: Gate = { port: 0, isOpen: true, waiting: [] }
  const disk = memoryDisk()
  const [a, b] = await offering(gate, disk)
  const far = await processOf(b, a)
  gate.isOpen = false
  await realTime(300)
  a.send(far as Pid, 'to the first life')
  const second = await startOn(disk, b.name, 400)
  const seen: unknown[] = []
  const heir = second.spawn(async (self: Self) => {
    for await (const message of self) seen.push(message)
  })
  // What no other node was told of is reached by none.
  const third = await startOn(memoryDisk(), 'c@127.0.0.1', 400)
  second.addAddress(`${third.name}:${third.extension(Quic).address.port}`)
  await second.call(echoOf(third), heir)
  expect([heir.serial, heir.creation > far.creation]).toEqual([far.serial, true])
  gate.port = second.extension(Quic).address.port
  openGate(gate)
  expect(await a.call(echoOf(b), 2)).toBe(2)
  second.send(heir, 'the first')
  await eventually(() => seen.length > 0)
  expect(seen).toEqual(['the first'])
})
