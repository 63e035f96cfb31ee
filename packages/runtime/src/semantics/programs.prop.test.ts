import fc from 'fast-check'
import { test } from 'vitest'
import { startNode } from '../start-node.ts'
import { compare } from './compare.suite.ts'
import { program } from './program.suite.ts'

/** Every promise continuation that is ready has run before. */
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

test('whatever processes do to each other, each sees what the rules of Erlang say', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(program, async steps => {
      await using node = await startNode({ scheduler: { sliceMs: 60_000 } })
      await compare(steps, { nodes: [node], settle: turn })
    }),
    { numRuns: 1000 },
  )
})
