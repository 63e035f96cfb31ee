/** Two function processes that wait for each other: round trips per second. */

import { defaultNode, type Pid, type Self } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { stepsPerSecond } from '../harness/pace.ts'
import { asyncPingPong } from '../peers/async-ring.ts'
import { erlang } from '../peers/erlang.ts'
import { roundTripsPerStep } from '../workload.ts'
import { inProcess } from './in-process.ts'

interface Ball {
  readonly from: Pid<{ readonly hit: number }>
  readonly hit: number
}

async function pong(self: Self<Ball>): Promise<void> {
  for (;;) {
    const { from, hit } = await self.receive()
    self.send(from, { hit })
  }
}

export const localPingPong: Figure = {
  name: 'local.pingpong',
  unit: 'round trips/s',
  better: 'higher',
  peer: 'ring',
  ours: () =>
    inProcess(defaultNode(), async self => {
      const other = self.spawn(pong)
      const from = self.pid as unknown as Ball['from']
      let hit = 0
      const perSecond = await stepsPerSecond(async () => {
        for (let trips = 0; trips < roundTripsPerStep; trips++) {
          hit++
          self.send(other, { from, hit })
          const ball = (await self.receive()) as Ball
          if (ball.hit !== hit) throw new Error(`${ball.hit} came back in place of ${hit}.`)
        }
      })
      return perSecond * roundTripsPerStep
    }),
  peers: { ring: asyncPingPong, erlang: erlang('pingpong', 'higher') },
}
