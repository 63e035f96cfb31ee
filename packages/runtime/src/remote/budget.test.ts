/** Bounds on one key over all its channels, and messages past the bounds. */
import { expect, test } from 'vitest'
import type { Channel, Flow, NodeLife } from '../carrier.ts'
import { extensionKey } from '../extension.ts'
import { limits } from '../limits.ts'
import type { Node } from '../node.ts'
import { Pid } from '../pid.ts'
import type { Self } from '../process/function-process.ts'
import type { Signal } from '../signal.ts'
import { startNode } from '../start-node.ts'
import type { RefusedMessage } from '../watching/system-events.ts'

const KiB = 1024

/** One channel to the node under test; what it is told, and which of its flows are left unread. */
class Wire implements Channel {
  readonly role = 'node'
  readonly isCongested = false
  readonly rttMs = undefined
  readonly told: Signal[] = []
  readonly paused = new Set<number>()
  closedFor: string | undefined
  readonly node: string
  readonly life: NodeLife
  readonly fingerprint: string
  readonly #to: Node

  constructor(name: string, fingerprint: string, to: Node, creation = 1) {
    this.node = name
    this.life = { name, creation }
    this.fingerprint = fingerprint
    this.#to = to
    to.remotes.get(name)
  }

  deliver(signal: Signal): boolean {
    this.told.push(signal)
    return true
  }

  pause(flow: number): void {
    this.paused.add(flow)
  }

  resume(flow: number): void {
    this.paused.delete(flow)
  }

  close(reason: string): void {
    this.closedFor ??= reason
    this.#to.remotes.events.closed(this, new Error(reason))
  }

  /** A signal that comes in; whether its flow is read. */
  say(signal: Signal, flow: Partial<Flow> = {}): boolean {
    const read = { flow: 0, heapBytes: 100, ...flow }
    if (this.paused.has(read.flow)) return false
    this.#to.remotes.events.received(this, signal, read)
    return true
  }

  /** Messages of that estimate until the flow is left unread; how many. */
  flood(to: Pid, heapBytes: number, flow = 0): number {
    const from = new Pid(this.node, this.life.creation, 1, this.#to)
    let sent = 0
    while (sent < 1_000_000 && this.say({ kind: 'send', from, to, message: sent }, { flow, heapBytes })) sent++
    return sent
  }
}

async function attacked() {
  const wires = new Map<string, Wire>()
  const open = (name: string) => wires.get(name) as Wire
  const key = extensionKey('carrier')
  const node = await startNode({
    name: 'node@host',
    extensions: [{ key, install: async host => ({ api: host.setCarrier({ open }) }) }],
  })
  const connect = (name: string, fingerprint: string, creation?: number) => {
    const wire = new Wire(name, fingerprint, node, creation)
    wires.set(name, wire)
    node.remote(name).open()
    node.remotes.events.up(wire)
    return wire
  }
  const stuck = node.spawn(async (self: Self) => {
    await new Promise(() => {})
    await self.receive()
  })
  return { node, connect, stuck: stuck as Pid }
}

test('what waits counts by what it takes on the heap', async () => {
  const { connect, stuck } = await attacked()
  const wire = connect('a@host', 'key')
  const taken = wire.flood(stuck, 64 * KiB)
  expect(taken * 64 * KiB).toBeGreaterThan(0.9 * limits.backlogBytesMax)
  expect(taken * 64 * KiB).toBeLessThan(1.1 * limits.backlogBytesMax)
})

test('a key that dials again goes on with what it left, and under another name too', async () => {
  const { node, connect, stuck } = await attacked()
  let taken = connect('a@host', 'key').flood(stuck, 64 * KiB)
  for (let dial = 2; dial < 14; dial++) {
    node.disconnect('a@host')
    taken += connect(dial % 2 === 0 ? 'a@host' : `a${dial}@host`, 'key', dial).flood(stuck, 64 * KiB)
  }
  expect(taken * 64 * KiB).toBeLessThan(1.1 * limits.backlogBytesMax)
  expect(connect('b@host', 'another key').flood(stuck, 64 * KiB) * 64 * KiB).toBeGreaterThan(
    0.9 * limits.backlogBytesMax,
  )
})

test('when it is taken every channel of the key is read again, and nothing is kept of a key without either', async () => {
  const { node, connect, stuck } = await attacked()
  const first = connect('a@host', 'key')
  first.flood(stuck, 64 * KiB)
  const second = connect('b@host', 'key')
  expect(second.flood(stuck, 64 * KiB)).toBeLessThan(2)
  expect([first.paused.size, second.paused.size]).toEqual([1, 1])
  const before = node.remotes.backlogOf('key')
  node.exit(stuck, 'kill')
  expect([first.paused.size, second.paused.size]).toEqual([0, 0])
  for (const name of ['a@host', 'b@host']) node.disconnect(name)
  expect(node.remotes.backlogOf('key')).not.toBe(before)
})

const refusal = { refusal: 'more than 100000 values' }

test('who waits for a signal whose message is refused is told; what nobody waits for is dropped', async () => {
  const { node, connect } = await attacked()
  const wire = connect('a@host', 'key')
  const got: unknown[] = []
  const server = node.spawn(async (self: Self) => {
    self.trapExit = true
    for await (const message of self) got.push(message)
  }) as Pid
  await new Promise(resolve => setImmediate(resolve))
  const from = new Pid('a@host', 1, 1, node)
  wire.say({ kind: 'call', from, to: server, ref: 1, request: undefined }, refusal)
  wire.say({ kind: 'stop', from, to: server, ref: 2, reason: undefined }, refusal)
  expect(wire.told).toEqual([1, 2].map(ref => ({ kind: 'down', ref, reason: 'systemLimit' })))
  wire.say({ kind: 'send', from, to: server, message: undefined }, refusal)
  wire.say({ kind: 'cast', from, to: server, request: undefined }, refusal)
  wire.say({ kind: 'exit', from, to: server, reason: undefined, linked: false }, refusal)
  await new Promise(resolve => setImmediate(resolve))
  expect(got).toEqual([{ kind: 'exit', from, reason: 'systemLimit' }])
})

test('a reply and a down whose content is refused end what waits for them', async () => {
  const { node, connect } = await attacked()
  const wire = connect('a@host', 'key')
  const far = new Pid('a@host', 1, 1, node) as Pid
  const call = node.call(far, 'question' as never).catch((error: unknown) => error)
  wire.say({ kind: 'reply', ref: (wire.told[0] as { ref: number }).ref, value: undefined }, refusal)
  expect(await call).toMatchObject({ code: 'E_CALL_EXIT' })
  const ref = node.monitor(far)
  wire.say({ kind: 'down', ref: (wire.told[1] as { ref: number }).ref, reason: undefined }, refusal)
  expect(await node.receive({ ref })).toMatchObject({ kind: 'down', reason: 'systemLimit' })
})

test('refusals are counted and told, and past a rate they cost the channel', async () => {
  const { node, connect, stuck } = await attacked()
  const wire = connect('a@host', 'key')
  const refused: RefusedMessage[] = []
  node.events.on('messageRefused', message => refused.push(message))
  const from = new Pid('a@host', 1, 1, node)
  const send = () => wire.say({ kind: 'send', from, to: stuck, message: undefined }, refusal)
  for (let count = 0; count < 16; count++) send()
  expect(wire.closedFor).toBeUndefined()
  expect(refused).toHaveLength(16)
  expect(refused[15]).toEqual({ from: 'a@host', kind: 'send', problem: 'more than 100000 values', count: 16 })
  send()
  expect(wire.closedFor).toMatch(/past the bounds/)
})
