/** One message that goes round a ring of processes: hops per second. */

import { defaultNode, GenServer, type Self, type ServerPid } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { stepsPerSecond } from '../harness/pace.ts'
import { asyncRing } from '../peers/async-ring.ts'
import { erlang } from '../peers/erlang.ts'
import { ringHops } from '../peers/ring.ts'
import { hopsPerStep, ringProcesses } from '../workload.ts'
import { inProcess } from './in-process.ts'

interface HopProtocol {
  info: number
  cast: { readonly next: ServerPid<HopProtocol> }
}

class Hop extends GenServer<HopProtocol> {
  #index = 0
  #next: ServerPid<HopProtocol> | undefined
  #finished: Self['pid'] | undefined

  override init(index: number, finished: Self['pid'], next: ServerPid<HopProtocol> | undefined) {
    this.#index = index
    this.#finished = finished
    this.#next = next
  }

  override handleCast({ next }: HopProtocol['cast']) {
    this.#next = next
  }

  override handleInfo(hopsLeft: number) {
    if (hopsLeft > 1 && this.#next !== undefined) this.send(this.#next, hopsLeft - 1)
    else if (this.#finished !== undefined) this.send(this.#finished, this.#index)
  }
}

export const localRing: Figure = {
  name: 'local.ring',
  unit: 'hops/s',
  better: 'higher',
  peer: 'ring',
  ours: () =>
    inProcess(defaultNode(), async self => {
      const last = self.spawn(Hop, ringProcesses - 1, self.pid, undefined)
      let first = last
      for (let index = ringProcesses - 2; index >= 0; index--) first = self.spawn(Hop, index, self.pid, first)
      self.cast(last, { next: first })
      const perSecond = await stepsPerSecond(async () => {
        self.send(first, hopsPerStep)
        const index = await self.receive()
        if (index !== (hopsPerStep - 1) % ringProcesses) throw new Error(`The last hop ended at ${String(index)}.`)
      })
      return perSecond * hopsPerStep
    }),
  peers: { ring: ringHops, erlang: erlang('ring', 'higher'), 'async ring': asyncRing },
}
