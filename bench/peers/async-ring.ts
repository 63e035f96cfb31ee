/**
 * The ceiling of function processes: async functions that await their next message from a bare ring buffer, and
 * nothing else that a process has.
 */

import { heapBytesEach, stepsPerSecond } from '../harness/pace.ts'
import { hopsPerStep, idleFunctions, ringProcesses, roundTripsPerStep } from '../workload.ts'
import { Ring } from './ring.ts'

class AsyncMailbox<Message> {
  readonly #messages = new Ring<Message>(4)
  #resolve: ((message: Message) => void) | undefined

  send(message: Message): void {
    const resolve = this.#resolve
    if (resolve === undefined) return this.#messages.push(message)
    this.#resolve = undefined
    resolve(message)
  }

  receive(): Promise<Message> {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift())
    return new Promise(resolve => {
      this.#resolve = resolve
    })
  }
}

interface Ball {
  readonly hit: number
}

export async function asyncPingPong(): Promise<number> {
  const ping = new AsyncMailbox<Ball>()
  const pong = new AsyncMailbox<Ball>()
  let returned = 0
  void (async () => {
    for (;;) {
      const { hit } = await pong.receive()
      returned++
      ping.send({ hit })
    }
  })()
  let hit = 0
  const perSecond = await stepsPerSecond(async () => {
    for (let trips = 0; trips < roundTripsPerStep; trips++) {
      hit++
      pong.send({ hit })
      const ball = await ping.receive()
      if (ball.hit !== hit) throw new Error(`${ball.hit} came back in place of ${hit}.`)
    }
  })
  if (returned !== hit) throw new Error(`${returned} of ${hit} balls were returned.`)
  return perSecond * roundTripsPerStep
}

export async function asyncRing(): Promise<number> {
  const mailboxes = Array.from({ length: ringProcesses }, () => new AsyncMailbox<number>())
  const finished = new AsyncMailbox<number>()
  for (const [index, mailbox] of mailboxes.entries()) {
    const next = mailboxes[(index + 1) % ringProcesses] as AsyncMailbox<number>
    void (async () => {
      for (;;) {
        const hopsLeft = await mailbox.receive()
        if (hopsLeft > 1) next.send(hopsLeft - 1)
        else finished.send(index)
      }
    })()
  }
  const perSecond = await stepsPerSecond(async () => {
    mailboxes[0]?.send(hopsPerStep)
    const last = await finished.receive()
    if (last !== (hopsPerStep - 1) % ringProcesses) throw new Error(`The last hop ended at ${last}.`)
  })
  return perSecond * hopsPerStep
}

export async function asyncIdleBytes(): Promise<number> {
  const mailboxes: AsyncMailbox<number>[] = []
  let taken = 0
  const bytes = await heapBytesEach(idleFunctions, async () => {
    for (let started = 0; started < idleFunctions; started++) {
      const mailbox = new AsyncMailbox<number>()
      mailboxes.push(mailbox)
      void (async () => {
        for (;;) {
          const add = await mailbox.receive()
          taken += add
        }
      })()
      mailbox.send(1)
    }
    await Promise.resolve()
  })
  if (taken !== mailboxes.length) throw new Error(`${taken} of ${mailboxes.length} messages were taken.`)
  return bytes
}
