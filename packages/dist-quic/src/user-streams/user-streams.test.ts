import { GenServer } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { accepting, bytesOf, codeOf, readAll, StreamNetwork, type StreamNode } from '../../test/stream-nodes.ts'
import { quicError } from '../errors.ts'
import { encodePreamble } from './demux/preamble.ts'
import { limits } from './limits.ts'
import type { UserStream } from './user-stream.ts'
import type { IncomingStream } from './user-streams.ts'

const idle = async (self: { receive(): Promise<unknown> }) => {
  for (;;) await self.receive()
}
const coded = (code: string) => expect.objectContaining({ code })

async function pair(net: StreamNetwork) {
  const [a, b] = [await net.start('a@host'), await net.start('b@host')]
  return { a, b }
}

/** Opens a stream and gives both of its ends. */
async function opened(net: StreamNetwork, from: StreamNode, got: UserStream[], tag = 'file', owner = from.node.pid) {
  const before = got.length
  const stream = await net.sim.until(from.streams.open('b@host', tag, { owner: owner as never }))
  await net.sim.eventually(() => got.length > before)
  return [stream, got.at(-1) as UserStream] as const
}

test('the acceptor gets one message with the stream, its tag and the node that opened it', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const messages: IncomingStream[] = []
  class Store extends GenServer {
    override handleInfo(message: unknown): void {
      messages.push(message as IncomingStream)
    }
  }
  b.streams.accept('file', b.node.spawn(Store))
  await net.sim.until(a.streams.open('b@host', 'file'))
  await net.sim.eventually(() => messages.length > 0)
  const [stream] = b.streams.list()
  expect(messages).toEqual([{ kind: 'stream', stream, tag: 'file', from: 'a@host' }])
  expect(stream?.owner).toBe(b.streams.acceptors()[0]?.pid)
})

test('one process accepts a tag: again is fine, another one has to wait until it is free', async () => {
  await using net = new StreamNetwork()
  const { streams, node } = await net.start('b@host')
  const [one, other] = [node.spawn(idle), node.spawn(idle)]
  streams.accept('file', one)
  streams.accept('file', one)
  expect(() => streams.accept('file', other)).toThrow(coded('E_TAG_TAKEN'))
  expect(streams.acceptors()).toEqual([{ tag: 'file', pid: one }])
  expect([streams.unaccept('file'), streams.unaccept('file')]).toEqual([true, false])
  streams.accept('file', other)
  node.exit(other, 'kill')
  // Nobody has noticed yet.
  streams.accept('file', one)
  await net.sim.settle()
  expect(streams.acceptors()).toEqual([{ tag: 'file', pid: one }])
  expect(streams.counts).toMatchObject({ owners: 1, tags: 1 })
})

test('all tags of a process are free when it ends, and those of others are not', async () => {
  await using net = new StreamNetwork()
  const { streams, node } = await net.start('b@host')
  const [one, other] = [node.spawn(idle), node.spawn(idle)]
  for (const tag of ['first', 'second']) streams.accept(tag, one)
  streams.accept('third', other)
  node.exit(one, 'shutdown')
  await net.sim.settle()
  expect(streams.acceptors()).toEqual([{ tag: 'third', pid: other }])
  for (const tag of ['first', 'second']) streams.accept(tag, other)
  expect(streams.unaccept('first')).toBe(true)
  for (const tag of ['second', 'third']) streams.unaccept(tag)
  await net.sim.settle()
  expect(streams.counts).toMatchObject({ owners: 0, tags: 0 })
  expect(node.processInfo(other)?.watchersCount).toBe(0)
})

test('a tag is 1 to 255 bytes and not one of ours, and who accepts it lives on this node', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const pid = b.node.spawn(idle)
  for (const tag of ['', 'x'.repeat(256), 'é'.repeat(128), '\ud800', 7 as never, undefined as never]) {
    expect(() => b.streams.accept(tag, pid)).toThrow(coded('E_TAG_INVALID'))
    expect(await codeOf(a.streams.open('b@host', tag))).toBe('E_TAG_INVALID')
  }
  expect(() => b.streams.accept('barrel:log', pid)).toThrow(coded('E_TAG_RESERVED'))
  expect(await codeOf(a.streams.open('b@host', 'barrel:'))).toBe('E_TAG_RESERVED')
  expect(() => b.streams.accept('file', a.node.pid)).toThrow(coded('E_PID_NOT_LOCAL'))
  expect(() => b.streams.accept('file', 'store' as never)).toThrow(coded('E_DESTINATION_INVALID'))
  b.node.exit(pid, 'kill')
  expect(() => b.streams.accept('file', pid)).toThrow(coded('E_STREAM_OWNER_DEAD'))
  expect(await codeOf(b.streams.open('a@host', 'file', { owner: pid }))).toBe('E_STREAM_OWNER_DEAD')
  expect(b.streams.acceptors()).toEqual([])
})

