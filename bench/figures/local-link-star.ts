/** A process is killed that many others are linked to: milliseconds until every one of them has ended. */

import { type AnyPid, defaultNode, type Self } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { collectGarbage } from '../harness/pace.ts'
import { median } from '../harness/row.ts'
import { erlang } from '../peers/erlang.ts'
import { starLinks } from '../workload.ts'
import { inProcess } from './in-process.ts'

const kills = 15

const leaf = (self: Self) => self.receive()

async function startStar(self: Self): Promise<{ hub: AnyPid; leaves: AnyPid[] }> {
  const leaves: AnyPid[] = []
  const hub = self.spawn(async (hub: Self) => {
    for (let started = 0; started < starLinks; started++) leaves.push(hub.spawnLink(leaf))
    hub.spawn((last: Self) => last.send(self.pid, 'started'))
    await hub.receive()
  })
  await self.receive()
  return { hub, leaves }
}

async function killMs(self: Self): Promise<number> {
  const { hub, leaves } = await startStar(self)
  collectGarbage()
  const startMs = performance.now()
  self.exit(hub, 'kill')
  const tookMs = performance.now() - startMs
  // An exit has done its work when it returns: to watch any of them says so at once.
  for (const pid of leaves) {
    self.monitor(pid)
    const { reason } = (await self.receive()) as { reason: unknown }
    if (reason !== 'noproc') throw new Error(`${String(pid)} outlived the process that it was linked to.`)
  }
  return tookMs
}

export const localLinkStar: Figure = {
  name: 'local.link_star_ms',
  unit: 'ms',
  better: 'lower',
  peer: 'erlang',
  ours: () =>
    inProcess(defaultNode(), async self => {
      const tookMs: number[] = []
      for (let kill = 0; kill < kills; kill++) tookMs.push(await killMs(self))
      return median(tookMs)
    }),
  peers: { erlang: erlang('link_star', 'lower') },
}
