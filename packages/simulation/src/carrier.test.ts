import { carrierSuite, type MakePair } from './carrier.suite.ts'
import { type Delay, exponentialDelay } from './delays.ts'
import type { WayOptions } from './options.ts'
import { createSimulation } from './simulation.ts'

const pairWith =
  (delayMs: Delay, faults: Partial<WayOptions> = {}): MakePair =>
  async () => {
    const simulation = createSimulation({ network: { delayMs, ...faults } })
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
      quietMs: 'lossRate' in faults ? 1000 : 100,
      [Symbol.asyncDispose]: () => simulation[Symbol.asyncDispose](),
    }
  }

carrierSuite('the memory carrier', pairWith(1))
carrierSuite(
  'the memory carrier with a delay that varies',
  pairWith(random => random.next() * 20),
)
carrierSuite(
  'the memory carrier over a bad line',
  pairWith(exponentialDelay(5, 1), {
    lossRate: 0.2,
    retransmitMs: 5,
    duplicationRate: 0.2,
    reorderRate: 0.1,
    reorderMsMax: 50,
  }),
)