test('a stream whose tag nobody accepts is refused, also once its acceptor has ended', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const refused = async () => {
    const stream = await net.sim.until(a.streams.open('b@host', 'file'))
    const error = await net.sim.until(stream.closed.catch(problem => problem))
    expect(error).toMatchObject({ code: 'E_STREAM_REFUSED', fields: { node: 'b@host', tag: 'file' } })
  }
  await refused()
  const { pid } = accepting(b, 'file')
  b.node.exit(pid, 'kill')
  await refused()
  await net.expectEmpty()
})

test('a stream to the node itself, or over a channel that went, is refused with a code', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  expect(await codeOf(a.streams.open('a@host', 'file'))).toBe('E_STREAM_NODE_OWN')
  const link = net.link(a, b)
  const opening = codeOf(a.streams.open('b@host', 'file'))
  link.cut(quicError('E_CHANNEL_LOST', { node: 'b@host' }))
  expect(await opening).toBe('E_STREAM_UNAVAILABLE')
  expect(a.streams.counts).toEqual({ peers: 0, streams: 0, parked: 0, owners: 0, tags: 0 })
})

test('an owner that ends while its stream is being opened gets none', async () => {
  await using net = new StreamNetwork()
  const { a } = await pair(net)
  const owner = a.node.spawn(idle)
  const opening = codeOf(a.streams.open('b@host', 'file', { owner }))
  a.node.exit(owner, 'kill')
  expect(await opening).toBe('E_STREAM_OWNER_DEAD')
  await net.expectEmpty()
})

test('the end of the process that opened a stream resets it', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const { got } = accepting(b, 'file')
  const owner = a.node.spawn(idle)
  const [stream, other] = await opened(net, a, got, 'file', owner)
  a.node.exit(owner, 'shutdown')
  expect(await net.sim.until(codeOf(stream.closed))).toBe('E_STREAM_OWNER_ENDED')
  expect(await net.sim.until(codeOf(other.closed))).toBe('E_STREAM_REFUSED')
  await net.expectEmpty()
})

test('the end of an acceptor resets its streams, those that it has not looked at too', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const { pid, got } = accepting(b, 'file', () => new Promise(() => {}))
  const streams = []
  for (let count = 0; count < 5; count++) streams.push(await net.sim.until(a.streams.open('b@host', 'file')))
  await net.sim.eventually(() => b.streams.list().length === 5)
  expect(got).toHaveLength(1)
  b.node.exit(pid, 'kill')
  const codes = await net.sim.until(Promise.all(streams.map(stream => codeOf(stream.closed))))
  expect(codes).toEqual(Array(5).fill('E_STREAM_REFUSED'))
  expect(await codeOf((got[0] as UserStream).closed)).toBe('E_STREAM_OWNER_ENDED')
  expect(b.streams.counts).toMatchObject({ owners: 0, tags: 0 })
  await net.expectEmpty()
})

test('a stream that was handed over lives and ends with its new owner', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const { pid, got } = accepting(b, 'file')
  const [stream, other] = await opened(net, a, got)
  const heir = b.node.spawn(idle)
  expect(() => other.handOver(a.node.pid)).toThrow(coded('E_PID_NOT_LOCAL'))
  other.handOver(heir)
  b.node.exit(pid, 'shutdown')
  await net.sim.settle()
  await other.write(Buffer.from('still here'))
  const { value } = await net.sim.until(stream.readable.getReader().read())
  expect('still here'.startsWith(`${Buffer.from(value ?? [0])}`)).toBe(true)
  expect([other.owner, b.streams.counts.owners]).toEqual([heir, 1])
  b.node.exit(heir, 'shutdown')
  expect(await net.sim.until(codeOf(stream.closed))).toBe('E_STREAM_REFUSED')
  other.handOver(a.node.pid)
  await net.expectEmpty()
})

test('ends are noticed although somebody killed the process that watches for them', async () => {
  await using net = new StreamNetwork()
  const { streams, node } = await net.start('b@host')
  const acceptor = node.spawn(idle)
  streams.accept('file', acceptor)
  await net.sim.settle()
  const watcher = node.processes().find(pid => node.processInfo(pid)?.label === 'streamOwners')
  node.exit(watcher as typeof acceptor, 'kill')
  await net.sim.settle()
  node.exit(acceptor, 'shutdown')
  await net.sim.settle()
  expect(streams.acceptors()).toEqual([])
})

test('the end of the channel ends its streams with the cause, and what waited on them', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const { got } = accepting(b, 'file')
  const [stream, other] = await opened(net, a, got)
  const waiting = [stream.write(bytesOf(4_000_000)), readAll(stream)].map(codeOf)
  await net.sim.advance(1000)
  expect(a.streams.holdsChannel('b@host')).toBe(true)
  net.lines[0]?.link.cut(quicError('E_CHANNEL_LOST', { node: 'b@host', timeoutMs: 1 }))
  const codes = await net.sim.until(Promise.all([stream.closed, other.closed].map(codeOf)))
  expect([...codes, ...(await Promise.all(waiting))]).toEqual(Array(4).fill('E_CHANNEL_LOST'))
  await net.expectEmpty()
  expect([a.streams.counts.peers, b.streams.counts.peers]).toEqual([0, 0])
})

