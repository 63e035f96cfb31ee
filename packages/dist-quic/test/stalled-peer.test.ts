/** A peer that stops reading: its OS process stands still, or a process of it takes no messages. */
import type { Node, NodeDown, Self } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { Quic, type QuicOptions } from '../src/index.ts'
import { turns } from './endpoints.ts'
import { killOSPeers, OSPeer } from './os-peer.ts'
import { logLines, startQuicNode, stopQuicNodes } from './quic-nodes.ts'

afterEach(async () => {
  await Promise.all([stopQuicNodes(), killOSPeers()])
})

const MiB = 1024 * 1024
const body = new Uint8Array(10_000)
// It stands still for longer than a channel without a sign of life lives by default.
const patient: QuicOptions = { idleTimeoutMs: 60_000 }

/** A node whose channel to a peer in another OS process is up, and a process that sends to the peer's sink. */
async function sending(options: QuicOptions) {
  const log = logLines()
  const a = await startQuicNode('a@127.0.0.1', options, { log })
  const peer = await OSPeer.start('peer@127.0.0.1', options)
  await a.connect(peer.address)
  let count = 0
  const target = { name: 'sink', node: peer.name }
  const sender = await new Promise<Self>(resolve => {
    a.spawn(async (self: Self) => {
      resolve(self)
      await self.receive()
    })
  })
  return { a, log, peer, target, sent: () => count, send: () => sender.send(target, { count: count++, body }) }
}

/** Sends until it is told to wait. */
async function fill(send: () => boolean): Promise<void> {
  for (let burst = 0; burst < 100_000; burst++) {
    for (let times = 0; times < 10; times++) if (!send()) return
    await new Promise<void>(resolve => setImmediate(resolve))
  }
  throw new Error('it was never told to wait')
}

async function sums(from: Node, peer: OSPeer): Promise<{ taken: number; isInOrder: boolean }> {
  return (await from.call({ name: 'sums', node: peer.name }, 0)) as { taken: number; isInOrder: boolean }
}

test('towards an OS process that stands still send returns false, little waits, and drained resolves once it goes on', async () => {
  const { a, peer, target, send, sent } = await sending(patient)
  peer.take()
  peer.signal('SIGSTOP')
  const before = process.memoryUsage().rss
  await fill(send)
  let isDrained = false
  const drained = a.drained(target).then(() => {
    isDrained = true
  })
  // Whoever waits makes nothing grow, however long the other stands still.
  await turns(1_000)
  expect([isDrained, send()]).toEqual([false, false])
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * MiB)
  peer.signal('SIGCONT')
  await drained
  expect(send()).toBe(true)
  await expect.poll(() => sums(a, peer), { timeout: 20_000 }).toEqual({ taken: sent(), isInOrder: true })
  expect(a.extension(Quic).counts).toMatchObject({ congested: 1, drained: 1, overflowed: 0 })
})

test('a process that takes no messages stops who sends to it, and nobody else, until it takes them', async () => {
  const { a, peer, target, send, sent } = await sending({})
  const before = process.memoryUsage().rss
  await fill(send)
  while (await isGoingOn(a, target)) await fill(send)
  // What waits for the process lies at the other end: 64 MiB of heap there, which counts more than the body.
  expect(sent() * body.length).toBeGreaterThan(60 * MiB)
  expect(sent() * body.length).toBeLessThan(80 * MiB)
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * MiB)
  expect(await a.call({ name: 'echo', node: peer.name }, 'served')).toBe('served')
  peer.take()
  await a.drained(target)
  expect(send()).toBe(true)
  await expect.poll(() => sums(a, peer), { timeout: 20_000 }).toEqual({ taken: sent(), isInOrder: true })
})

/** Whether there is room again soon. */
function isGoingOn(from: Node, target: { name: string; node: string }): Promise<boolean> {
  return Promise.race([from.drained(target as never).then(() => true), turns(1_500).then(() => false)])
}

test('who goes on sending to a peer that stands still loses the channel, with a reason, and it is counted', async () => {
  const { a, log, peer, send, sent } = await sending({ ...patient, queueBytesMax: 8 * MiB })
  a.subscribeNodes()
  const ref = a.monitor({ name: 'echo', node: peer.name })
  await a.call({ name: 'echo', node: peer.name }, 'the monitor stands')
  peer.signal('SIGSTOP')
  const before = process.memoryUsage().rss
  while (a.extension(Quic).counts.overflowed === 0) {
    send()
    if (sent() % 10 === 0) await new Promise<void>(resolve => setImmediate(resolve))
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * MiB)
  expect(sent() * body.length).toBeGreaterThan(8 * MiB)
  const told = [await a.receive(), await a.receive()]
  expect(told).toMatchObject([
    { kind: 'down', ref, reason: 'noconnection' },
    { kind: 'nodeDown', node: peer.name },
  ])
  expect((told[1] as NodeDown).reason).toContain(`${8 * MiB} bytes waited`)
  expect(log.of('channel closed: too much waited to be sent')).toEqual([{ node: peer.name, bytesMax: 8 * MiB }])
  expect(a.extension(Quic).counts).toMatchObject({ congested: 1, overflowed: 1 })
  // Nothing of what waited is held any more, and the next message opens a channel to who goes on.
  peer.signal('SIGCONT')
  expect(await a.call({ name: 'echo', node: peer.name }, 'anew')).toBe('anew')
})
