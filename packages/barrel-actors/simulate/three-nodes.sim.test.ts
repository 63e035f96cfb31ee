/** The story of the demo, in virtual time: three nodes, a counter, a death, a return. */

import { type Down, GenServer, type Node, type Pid, type Self, type ServerPid } from '@barrel-actors/runtime'
import { createSimulation, type Simulation } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'

interface CounterProtocol {
  call: (request: { add: number }) => number
}

class Counter extends GenServer<CounterProtocol> {
  #count = 0

  override init(start = 0) {
    this.#count = start
  }

  override handleCall({ add }: { add: number }) {
    this.#count += add
    return this.#count
  }
}

interface World {
  readonly simulation: Simulation
  readonly a: Node
  readonly b: Node
  readonly c: Node
  readonly counter: ServerPid<CounterProtocol>
}

async function threeNodes(): Promise<World> {
  const simulation = createSimulation()
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  const c = await simulation.startNode({ name: 'c@sim' })
  const counter = a.spawn(Counter, 5)
  a.register('counter', counter)
  return { simulation, a, b, c, counter }
}

/** A process that notes what it receives. */
function notes(node: Node, begin: (self: Self) => void): { pid: Pid; messages: unknown[] } {
  const messages: unknown[] = []
  const pid = node.spawn(async (self: Self) => {
    begin(self)
    for await (const message of self) messages.push(message)
  })
  return { pid, messages }
}

test('a counter is called from another node, by pid and by name', async () => {
  const { simulation, b, c, counter } = await threeNodes()
  await using _ = simulation
  expect(await simulation.until(b.call(counter, { add: 2 }))).toBe(7)
  expect(await simulation.until(b.call({ name: 'counter', node: 'a@sim' }, { add: 3 }))).toBe(10)
  expect(await simulation.until(c.call(counter, { add: 1 }))).toBe(11)
  expect([b.nodes(), c.nodes()]).toEqual([['a@sim'], ['a@sim']])
})

test('when its node is killed, a monitor fires once and a linked process dies, both with noconnection', async () => {
  const { simulation, a, b, c, counter } = await threeNodes()
  await using _ = simulation
  const watching = notes(b, self => self.monitor(counter))
  const linked = notes(c, self => self.link(counter))
  const mourning = notes(c, self => self.monitor(linked.pid))
  await simulation.advance(100)
  expect([watching.messages, mourning.messages]).toEqual([[], []])
  simulation.kill(a)
  await simulation.eventually(() => watching.messages.length > 0 && mourning.messages.length > 0)
  await simulation.advance(60_000)
  expect(watching.messages).toMatchObject([{ kind: 'down', from: counter, reason: 'noconnection' }])
  expect(mourning.messages).toMatchObject([{ kind: 'down', from: linked.pid, reason: 'noconnection' }])
  expect([b.nodes(), c.nodes()]).toEqual([[], []])
})

test('a call that is under way when the node is killed ends with E_NO_CONNECTION', async () => {
  const { simulation, a, b } = await threeNodes()
  await using _ = simulation
  const silent = a.spawn(async (self: Self) => self.receive(() => false))
  const called = b.call(silent as ServerPid<CounterProtocol>, { add: 1 }, { timeoutMs: Infinity })
  called.catch(() => {})
  await simulation.advance(100)
  simulation.kill(a)
  await expect(simulation.until(called)).rejects.toMatchObject({ code: 'E_NO_CONNECTION' })
})

test('the node comes back in a new life, which pids of the earlier one do not reach', async () => {
  const { simulation, a, b, counter } = await threeNodes()
  await using _ = simulation
  await simulation.until(b.call(counter, { add: 2 }))
  const watching = notes(b, self => self.monitor(counter))
  await simulation.advance(100)
  simulation.kill(a)
  const again = await simulation.startNode({ name: 'a@sim' })
  expect(again.creation).toBeGreaterThan(a.creation)
  const newCounter = again.spawn(Counter, 0)
  again.register('counter', newCounter)
  expect(newCounter.serial).toBe(counter.serial)
  await simulation.until(again.connect('b@sim'))
  await simulation.eventually(() => watching.messages.length > 0)
  expect(watching.messages).toMatchObject([{ kind: 'down', reason: 'noconnection' }])

  const ref = b.monitor(counter)
  expect((await simulation.until(b.receive())) as Down).toMatchObject({ kind: 'down', ref, reason: 'noproc' })
  const called = simulation.until(b.call(counter, { add: 1 }))
  await expect(called).rejects.toMatchObject({ code: 'E_CALL_EXIT', fields: { reason: 'noproc' } })
  b.exit(counter, 'kill')
  expect(await simulation.until(b.call({ name: 'counter', node: 'a@sim' }, { add: 1 }))).toBe(1)
})