test('a channel is needed while a stream is open on it, at both ends', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const { got } = accepting(b, 'file')
  const holds = () => [a.streams.holdsChannel('b@host'), b.streams.holdsChannel('a@host')]
  expect(holds()).toEqual([false, false])
  const [stream, other] = await opened(net, a, got)
  await stream.end()
  await net.sim.until(readAll(other))
  expect(holds()).toEqual([true, true])
  await other.end()
  await net.sim.until(readAll(stream))
  expect(holds()).toEqual([false, false])
  expect(a.streams.holdsChannel('c@host')).toBe(false)
})

test('the streams of a new channel are not ended by the end of an older one', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const { got } = accepting(b, 'file')
  const older = net.link(a, b)
  const [onOlder] = await opened(net, a, got)
  net.link(b, a)
  const [onNewer] = await opened(net, a, got)
  older.cut(quicError('E_CHANNEL_CLOSED', { node: 'b@host', reason: 'replaced' }))
  expect(await codeOf(onOlder.closed)).toBe('E_CHANNEL_CLOSED')
  expect([a.streams.list(), a.streams.holdsChannel('b@host')]).toEqual([[onNewer], true])
  onNewer.reset()
  await net.expectEmpty()
})

test('streams with one node are bounded, whoever opens them', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  accepting(b, 'file')
  accepting(a, 'file')
  const streams = []
  for (let count = 0; count < limits.streamsPerPeerMax; count++) {
    const from = count % 2 === 0 ? a : b
    streams.push(await from.streams.open(from === a ? 'b@host' : 'a@host', 'file'))
    await net.sim.advance(20)
  }
  expect([a, b].map(({ streams: all }) => all.list().length)).toEqual(Array(2).fill(limits.streamsPerPeerMax))
  expect(await codeOf(a.streams.open('b@host', 'file'))).toBe('E_STREAM_LIMIT')
  streams[1]?.reset()
  await net.sim.advance(100)
  const again = await a.streams.open('b@host', 'file')
  await again.end()
  for (const stream of [...streams, again]) stream.reset()
  await net.expectEmpty()
})

test('a node that stops leaves no process behind, and the end of its channels ends its streams', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const { got } = accepting(b, 'file')
  const [, other] = await opened(net, a, got)
  await net.sim.until(b.node.stop())
  expect(b.node.processes()).toEqual([])
  net.lines[0]?.link.cut(quicError('E_CHANNEL_CLOSED', { node: 'b@host', reason: 'the node stops' }))
  expect(await codeOf(other.closed)).toBe('E_CHANNEL_CLOSED')
  expect(b.streams.list()).toEqual([])
})

test('a process that gives its only tag up and takes it again is watched again', async () => {
  await using net = new StreamNetwork()
  const { streams, node } = await net.start('b@host')
  const acceptor = node.spawn(idle)
  for (let times = 0; times < 2; times++) {
    streams.accept('file', acceptor)
    await net.sim.settle()
    expect(node.processInfo(acceptor)?.watchersCount).toBe(1)
    if (times === 0) streams.unaccept('file')
  }
  node.exit(acceptor, 'shutdown')
  await net.sim.settle()
  expect(streams.acceptors()).toEqual([])
})

test('a stream that is over has given its place back once, whatever is done to it afterwards', async () => {
  await using net = new StreamNetwork()
  const { a, b } = await pair(net)
  const { got } = accepting(b, 'file')
  const [stream, other] = await opened(net, a, got)
  const [, open] = await opened(net, a, got)
  for (const end of [stream, other]) await end.end()
  await net.sim.until(Promise.all([readAll(stream), readAll(other)]))
  await net.sim.until(Promise.all([stream.closed, other.closed]))
  for (const end of [stream, other]) {
    end.reset()
    end.reset(7)
  }
  await net.sim.advance(100)
  expect([a.streams.counts.streams, b.streams.counts.streams]).toEqual([1, 1])
  open.reset()
  await net.expectEmpty()
})

test('a stream for an acceptor that has ended just now is refused as one that nobody accepts', async () => {
  await using net = new StreamNetwork()
  const { b } = await pair(net)
  const pid = b.node.spawn(idle)
  b.streams.accept('file', pid)
  await net.sim.settle()
  const { dialer, acceptor } = net.newLink()
  const codes: (number | undefined)[] = []
  acceptor.handler = b.streams.attach('m@host', acceptor)
  dialer.handler = { received() {}, drained() {}, abandoned: (_, code) => void codes.push(code), closed() {} }
  b.node.exit(pid, 'kill')
  // Before anybody has noticed.
  acceptor.handler.received(4, encodePreamble('file'), false)
  expect(b.streams.list()).toEqual([])
  expect(acceptor.abandoned.has(4)).toBe(true)
})
