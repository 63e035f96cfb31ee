/** One-way sends from one process to a server on the same node: messages taken per second. */

import { defaultNode, GenServer, type Self, type ServerPid } from '@barrel-actors/runtime'
import type { Figure } from '../harness/figure.ts'
import { stepsPerSecond } from '../harness/pace.ts'
import { erlang } from '../peers/erlang.ts'
import { nactSend } from '../peers/nact.ts'
import { ringSend } from '../peers/ring.ts'
import { xstateSend } from '../peers/xstate.ts'
import { type Add, sendsPerBatch } from '../workload.ts'
import { inProcess } from './in-process.ts'

interface AdderProtocol {
  call: (request: 'total') => number
  info: Add
}

class Adder extends GenServer<AdderProtocol> {
  #total = 0
  #sender: Self['pid'] | undefined

  override init(sender: Self['pid']) {
    this.#sender = sender
  }

  override handleInfo({ add }: Add) {
    this.#total += add
    if (this.#total % sendsPerBatch === 0 && this.#sender !== undefined) this.send(this.#sender, 'taken')
  }

  override handleCall() {
    return this.#total
  }
}

async function sendBatch(self: Self, adder: ServerPid<AdderProtocol>): Promise<void> {
  for (let sends = 0; sends < sendsPerBatch; sends++) self.send(adder, { add: 1 })
  await self.receive()
}

export const localSend: Figure = {
  name: 'local.send',
  unit: 'sends/s',
  better: 'higher',
  peer: 'ring',
  ours: () =>
    inProcess(defaultNode(), async self => {
      const adder = self.spawn(Adder, self.pid)
      let batches = 0
      const perSecond = await stepsPerSecond(() => {
        batches++
        return sendBatch(self, adder)
      })
      const total = await self.call(adder, 'total')
      if (total !== batches * sendsPerBatch) throw new Error(`${total} of ${batches * sendsPerBatch} sends were taken.`)
      return perSecond * sendsPerBatch
    }),
  peers: { ring: ringSend, erlang: erlang('send', 'higher'), nact: nactSend, xstate: xstateSend },
}
