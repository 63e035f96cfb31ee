import { createSimulation } from '@barrel-actors/simulation'
import { semanticsSuite } from '@barrel-actors/simulation/semantics-suite'
import { expect, test } from 'vitest'
import { startNode } from '../start-node.ts'

semanticsSuite('on one node', async () => {
  const simulation = createSimulation()
  const node = await simulation.startNode({ name: 'a@sim' })
  return {
    a: node,
    b: node,
    pass: ms => simulation.advance(ms),
    lose: async () => {},
    restartB: async () => node,
    [Symbol.asyncDispose]: () => simulation[Symbol.asyncDispose](),
  }
})

test('a message to a process of the same node is passed by reference', async () => {
  await using node = await startNode()
  const message = { list: [1] }
  node.send(node.pid, message)
  expect(await node.receive()).toBe(message)
})
