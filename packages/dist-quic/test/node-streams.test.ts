// User streams between nodes over real QUIC, beside their messages.
import { createHash } from 'node:crypto'
import type { Node, Self } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { type IncomingStream, Quic, type UserStream } from '../src/index.ts'
import { limits } from '../src/user-streams/limits.ts'
import { turns } from './endpoints.ts'
import { addressOf, echo, startQuicNode, stopQuicNodes } from './quic-nodes.ts'
import { bytesOf, codeOf, readAll } from './stream-nodes.ts'

afterEach(stopQuicNodes)

const MiB = 1024 * 1024

async function connected(): Promise<[a: Node, b: Node]> {
  const [a, b] = [await startQuicNode('a@127.0.0.1'), await startQuicNode('b@127.0.0.1')]
  await a.connect(addressOf(b))
  return [a, b]
}

function accept(node: Node, tag: string, serve: (stream: UserStream, from: string) => unknown): void {
  const pid = node.spawn(async (self: Self<IncomingStream>) => {
    for await (const { stream, from } of self) await serve(stream, from)
  })
  node.extension(Quic).streams.accept(tag, pid)
}

test('a user stream carries megabytes from node to node, either way round, and its acceptor knows who opened it', async () => {
  const [a, b] = await connected()
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const openers: string[] = []
    accept(to, 'hash', async (stream, opener) => {
      openers.push(opener)
      const hash = createHash('sha256')
      for await (const chunk of stream) hash.update(chunk)
      await stream.write(hash.digest())
      await stream.end()
    })
    const content = bytesOf(20 * MiB)
    const stream = await from.extension(Quic).streams.open(to.name, 'hash')
    await stream.write(content)
    await stream.end()
    expect(Buffer.compare(await readAll(stream), createHash('sha256').update(content).digest())).toBe(0)
    await stream.closed
    expect(openers).toEqual([from.name])
  }
  expect([a, b].map(node => node.extension(Quic).streams.list())).toEqual([[], []])
})

test('a user stream that is not read stops its writer, and neither messages nor other streams', async () => {
  const [a, b] = await connected()
  let read = () => {}
  const mayRead = new Promise<void>(resolve => {
    read = resolve
  })
  accept(b, 'slow', async stream => {
    await mayRead
    await stream.readable.pipeTo(stream.writable)
  })
  accept(b, 'quick', stream => stream.readable.pipeTo(stream.writable))
  const slow = await a.extension(Quic).streams.open(b.name, 'slow')
  const content = bytesOf(16 * MiB)
  let isWritten = false
  const writing = slow.write(content).then(() => {
    isWritten = true
    return slow.end()
  })
  await turns(500)
  expect(isWritten).toBe(false)
  expect(await echo(a, b, 'served')).toBe('served')
  const quick = await a.extension(Quic).streams.open(b.name, 'quick')
  await quick.write(bytesOf(100_000))
  await quick.end()
  expect(Buffer.compare(await readAll(quick), bytesOf(100_000))).toBe(0)
  expect(isWritten).toBe(false)
  read()
  expect(Buffer.compare(await readAll(slow), content)).toBe(0)
  await writing
})

test('user streams end with the channel, and those past the bound are refused', async () => {
  const [a, b] = await connected()
  accept(b, 'open', () => {})
  const { streams } = a.extension(Quic)
  const open = await Promise.all(Array.from({ length: limits.streamsPerPeerMax }, () => streams.open(b.name, 'open')))
  expect(await codeOf(streams.open(b.name, 'open'))).toBe('E_STREAM_LIMIT')
  a.disconnect(b.name)
  const codes = await Promise.all(open.map(stream => codeOf(stream.closed)))
  expect(new Set(codes)).toEqual(new Set(['E_CHANNEL_CLOSED']))
  expect([streams.list(), await echo(a, b, 'anew')]).toEqual([[], 'anew'])
})
