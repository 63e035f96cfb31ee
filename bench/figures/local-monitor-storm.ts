/** A million monitors of one process are set, and fire: milliseconds until it has taken every `down`. */

import { type AnyPid, defaultNode, type Self } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { collectGarbage } from '../harness/pace.ts'
import { median } from '../harness/row.ts'
import { erlang } from '../peers/erlang.ts'
import { stormMonitorsEach, stormTargets } from '../workload.ts'
import { inProcess } from './in-process.ts'

const storms = 3

const target = (self: Self) => self.receive()

async function stormMs(self: Self): Promise<number> {
  const targets: AnyPid[] = Array.from({ length: stormTargets }, () => self.spawn(target))
  collectGarbage()
  const startMs = performance.now()
  for (const pid of targets) for (let set = 0; set < stormMonitorsEach; set++) self.monitor(pid)
  for (const pid of targets) self.exit(pid, 'kill')
  for (let left = stormTargets * stormMonitorsEach; left > 0; left--) {
    const { reason } = (await self.receive()) as { reason: unknown }
    if (reason !== 'killed') throw new Error(`A monitor fired with ${String(reason)}.`)
  }
  return performance.now() - startMs
}

export const localMonitorStorm: Figure = {
  name: 'local.monitor_storm_ms',
  unit: 'ms',
  better: 'lower',
  peer: 'erlang',
  ours: () =>
    inProcess(defaultNode(), async self => {
      const tookMs: number[] = []
      for (let storm = 0; storm < storms; storm++) tookMs.push(await stormMs(self))
      return median(tookMs)
    }),
  peers: { erlang: erlang('monitor_storm', 'lower') },
}
