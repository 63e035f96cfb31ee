import type { Pid, Self } from '@barrel-actors/runtime'
import { createSimulation } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'

const wait = (self: Self) => self.receive()

test('a lost node is not dialed again for the links that went with it', async () => {
  await using simulation = createSimulation()
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  const targets = [b.spawn(wait), b.spawn(wait)]
  // Pids reach a as they do in life: in a message.
  b.send({ name: 'linker', node: a.name }, targets)
  const linker = a.spawn(async (self: Self<Pid[]>) => {
    for (const target of await self.receive()) self.link(target)
    await self.receive()
  })
  a.register('linker', linker)
  const ref = a.monitor(linker)
  await simulation.advance(100)
  const seen = simulation.trace.length
  simulation.kill(b)
  expect(await simulation.until(a.receive())).toMatchObject({ kind: 'down', ref, reason: 'noconnection' })
  await simulation.advance(20_000)
  expect(simulation.trace.slice(seen).filter(line => line.includes('dials'))).toEqual([])
})
