/** What a function process costs that has taken one message and waits for the next: bytes of the heap. */

import { defaultNode, type Self } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { heapBytesEach } from '../harness/pace.ts'
import { asyncIdleBytes } from '../peers/async-ring.ts'
import { erlang } from '../peers/erlang.ts'
import { type Add, idleFunctions } from '../workload.ts'
import { inProcess } from './in-process.ts'

let total = 0

async function counter(self: Self<Add>): Promise<void> {
  for (;;) {
    const { add } = await self.receive()
    total += add
  }
}

async function startCounters(self: Self): Promise<void> {
  for (let started = 1; started <= idleFunctions; started++) {
    self.send(self.spawn(counter), { add: 1 })
    if (started % 1_000 !== 0) continue
    // The last one of a group speaks when the others have had their turn.
    self.spawn((last: Self) => last.send(self.pid, 'waiting'))
    await self.receive()
  }
}

export const localIdleFunction: Figure = {
  name: 'local.idle_function_bytes',
  unit: 'bytes',
  better: 'lower',
  peer: 'erlang',
  ours: () =>
    inProcess(defaultNode(), async self => {
      const bytes = await heapBytesEach(idleFunctions, () => startCounters(self))
      if (total !== idleFunctions) throw new Error(`${total} of ${idleFunctions} messages were taken.`)
      return bytes
    }),
  peers: { erlang: erlang('idle_function', 'lower'), 'async ring': asyncIdleBytes },
}
