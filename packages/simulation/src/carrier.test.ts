import { carrierSuite, type MakePair } from './carrier.suite.ts'
import type { Delay } from './options.ts'
import { createSimulation } from './simulation.ts'

const pairWith =
  (delayMs: Delay): MakePair =>
  async () => {
    const simulation = createSimulation({ network: { delayMs } })
    const a = await simulation.startNode({ name: 'a@sim' })
    const b = await simulation.startNode({ name: 'b@sim' })
    return {
      a,
      b,
      pass: ms => simulation.advance(ms),
      lose: async () => {
        simulation.network.cut(a, b)
        simulation.network.heal(a, b)
      },
      restartB: async () => {
        simulation.kill(b)
        return simulation.startNode({ name: 'b@sim' })
      },
      quietMs: 100,
      [Symbol.asyncDispose]: () => simulation[Symbol.asyncDispose](),
    }
  }

carrierSuite('the memory carrier', pairWith(1))
carrierSuite(
  'the memory carrier with a delay that varies',
  pairWith(random => random.next() * 20),
)
