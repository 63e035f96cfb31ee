/**
 * What every carrier promises, as tests: run it with two nodes that have the carrier under test.
 *
 * ```ts
 * carrierSuite('the memory carrier', async () => ({ a, b, pass, lose, restartB, [Symbol.asyncDispose]: stop }))
 * ```
 */

import { describe } from 'vitest'
import { lossCases } from './carrier-loss.suite.ts'
import { messageCases } from './carrier-messages.suite.ts'
import { pressureCases } from './carrier-pressure.suite.ts'
import type { MakePair } from './carrier-trial.suite.ts'
import { watchCases } from './carrier-watches.suite.ts'

export type { CarrierPair, MakePair } from './carrier-trial.suite.ts'

export function carrierSuite(name: string, makePair: MakePair): void {
  describe(name, () => {
    messageCases(makePair)
    pressureCases(makePair)
    watchCases(makePair)
    lossCases(makePair)
  })
}
