/** Calls from one process to a server on the same node, each awaited before the next: round trips per second. */

import { defaultNode, GenServer } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { stepsPerSecond } from '../harness/pace.ts'
import { erlang } from '../peers/erlang.ts'
import { nactCall } from '../peers/nact.ts'
import { ringCall } from '../peers/ring.ts'
import { xstateCall } from '../peers/xstate.ts'
import { type Add, callsPerStep } from '../workload.ts'
import { inProcess } from './in-process.ts'

class Counter extends GenServer<{ call: (request: Add) => number }> {
  #count = 0

  override handleCall({ add }: Add) {
    this.#count += add
    return this.#count
  }
}

export const localCall: Figure = {
  name: 'local.call',
  unit: 'calls/s',
  better: 'higher',
  peer: 'ring',
  ours: () =>
    inProcess(defaultNode(), async self => {
      const counter = self.spawn(Counter)
      let count = 0
      const perSecond = await stepsPerSecond(async () => {
        for (let calls = 0; calls < callsPerStep; calls++) count = await self.call(counter, { add: 1 })
      })
      if (count % callsPerStep !== 0) throw new Error(`${count} calls were answered.`)
      return perSecond * callsPerStep
    }),
  peers: { ring: ringCall, erlang: erlang('call', 'higher'), nact: nactCall, xstate: xstateCall },
}
