import type { Node, Self } from '@barrel-actors/runtime'
import { describe, expect, test } from 'vitest'
import { constantDelay, exponentialDelay, lognormalDelay, uniformDelay } from './delays.ts'
import type { NetworkOptions } from './options.ts'
import { seededRandom } from './random.ts'
import { createSimulation, type Simulation } from './simulation.ts'

interface World {
  readonly simulation: Simulation
  readonly a: Node
  readonly b: Node
}

async function twoNodes(network: NetworkOptions = {}, seed = 1): Promise<World> {
  const simulation = createSimulation({ seed, network })
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  await simulation.until(a.connect(b.name))
  await simulation.eventually(() => b.nodes().length === 1)
  return { simulation, a, b }
}

function notes(node: Node): unknown[] {
  const messages: unknown[] = []
  const pid = node.spawn(async (self: Self) => {
    for await (const message of self) messages.push(message)
  })
  node.register('notes', pid)
  return messages
}

const closed = ({ simulation }: World) => simulation.trace.filter(line => / closed \S+: /.test(line))
const count = ({ simulation }: World, pattern: RegExp) => simulation.trace.filter(line => pattern.test(line)).length

describe('delays', () => {
  const drawn = (delay: ReturnType<typeof uniformDelay>) => {
    const random = seededRandom(3)
    const draw = () => (typeof delay === 'number' ? delay : delay(random))
    return Array.from({ length: 5000 }, draw).sort((a, b) => a - b)
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

  test('are what they say: constant, uniform, exponential, lognormal', () => {
    expect(new Set(drawn(constantDelay(7)))).toEqual(new Set([7]))
    const uniform = drawn(uniformDelay(10, 20))
    expect([uniform[0], uniform[4999]].map(value => Math.round(value as number))).toEqual([10, 20])
    expect(Math.round(mean(uniform))).toBe(15)
    const exponential = drawn(exponentialDelay(100, 50))
    expect(exponential[0]).toBeGreaterThanOrEqual(50)
    expect(Math.round(mean(exponential) / 10)).toBe(15)
    const lognormal = drawn(lognormalDelay(100, 0.5))
    expect(Math.round((lognormal[2500] as number) / 10)).toBe(10)
    // One deviation above the middle.
    expect(Math.round((lognormal[4207] as number) / Math.exp(0.5) / 10)).toBe(10)
  })

  test('that make no sense are refused', () => {
    for (const wrong of [() => constantDelay(-1), () => uniformDelay(5, 4), () => exponentialDelay(Number.NaN)]) {
      expect(wrong).toThrow('a delay is a finite number')
    }
  })
})

test('what is lost comes later, nothing of it is missing, and each flow keeps its order', async () => {
  const world = await twoNodes({ lossRate: 0.3, duplicationRate: 0.3, reorderRate: 0.3, detectionMs: 1e9 })
  await using _ = world.simulation
  const seen = notes(world.b)
  const numbers = Array.from({ length: 300 }, (_, at) => at)
  for (const at of numbers) {
    world.a.send({ name: 'notes', node: world.b.name }, at)
    await world.simulation.advance(3)
  }
  await world.simulation.advance(1e6)
  expect(seen).toEqual(numbers)
  expect(count(world, /a@sim lost \d packets to b@sim/)).toBeGreaterThan(50)
  expect(count(world, /a@sim sent a packet twice to b@sim/)).toBeGreaterThan(50)
  expect(count(world, /a@sim a packet to b@sim is held up/)).toBeGreaterThan(50)
  expect(closed(world)).toEqual([])
})

test('what is held up is overtaken by the messages of other senders', async () => {
  const world = await twoNodes({ reorderRate: 0.5, reorderMsMax: 100 })
  await using _ = world.simulation
  const seen = notes(world.b)
  for (let at = 0; at < 10; at++) {
    world.a.spawn((self: Self) => void self.send({ name: 'notes', node: world.b.name }, at))
  }
  await world.simulation.advance(500)
  expect(seen.length).toBe(10)
  expect(seen).not.toEqual([...seen].sort())
})

test('loss without end takes the channel along, at both ends', async () => {
  const world = await twoNodes({ detectionMs: 1000 })
  await using _ = world.simulation
  const from = world.simulation.clock.now()
  world.simulation.network.change({ lossRate: 1 })
  world.a.send(world.b.pid, 'lost')
  await world.simulation.advance(5000)
  expect(closed(world)).toEqual([
    `${from + 1000} b@sim closed a@sim: nothing came for 1000 ms`,
    `${from + 2000} a@sim closed b@sim: nothing came for 1000 ms`,
  ])
})

test('the faults of one way leave the others alone', async () => {
  const world = await twoNodes()
  await using _ = world.simulation
  world.simulation.network.change({ delayMs: 100 }, { from: world.a, to: world.b })
  const [atA, atB] = [notes(world.a), notes(world.b)]
  world.a.send({ name: 'notes', node: world.b.name }, 1)
  world.b.send({ name: 'notes', node: world.a.name }, 1)
  await world.simulation.advance(99)
  expect([atA, atB]).toEqual([[1], []])
  await world.simulation.advance(1)
  expect(atB).toEqual([1])
})

test('a one-way cut: the deaf side notices first, and what it says until then arrives', async () => {
  const world = await twoNodes({ detectionMs: 1000 })
  await using _ = world.simulation
  const { simulation, a, b } = world
  const [atA, atB] = [notes(a), notes(b)]
  a.send({ name: 'notes', node: b.name }, 'under way')
  const cutMs = simulation.clock.now()
  simulation.network.cut(a, b, { oneWay: true })
  a.send({ name: 'notes', node: b.name }, 'into the void')
  await simulation.advance(500)
  b.send({ name: 'notes', node: a.name }, 'still heard')
  await simulation.advance(10)
  expect([atA, atB]).toEqual([['still heard'], []])
  await simulation.advance(5000)
  expect(closed(world)).toEqual([
    `${cutMs + 1000} b@sim closed a@sim: nothing came for 1000 ms`,
    `${cutMs + 2000} a@sim closed b@sim: nothing came for 1000 ms`,
  ])
})

test('over a one-way cut no dial succeeds, whoever dials, and no end stays up', async () => {
  const { simulation, a, b } = await twoNodes({ detectionMs: 1000, dialTimeoutMs: 3000 })
  await using _ = simulation
  simulation.network.cut(a, b, { oneWay: true })
  await simulation.advance(3000)
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    await expect(simulation.until(from.connect(to.name))).rejects.toMatchObject({ code: 'E_NODE_UNREACHABLE' })
    await simulation.advance(3000)
    expect([a.nodes(), b.nodes()]).toEqual([[], []])
  }
  simulation.network.healAll()
  expect(await simulation.until(b.connect(a.name))).toBe(a.name)
})

