import { createSimulation } from '@barrel-actors/simulation'
import fc from 'fast-check'
import { test } from 'vitest'
import { compare } from './compare.suite.ts'
import { program } from './program.suite.ts'

const delayMsMax = 20

/** An end may go along a chain of links from node to node, through every process that there can be. */
const crossingsMax = 50

test('processes on two nodes see what they would see on one, once everything has arrived', async () => {
  await fc.assert(
    fc.asyncProperty(program, fc.nat(), async (steps, seed) => {
      const delayMs = (random: { next(): number }) => random.next() * delayMsMax
      await using simulation = createSimulation({ seed, network: { delayMs } })
      const a = await simulation.startNode({ name: 'a@sim' })
      const b = await simulation.startNode({ name: 'b@sim' })
      await simulation.until(a.connect(b.name))
      await compare(steps, { nodes: [a, b], settle: () => simulation.advance(delayMsMax * crossingsMax) })
    }),
    { numRuns: 500 },
  )
})
