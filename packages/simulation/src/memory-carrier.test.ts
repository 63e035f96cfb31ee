/** What the memory carrier does beyond the contract of carriers, which `carrier.test.ts` holds it to. */

import { type Node, type Self, startNode } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { memoryCarrier } from './memory-carrier.ts'
import { MemoryNetwork } from './network.ts'
import type { NetworkOptions } from './options.ts'
import { createSimulation, type Simulation } from './simulation.ts'

async function twoNodes(network: NetworkOptions = {}): Promise<{ simulation: Simulation; a: Node; b: Node }> {
  const simulation = createSimulation({ network })
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  return { simulation, a, b }
}

const linesOf = (simulation: Simulation, pattern: RegExp) => simulation.trace.filter(line => pattern.test(line))

test('a dial of a node that is not there fails after the dial time-out', async () => {
  const { simulation, a } = await twoNodes({ dialTimeoutMs: 300 })
  await using _ = simulation
  const unreachable = expect.objectContaining({ code: 'E_NODE_UNREACHABLE' })
  const dialed = expect(simulation.until(a.connect('nobody@sim'))).rejects.toEqual(unreachable)
  const called = a.call({ name: 'server', node: 'nobody@sim' }, 1, { timeoutMs: Infinity })
  await expect(simulation.until(called)).rejects.toMatchObject({ code: 'E_NO_CONNECTION' })
  await dialed
  expect(simulation.clock.now()).toBe(300)
})

test('both dial at once: the dial of the greater name wins, and the other one is dropped', async () => {
  const { simulation, a, b } = await twoNodes({ delayMs: 10 })
  await using _ = simulation
  a.send(b.pid, 'from a')
  b.send(a.pid, 'from b')
  await simulation.advance(100)
  // a accepts after one way, b has its answer after two.
  expect(linesOf(simulation, / (dials|up|closed) /)).toEqual([
    '0 a@sim dials b@sim',
    '0 b@sim dials a@sim',
    '10 a@sim up b@sim',
    '20 b@sim up a@sim',
  ])
  expect([await a.receive(), await b.receive()]).toEqual(['from b', 'from a'])
})

test('a dial that was lost does not win over one that comes', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  simulation.kill(a)
  b.send({ name: 'echo', node: a.name }, 'lost')
  await simulation.advance(10)
  const again = await simulation.startNode({ name: 'a@sim' })
  again.send(b.pid, 'hello')
  await simulation.advance(10)
  expect(await b.receive()).toBe('hello')
})

test('deliver says when too much waits, and goes on when it has arrived', async () => {
  const { simulation, a, b } = await twoNodes({ queueBytesHigh: 1000, delayMs: 5 })
  await using _ = simulation
  const message = 'x'.repeat(400)
  expect([1, 2, 3].map(() => a.send(b.pid, message))).toEqual([true, true, false])
  await simulation.advance(100)
  expect(a.send(b.pid, message)).toBe(true)
})

test('a channel in which far too much waits is closed, not grown', async () => {
  const { simulation, a, b } = await twoNodes({ queueBytesMax: 1000 })
  await using _ = simulation
  const ref = a.monitor(b.pid)
  const message = 'x'.repeat(400)
  expect([1, 2, 3].map(() => a.send(b.pid, message))).toEqual([true, true, false])
  expect(await simulation.until(a.receive())).toMatchObject({ kind: 'down', ref, reason: 'noconnection' })
  a.send(b.pid, 'small')
  expect(await simulation.until(b.receive())).toBe('small')
})

test('a message that would be another one when read again arrives as it was read', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  await simulation.until(a.connect(b.name))
  let reads = 0
  const trick = Object.defineProperty({}, 'field', { enumerable: true, get: () => (reads++ === 0 ? 1 : Symbol('s')) })
  a.send(b.pid, trick)
  expect(await simulation.until(b.receive())).toEqual({ field: 1 })
})