test('a split parts every two nodes of different groups and no others, until all is healed', async () => {
  await using simulation = createSimulation()
  const names = ['a@sim', 'b@sim', 'c@sim', 'd@sim', 'e@sim']
  const nodes = new Map<string, Node>()
  for (const name of names) nodes.set(name, await simulation.startNode({ name }))
  const reached = async () => {
    const pairs = names.flatMap(from => names.filter(to => to > from).map(to => [from, to] as const))
    const dials = pairs.map(async ([from, to]) => {
      await nodes.get(from)?.connect(to)
      return `${from[0]}${to[0]}`
    })
    const outcomes = await simulation.until(Promise.allSettled(dials))
    return outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? outcome.value : []))
  }
  simulation.network.split([['a@sim'], ['b@sim', 'c@sim'], ['d@sim', 'e@sim']])
  expect(await reached()).toEqual(['bc', 'de'])
  simulation.network.healAll()
  await simulation.advance(10_000)
  expect((await reached()).length).toBe(10)
})

test('a clog holds up one way for its time, and then all of it comes in order', async () => {
  const world = await twoNodes()
  await using _ = world.simulation
  const { simulation, a, b } = world
  const [atA, atB] = [notes(a), notes(b)]
  a.send({ name: 'notes', node: b.name }, 1)
  simulation.network.clog(a, b, 1000)
  for (const at of [2, 3, 4]) {
    a.send({ name: 'notes', node: b.name }, at)
    b.send({ name: 'notes', node: a.name }, at)
    await simulation.advance(333)
  }
  expect([atA, atB]).toEqual([[2, 3, 4], []])
  await simulation.advance(1)
  a.send({ name: 'notes', node: b.name }, 5)
  await simulation.advance(1)
  expect(atB).toEqual([1, 2, 3, 4, 5])
  expect(closed(world)).toEqual([])
})

test('a clog past the detection time takes the channel along', async () => {
  const world = await twoNodes({ detectionMs: 1000 })
  await using _ = world.simulation
  world.simulation.network.clog(world.a, world.b, 1500)
  await world.simulation.advance(5000)
  expect(closed(world).length).toBe(2)
  expect(await world.simulation.until(world.a.connect(world.b.name))).toBe(world.b.name)
})
