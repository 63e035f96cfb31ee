/** What a server costs that has taken one message and waits for the next: bytes of the heap, after collection. */

import { defaultNode, GenServer, type Self } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { heapBytesEach } from '../harness/pace.ts'
import { erlang } from '../peers/erlang.ts'
import { nactIdleBytes } from '../peers/nact.ts'
import { ringIdleBytes } from '../peers/ring.ts'
import { xstateIdleBytes } from '../peers/xstate.ts'
import { type Add, idleProcesses } from '../workload.ts'
import { inProcess } from './in-process.ts'

class Counter extends GenServer<{ info: Add; call: (request: 'count') => number }> {
  #count = 0

  override handleInfo({ add }: Add) {
    this.#count += add
  }

  override handleCall() {
    return this.#count
  }
}

// In small groups: a queue that had to hold all of them at once would count as theirs.
async function startCounters(self: Self): Promise<void> {
  for (let started = 0; started < idleProcesses; started++) {
    const counter = self.spawn(Counter)
    self.send(counter, { add: 1 })
    if (started % 1_000 === 0) await self.call(counter, 'count')
  }
}

export const localIdle: Figure = {
  name: 'local.idle_process_bytes',
  unit: 'bytes',
  better: 'lower',
  peer: 'erlang',
  ours: () => inProcess(defaultNode(), self => heapBytesEach(idleProcesses, () => startCounters(self))),
  peers: { erlang: erlang('idle', 'lower'), ring: ringIdleBytes, nact: nactIdleBytes, xstate: xstateIdleBytes },
}
