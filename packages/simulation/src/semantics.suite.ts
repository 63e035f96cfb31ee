/**
 * What Erlang promises of processes, as tests that do not care where the processes are: on one node, on two nodes of
 * a simulation, or on two nodes over a network. What a carrier promises by itself is in the carrier suite.
 */

import { describe } from 'vitest'
import type { MakePair } from './carrier-trial.suite.ts'
import { callCases } from './semantics-calls.suite.ts'
import { linkCases } from './semantics-links.suite.ts'
import { monitorCases } from './semantics-monitors.suite.ts'

export type { CarrierPair, MakePair } from './carrier-trial.suite.ts'

/** `a` and `b` of the pair may be one node. */
export function semanticsSuite(name: string, makePair: MakePair): void {
  describe(name, () => {
    linkCases(makePair)
    monitorCases(makePair)
    callCases(makePair)
  })
}
