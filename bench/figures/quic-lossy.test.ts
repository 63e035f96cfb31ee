import { Quic } from 'barrel-actors'
import { afterEach, expect, test } from 'vitest'
import { LossyRelay } from '../harness/lossy-relay.ts'
import { badNetwork, networkPacketBytes } from '../workload.ts'
import { measureLossy } from './quic-lossy-nodes.ts'
import { inFolder, startBenchNode, startSinkNode } from './quic-nodes.ts'

const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Two nodes in this OS process; `a` reaches `b` through a relay of the bad network. */
async function nodesIn(folder: string) {
  const packetBytesMax = networkPacketBytes
  const b = await startSinkNode(folder, { packetBytesMax })
  closers.push(() => b.stop())
  const relay = await LossyRelay.open(b.extension(Quic).address.port, badNetwork, 1)
  closers.push(() => relay.close())
  const a = await startBenchNode('a', folder, { packetBytesMax, addresses: [`${b.name}:${relay.port}`] })
  closers.push(() => a.stop())
  return { a, b, relay }
}

test('bulk and calls go on over a bad network until the time is over', async () => {
  await inFolder(async folder => {
    const { a, b, relay } = await nodesIn(folder)
    const { callsMs } = await measureLossy(a, b.name, 2_000)
    expect(callsMs.length).toBeGreaterThan(0)
    expect(relay.counts.lost).toBeGreaterThan(0)
    for (const close of closers.splice(0).reverse()) await close()
  })
})

test('a channel that closes counts, and the calls go on over the next one', async () => {
  await inFolder(async folder => {
    const { a, b } = await nodesIn(folder)
    const measured = measureLossy(a, b.name, 4_000)
    await expect.poll(() => a.nodes(), { timeout: 4_000 }).toContain(b.name)
    a.disconnect(b.name)
    const { closures, callsMs } = await measured
    expect(closures).toBeGreaterThanOrEqual(1)
    expect(callsMs.length).toBeGreaterThan(0)
    for (const close of closers.splice(0).reverse()) await close()
  })
})
