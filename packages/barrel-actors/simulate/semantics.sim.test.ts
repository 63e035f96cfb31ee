import type { Node, Pid, Self } from '@barrel-actors/runtime'
import { createSimulation, type Simulation } from '@barrel-actors/simulation'
import { semanticsSuite } from '@barrel-actors/simulation/semantics-suite'
import { expect, test } from 'vitest'

const delayMs = (random: { next(): number }) => random.next() * 20

async function three(seed: number): Promise<[Simulation, Node, Node, Node]> {
  const simulation = createSimulation({ seed, network: { delayMs } })
  const [a, b, c] = [
    await simulation.startNode({ name: 'a@sim' }),
    await simulation.startNode({ name: 'b@sim' }),
    await simulation.startNode({ name: 'c@sim' }),
  ]
  for (const [one, other] of [
    [a, b],
    [a, c],
    [b, c],
  ] as const) {
    await simulation.until(one.connect(other.name))
  }
  return [simulation, a, b, c]
}

for (const seed of [1, 2, 3]) {
  semanticsSuite(`over two nodes with delays that vary, seed ${seed}`, async () => {
    const [simulation, a, b] = await three(seed)
    return {
      a,
      b,
      pass: ms => simulation.advance(ms),
      lose: async () => a.disconnect(b.name),
      restartB: async () => b,
      quietMs: 100,
      [Symbol.asyncDispose]: () => simulation[Symbol.asyncDispose](),
    }
  })
}

test('between three processes no order is promised: what is passed on may come before what was sent first', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const [simulation, a, b, c] = await three(seed)
    await using _ = simulation
    const relay = b.spawn(async (self: Self) => void self.send(c.pid, await self.receive()))
    a.send(c.pid, 'sent first')
    a.send(relay, 'passed on')
    seen.add(`${await simulation.until(c.receive())}`)
  }
  expect([...seen].sort()).toEqual(['passed on', 'sent first'])
})

test('after noconnection nothing of the lost channel arrives, whatever was under way', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const [simulation, a, b] = await three(seed)
    await using _ = simulation
    const seen: unknown[] = []
    a.spawn(async (self: Self<{ reason?: unknown }>) => {
      a.register('notes', self.pid as Pid)
      self.monitor(b.pid)
      for await (const message of self) seen.push(message.reason ?? message)
    })
    await simulation.advance(100)
    for (let count = 0; count < 50; count++) {
      b.send({ name: 'notes', node: a.name }, { count })
      if (count === 25) await simulation.advance(delayMs(simulation.random))
      if (count === 25) simulation.network.cut(a, b)
    }
    await simulation.advance(30_000)
    const lost = seen.indexOf('noconnection')
    expect(lost, `seed ${seed}`).toBe(seen.length - 1)
    // What did come is what was sent first.
    expect(seen.slice(0, lost)).toEqual(Array.from({ length: lost }, (_, count) => ({ count })))
  }
})

test('after a down with noconnection, what its process sent may still come by way of another node', async () => {
  const [simulation, a, b, c] = await three(1)
  await using _ = simulation
  const relay = c.spawn(async (self: Self) => {
    const message = await self.receive()
    self.sendAfter(60_000, a.pid, message)
    await self.receive()
  })
  a.monitor(b.pid)
  b.send(relay, 'sent before the loss')
  await simulation.advance(100)
  simulation.network.cut(a, b)
  await simulation.advance(120_000)
  expect([await a.receive(), await a.receive()]).toMatchObject([{ reason: 'noconnection' }, 'sent before the loss'])
})
