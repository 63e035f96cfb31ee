/** Dials over real QUIC that meet another one, fail, or are given up; and what a node leaves behind. */
import { type Clock, type Disk, systemClock, type Timer } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { type DatagramAdapter, Quic } from '../src/index.ts'
import { type Gate, GatedAdapter, openGate } from './gated-adapter.ts'
import { memoryDisk } from './memory-disk.ts'
import { addressOf, echo, failureOf, logLines, startQuicNode, stopQuicNodes } from './quic-nodes.ts'

afterEach(stopQuicNodes)

/** Lets the first datagrams pass, and keeps what follows at the gate. */
class SlowAdapter extends GatedAdapter {
  readonly #shut: () => void
  #left: number

  constructor(gate: Gate, passing: number) {
    super(gate)
    this.#left = passing
    this.#shut = () => {
      gate.isOpen = false
    }
  }

  override send(packet: Uint8Array): void {
    if (this.#left-- === 0) this.#shut()
    super.send(packet)
  }
}

test('a dial that meets one from the greater name gives way to it, and what was sent goes over that', async () => {
  const log = logLines()
  const [a, b] = [await startQuicNode('a@127.0.0.1'), await startQuicNode('b@127.0.0.1', {}, { log })]
  a.addAddress(addressOf(b))
  const gate: Gate = { port: a.extension(Quic).address.port, isOpen: true, waiting: [] }
  // Both first packets pass, without and with the Retry token: so b has been answered, and a has not heard of it.
  b.extension(Quic).setConnectOptions(a.name, { adapter: () => new SlowAdapter(gate, 2) })
  const fromB = echo(b, a, 'from b')
  await expect.poll(() => gate.waiting.length).toBeGreaterThan(0)
  const fromA = echo(a, b, 'from a')
  await expect.poll(() => log.of('handshake failed')).toMatchObject([{ code: 'E_DIAL_SUPERSEDED', node: a.name }])
  openGate(gate)
  expect(await Promise.all([fromA, fromB])).toEqual(['from a', 'from b'])
  expect([a.nodes(), b.nodes()]).toEqual([[b.name], [a.name]])
  expect(log.of('peer accepted')).toMatchObject([{ dialed: true }])
})

test('a node whose key cannot be kept does not come up, and is told', async () => {
  const disk: Disk = memoryDisk()
  const failing: Disk = {
    ...disk,
    async replace(path, bytes, mode) {
      if (path.includes('trusted')) throw new Error('ENOSPC: no space left on device')
      await disk.replace(path, bytes, mode)
    },
  }
  const b = await startQuicNode('b@127.0.0.1', {}, { disk: failing, dataDir: '/data' })
  const a = await startQuicNode('a@127.0.0.1')
  b.subscribeNodes()
  a.subscribeNodes()
  await a.connect(addressOf(b)).catch(() => undefined)
  await expect.poll(() => a.nodes()).toEqual([])
  expect((await failureOf(b.connect(addressOf(a)))).code).toBe('E_FILE_UNWRITABLE')
  b.send(b.pid, 'nothing before this')
  expect(await b.receive()).toBe('nothing before this')
})

test('a channel that is given up while it is dialing leaves no dial behind', async () => {
  const a = await startQuicNode('a@127.0.0.1', { dialTimeoutMs: 600_000 })
  const calls: string[] = []
  const adapter = (): DatagramAdapter => ({
    start: () => void calls.push('start'),
    send() {},
    close: () => void calls.push('close'),
  })
  a.extension(Quic).setConnectOptions('b@127.0.0.1', { adapter })
  a.send({ name: 'echo', node: 'b@127.0.0.1' }, 'lost')
  await expect.poll(() => calls).toEqual(['start'])
  a.disconnect('b@127.0.0.1')
  await expect.poll(() => calls, { timeout: 5_000 }).toEqual(['start', 'close'])
})

