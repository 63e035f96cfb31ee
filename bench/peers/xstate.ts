/** xstate: actors from transition functions. It has no calls: a request carries the function that takes the reply. */

import { type ActorRefFrom, createActor, fromTransition } from 'xstate'
import { heapBytesEach, stepsPerSecond } from '../harness/pace.ts'
import { callsPerStep, idleProcesses, sendsPerBatch, spawnsPerBatch } from '../workload.ts'

interface AddEvent {
  readonly type: 'add'
  readonly add: number
  readonly reply?: (total: number) => void
}

const adding = fromTransition(
  (total: { readonly total: number }, { add, reply }: AddEvent) => {
    const next = { total: total.total + add }
    reply?.(next.total)
    return next
  },
  { total: 0 },
)

const started = (): ActorRefFrom<typeof adding> => createActor(adding).start()

/** An actor takes what it is sent before `send` returns. */
export async function xstateSend(): Promise<number> {
  const adder = started()
  let batches = 0
  const perSecond = await stepsPerSecond(() => {
    batches++
    for (let sends = 0; sends < sendsPerBatch; sends++) adder.send({ type: 'add', add: 1 })
  })
  const { total } = adder.getSnapshot().context
  if (total !== batches * sendsPerBatch) throw new Error(`${total} of ${batches * sendsPerBatch} sends were taken.`)
  return perSecond * sendsPerBatch
}

export async function xstateCall(): Promise<number> {
  const counter = started()
  let count = 0
  const perSecond = await stepsPerSecond(async () => {
    for (let calls = 0; calls < callsPerStep; calls++) {
      count = await new Promise<number>(reply => counter.send({ type: 'add', add: 1, reply }))
    }
  })
  if (count % callsPerStep !== 0) throw new Error(`${count} calls were answered.`)
  return perSecond * callsPerStep
}

export async function xstateSpawn(): Promise<number> {
  const perSecond = await stepsPerSecond(() => {
    for (let spawns = 0; spawns < spawnsPerBatch; spawns++) started().stop()
  })
  return perSecond * spawnsPerBatch
}

export function xstateIdleBytes(): Promise<number> {
  const kept: unknown[] = []
  return heapBytesEach(idleProcesses, async () => {
    for (let count = 0; count < idleProcesses; count++) {
      const counter = started()
      counter.send({ type: 'add', add: 1 })
      kept.push(counter)
    }
  })
}