test('a cut loses what is under way; both sides notice after the detection time, once', async () => {
  const { simulation, a, b } = await twoNodes({ detectionMs: 700 })
  await using _ = simulation
  await simulation.until(a.connect(b.name))
  a.send(b.pid, 'under way')
  simulation.network.cut(a, b)
  simulation.network.heal('a@sim', 'b@sim')
  a.send(b.pid, 'into the void')
  const cutMs = simulation.clock.now()
  await simulation.advance(2000)
  expect(linesOf(simulation, /^\d+ \S+ closed /)).toEqual([
    `${cutMs + 700} a@sim closed b@sim: nothing came for 700 ms`,
    `${cutMs + 700} b@sim closed a@sim: nothing came for 700 ms`,
  ])
  a.send(b.pid, 'after it')
  expect(await simulation.until(b.receive())).toBe('after it')
})

test('a channel that this side gave up before it noticed the loss closes once', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  await simulation.until(a.connect(b.name))
  simulation.network.cut(a, b)
  a.disconnect(b.name)
  a.disconnect(b.name)
  await simulation.advance(10_000)
  expect(linesOf(simulation, /^\d+ a@sim closed /)).toHaveLength(1)
})

test('over a cut no dial gets through, in either direction, until it is healed', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  simulation.network.cut(a, b)
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    await expect(simulation.until(from.connect(to.name))).rejects.toMatchObject({ code: 'E_NODE_UNREACHABLE' })
  }
  simulation.network.heal(b, a)
  expect(await simulation.until(a.connect(b.name))).toBe(b.name)
})

test('a node that is killed is noticed after the detection time, or when its next life dials', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  await simulation.until(a.connect(b.name))
  const ref = b.monitor(a.pid)
  await simulation.advance(10)
  const killedMs = simulation.clock.now()
  simulation.kill(a)
  await simulation.advance(4999)
  expect(b.nodes()).toEqual([a.name])
  await simulation.advance(1)
  expect(await b.receive()).toMatchObject({ kind: 'down', ref, reason: 'noconnection' })
  expect(simulation.clock.now()).toBe(killedMs + 5000)
})

test('the dial of a new life ends the channel to the earlier one at once', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  await simulation.until(a.connect(b.name))
  const ref = b.monitor(a.pid)
  await simulation.advance(10)
  simulation.kill(a)
  const again = await simulation.startNode({ name: 'a@sim' })
  const dialedMs = simulation.clock.now()
  again.send(b.pid, 'back')
  await simulation.advance(3)
  expect(await b.receive({ kind: 'down' })).toMatchObject({ ref, reason: 'noconnection' })
  expect(await b.receive()).toBe('back')
  expect(linesOf(simulation, /b@sim (closed|up) a@sim/).slice(-2)).toEqual([
    `${dialedMs + 1} b@sim closed a@sim: a@sim dialed anew`,
    `${dialedMs + 1} b@sim up a@sim`,
  ])
  await simulation.advance(10_000)
  expect(b.nodes()).toEqual([a.name])
})

test('a node that stops says goodbye: its last signals arrive, then the channel closes', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  const pid = a.spawn(async (self: Self) => self.receive())
  b.monitor(pid)
  await simulation.advance(10)
  await simulation.until(a.stop())
  await simulation.advance(2)
  expect(await b.receive()).toMatchObject({ kind: 'down', reason: 'shutdown' })
  expect(b.nodes()).toEqual([])
})

test('a hidden node is in nobody’s list, and lists the others', async () => {
  const { simulation, a } = await twoNodes()
  await using _ = simulation
  const tool = await simulation.startNode({ name: 'tool@sim', hidden: true })
  await simulation.until(tool.connect(a.name))
  tool.send(a.pid, 'hello')
  expect(await simulation.until(a.receive())).toBe('hello')
  expect([a.nodes(), tool.nodes()]).toEqual([[], [a.name]])
})

test('the same name joins a network once', async () => {
  const network = new MemoryNetwork()
  await using first = await startNode({ name: 'a@sim', extensions: [memoryCarrier(network)] })
  await expect(startNode({ name: 'a@sim', extensions: [memoryCarrier(network)] })).rejects.toThrow('already')
  await first.stop()
  await using _second = await startNode({ name: 'a@sim', extensions: [memoryCarrier(network)] })
})

test('without a simulation, nodes meet in real time', async () => {
  const network = new MemoryNetwork({ delayMs: 0 })
  await using a = await startNode({ name: 'a@sim', extensions: [memoryCarrier(network)] })
  await using b = await startNode({ name: 'b@sim', extensions: [memoryCarrier(network)] })
  a.send(b.pid, 'hello')
  expect(await b.receive()).toBe('hello')
})