test('revoking one key closes the channels of no other', async () => {
  const [a, b, c] = [
    await startQuicNode('a@127.0.0.1'),
    await startQuicNode('b@127.0.0.1'),
    await startQuicNode('c@127.0.0.1'),
  ]
  for (const node of [a, c]) {
    await node.connect(addressOf(b))
    await echo(node, b, 'up')
  }
  b.subscribeNodes()
  await b.extension(Quic).trust.revoke(a.name)
  expect(await b.receive()).toMatchObject({ kind: 'nodeDown', node: a.name })
  expect(b.nodes()).toEqual([c.name])
  expect(await echo(c, b, 'still here')).toBe('still here')
})

test('a pin whose file an operator has removed is forgotten before the name is dialed', async () => {
  const disk = memoryDisk()
  const b = await startQuicNode('b@127.0.0.1', {}, { disk, dataDir: '/data' })
  const before = await startQuicNode('a@127.0.0.1')
  await b.connect(addressOf(before))
  await before.stop()
  const after = await startQuicNode('a@127.0.0.1')
  const pins = [...disk.files.keys()].filter(path => path.includes('trusted'))
  expect(pins).toHaveLength(1)
  for (const path of pins) await disk.remove(path)
  await b.connect(addressOf(after))
  expect(await echo(b, after, 'a new key')).toBe('a new key')
})

test('a node that cannot be reached is left alone for longer and longer, until it has been reached', async () => {
  let now = 1_000_000
  let isFrozen = true
  const delays: number[] = []
  const clock: Clock = {
    now: () => (isFrozen ? now : now + systemClock.now()),
    wall: () => systemClock.wall(),
    setTimer(delayMs, expire) {
      if (!isFrozen) return systemClock.setTimer(delayMs, expire)
      delays.push(delayMs)
      return systemClock.setTimer(delayMs < 3_000 ? 0 : delayMs, () => {
        // As if the time had passed.
        now += delayMs
        expire()
      })
    },
  }
  const b = await startQuicNode('b@127.0.0.1')
  const options = { dialBackOffMs: 307.25, idleSweepMs: 1e9, dialTimeoutMs: 4_000 }
  const a = await startQuicNode('a@127.0.0.1', options, { clock })
  const unreachable = () => {
    throw new Error('no tunnel')
  }
  const fail = async (times: number) => {
    a.extension(Quic).setConnectOptions(b.name, { adapter: unreachable })
    delays.length = 0
    for (let count = 0; count < times; count++) {
      expect((await failureOf(a.connect(b.name))).code).toBe('E_ADAPTER_FAILED')
    }
    a.extension(Quic).clearConnectOptions(b.name)
    // Beside those of a QUIC connection that is over, which are whole numbers.
    return delays.filter(delayMs => delayMs === 1_000 || delayMs % 307.25 === 0)
  }
  expect(await fail(5)).toEqual([307.25, 614.5, 1_000, 1_000])
  isFrozen = false
  await a.connect(addressOf(b))
  a.disconnect(b.name)
  now = clock.now()
  isFrozen = true
  expect(await fail(3)).toEqual([307.25, 614.5])
})

test('a node that has stopped looks after its channels no more', async () => {
  const running = new Set<object>()
  const clock: Clock = {
    ...systemClock,
    setTimer(delayMs, expire) {
      const key = {}
      const timer = systemClock.setTimer(delayMs, () => {
        running.delete(key)
        expire()
      })
      // Only the looks have that interval.
      if (delayMs === 1_234) running.add(key)
      const counted: Timer = {
        cancel() {
          running.delete(key)
          timer.cancel()
        },
        keepAlive: keep => timer.keepAlive(keep),
      }
      return counted
    },
  }
  const a = await startQuicNode('a@127.0.0.1', { idleSweepMs: 1_234 }, { clock })
  expect(running.size).toBe(1)
  await a.stop()
  expect(running.size).toBe(0)
})
