/** A request and the `receive` of its reply by a fresh ref, while many messages wait: microseconds each. */

import { defaultNode, type Pid, type Ref, type Self } from '@barrel-actors/runtime'
import type { Arm, Figure } from '../harness/figure.ts'
import { stepsPerSecond } from '../harness/pace.ts'
import { erlang } from '../peers/erlang.ts'
import { queuedMessages, receivesPerStep } from '../workload.ts'
import { inProcess } from './in-process.ts'

interface Request {
  readonly ref: Ref
  readonly from: Pid
}

async function echo(self: Self<Request>): Promise<void> {
  for (;;) {
    const { ref, from } = await self.receive()
    self.send(from, { ref, answer: 1 })
  }
}

function microseconds(queued: number): Arm {
  return () =>
    inProcess(defaultNode(), async self => {
      for (let sent = 0; sent < queued; sent++) self.send(self.pid, { waiting: sent })
      const from = self.pid as Pid
      const other = self.spawn(echo)
      const perSecond = await stepsPerSecond(async () => {
        for (let receives = 0; receives < receivesPerStep; receives++) {
          const ref = self.makeRef()
          self.send(other, { ref, from })
          await self.receive({ ref })
        }
      })
      return 1_000_000 / (perSecond * receivesPerStep)
    })
}

export const localSelectiveReceive: Figure = {
  name: 'local.selective_receive',
  unit: 'us',
  better: 'lower',
  peer: 'empty mailbox',
  ours: microseconds(queuedMessages),
  peers: { 'empty mailbox': microseconds(0), erlang: erlang('selective_receive', 'lower') },
}
