/** nact: actors as functions from a state and a message to the next state, as its documentation writes them. */

import { dispatch, query, type Ref, spawn, start, stop } from 'nact'
import { heapBytesEach, stepsPerSecond } from '../harness/pace.ts'
import { type Add, callsPerStep, idleProcesses, sendsPerBatch, spawnsPerBatch } from '../workload.ts'

export async function nactSend(): Promise<number> {
  const system = start()
  let taken = () => {}
  const adder = spawn(
    system,
    (state: { total: number } = { total: 0 }, { add }: Add) => {
      const total = state.total + add
      if (total % sendsPerBatch === 0) taken()
      return { total }
    },
    'adder',
  )
  const perSecond = await stepsPerSecond(
    () =>
      new Promise<void>(resolve => {
        taken = resolve
        for (let sends = 0; sends < sendsPerBatch; sends++) dispatch(adder, { add: 1 })
      }),
  )
  stop(system)
  return perSecond * sendsPerBatch
}

interface Asked extends Add {
  readonly sender: Ref<number>
}

export async function nactCall(): Promise<number> {
  const system = start()
  const counter = spawn(
    system,
    (state: { count: number } = { count: 0 }, { add, sender }: Asked) => {
      const count = state.count + add
      dispatch(sender, count)
      return { count }
    },
    'counter',
  )
  let count = 0
  const perSecond = await stepsPerSecond(async () => {
    for (let calls = 0; calls < callsPerStep; calls++) {
      count = await query(counter, (sender: Ref<number>): Asked => ({ add: 1, sender }), 5_000)
    }
  })
  if (count % callsPerStep !== 0) throw new Error(`${count} calls were answered.`)
  stop(system)
  return perSecond * callsPerStep
}

/** Each ends after its one message, as it has to be given one to do anything. */
export async function nactSpawn(): Promise<number> {
  const system = start()
  let ended = 0
  const perSecond = await stepsPerSecond(
    () =>
      new Promise<void>(resolve => {
        const last = ended + spawnsPerBatch
        for (let spawns = 0; spawns < spawnsPerBatch; spawns++) {
          const end = (_: undefined, __: 'end', { self }: { self: Ref<'end'> }) => {
            stop(self)
            if (++ended === last) resolve()
            return undefined
          }
          dispatch(spawn(system, end, `actor-${ended}-${spawns}`), 'end')
        }
      }),
  )
  stop(system)
  return perSecond * spawnsPerBatch
}

export function nactIdleBytes(): Promise<number> {
  const system = start()
  return heapBytesEach(idleProcesses, async () => {
    for (let started = 0; started < idleProcesses; started++) {
      const count = (state: { count: number } = { count: 0 }, { add }: Add) => ({ count: state.count + add })
      // Named, as the names that it gives by itself repeat.
      const counter = spawn(system, count, `counter-${started}`)
      dispatch(counter, { add: 1 })
    }
    await query(
      spawn(system, (_: undefined, { sender }: { sender: Ref<string> }) => dispatch(sender, 'idle') as undefined),
      (sender: Ref<string>) => ({ sender }),
      60_000,
    )
  })
}
