/** Starting processes that end at once: processes per second. */

import { defaultNode, type Self } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { stepsPerSecond } from '../harness/pace.ts'
import { erlang } from '../peers/erlang.ts'
import { nactSpawn } from '../peers/nact.ts'
import { ringSpawn } from '../peers/ring.ts'
import { xstateSpawn } from '../peers/xstate.ts'
import { spawnsPerBatch } from '../workload.ts'
import { inProcess } from './in-process.ts'

let ended = 0

function endAtOnce(): void {
  ended++
}

async function spawnBatch(self: Self): Promise<void> {
  ended = 0
  for (let spawns = 1; spawns < spawnsPerBatch; spawns++) self.spawn(endAtOnce)
  // Processes have their turns in the order they were started: when the last one speaks, the others have ended.
  self.spawn((last: Self) => {
    ended++
    last.send(self.pid, 'ended')
  })
  await self.receive()
  if (ended !== spawnsPerBatch) throw new Error(`${ended} of ${spawnsPerBatch} processes have run.`)
}

export const localSpawn: Figure = {
  name: 'local.spawn',
  unit: 'processes/s',
  better: 'higher',
  peer: 'erlang',
  ours: () => inProcess(defaultNode(), async self => (await stepsPerSecond(() => spawnBatch(self))) * spawnsPerBatch),
  peers: { erlang: erlang('spawn', 'higher'), ring: ringSpawn, nact: nactSpawn, xstate: xstateSpawn },
}
