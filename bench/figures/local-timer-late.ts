/** How late timers come beside a process that floods itself: milliseconds, the 99th of a hundred. */

import { defaultNode, GenServer, type Self } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { percentile } from '../harness/pace.ts'
import { erlang } from '../peers/erlang.ts'
import { floodMessages, timerMs, timersMeasured } from '../workload.ts'
import { inProcess } from './in-process.ts'

class Flood extends GenServer<{ info: 'flood'; call: (request: 'count') => number }> {
  #count = 0

  override handleInfo(message: 'flood') {
    this.#count++
    this.send(this.pid, message)
  }

  override handleCall() {
    return this.#count
  }
}

async function lateMs(self: Self): Promise<number> {
  const startMs = performance.now()
  self.sendAfter(timerMs, self.pid, 'due')
  await self.receive()
  return performance.now() - startMs - timerMs
}

export const localTimerLate: Figure = {
  name: 'local.timer_late_p99_ms',
  unit: 'ms',
  better: 'lower',
  peer: 'erlang',
  ours: () =>
    inProcess(defaultNode(), async self => {
      const flood = self.spawn(Flood)
      for (let sent = 0; sent < floodMessages; sent++) self.send(flood, 'flood')
      const lates = new Float64Array(timersMeasured)
      for (let timer = 0; timer < timersMeasured; timer++) lates[timer] = await lateMs(self)
      const flooded = await self.call(flood, 'count')
      if (flooded < 1_000_000) throw new Error(`It took ${flooded} messages, which is no flood.`)
      return percentile(lates, 0.99)
    }),
  peers: { erlang: erlang('timer_late', 'lower') },
}
