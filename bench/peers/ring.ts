/**
 * The ceiling: ring-buffer mailboxes and a run queue, and nothing else that a process has (no pids, links,
 * monitors, time-outs, fairness or errors). What JavaScript itself allows on this machine.
 */

import { heapBytesEach, stepsPerSecond } from '../harness/pace.ts'
import {
  type Add,
  callsPerStep,
  hopsPerStep,
  idleProcesses,
  ringProcesses,
  sendsPerBatch,
  spawnsPerBatch,
} from '../workload.ts'

export class Ring<T> {
  #slots: (T | undefined)[]
  #head = 0
  length = 0

  constructor(slots: number) {
    this.#slots = new Array(slots)
  }

  push(item: T): void {
    if (this.length === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.length) & (this.#slots.length - 1)] = item
    this.length++
  }

  shift(): T {
    const item = this.#slots[this.#head] as T
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.length--
    return item
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Array(old.length * 2)
    for (let index = 0; index < old.length; index++) {
      this.#slots[index] = old[(this.#head + index) & (old.length - 1)]
    }
    this.#head = 0
  }
}

class RingProcess<Message> {
  readonly mailbox = new Ring<Message>(4)
  readonly handle: (message: Message) => void
  queued = false

  constructor(handle: (message: Message) => void) {
    this.handle = handle
  }
}

const runQueue = new Ring<RingProcess<unknown>>(64)

function ringDeliver<Message>(process: RingProcess<Message>, message: Message): void {
  process.mailbox.push(message)
  if (process.queued) return
  process.queued = true
  runQueue.push(process as RingProcess<unknown>)
}

function runAll(): void {
  while (runQueue.length > 0) {
    const process = runQueue.shift()
    process.queued = false
    while (process.mailbox.length > 0) process.handle(process.mailbox.shift())
  }
}

export async function ringSend(): Promise<number> {
  let total = 0
  let batchesTaken = 0
  const sender = new RingProcess<string>(() => {
    batchesTaken++
  })
  const adder = new RingProcess<Add>(({ add }) => {
    total += add
    if (total % sendsPerBatch === 0) ringDeliver(sender, 'taken')
  })
  const perSecond = await stepsPerSecond(() => {
    for (let sends = 0; sends < sendsPerBatch; sends++) ringDeliver(adder, { add: 1 })
    runAll()
  })
  if (total !== batchesTaken * sendsPerBatch) throw new Error(`${total} sends in ${batchesTaken} batches were taken.`)
  return perSecond * sendsPerBatch
}

interface RingCall {
  readonly request: Add
  readonly reply: (value: number) => void
}

export async function ringCall(): Promise<number> {
  let count = 0
  const counter = new RingProcess<RingCall>(({ request, reply }) => {
    count += request.add
    reply(count)
  })
  const call = (request: Add) =>
    new Promise<number>(reply => {
      ringDeliver(counter, { request, reply })
      queueMicrotask(runAll)
    })
  let answered = 0
  const perSecond = await stepsPerSecond(async () => {
    for (let calls = 0; calls < callsPerStep; calls++) answered = await call({ add: 1 })
  })
  if (answered !== count) throw new Error(`${answered} of ${count} calls were answered.`)
  return perSecond * callsPerStep
}

export async function ringSpawn(): Promise<number> {
  let ended = 0
  const endAtOnce = () => {
    ended++
  }
  const perSecond = await stepsPerSecond(() => {
    ended = 0
    for (let spawns = 0; spawns < spawnsPerBatch; spawns++) ringDeliver(new RingProcess(endAtOnce), 'start')
    runAll()
    if (ended !== spawnsPerBatch) throw new Error(`${ended} of ${spawnsPerBatch} processes have run.`)
  })
  return perSecond * spawnsPerBatch
}

export async function ringIdleBytes(): Promise<number> {
  const processes = new Set<RingProcess<Add>>()
  let total = 0
  const count = ({ add }: Add) => {
    total += add
  }
  const bytes = await heapBytesEach(idleProcesses, async () => {
    for (let started = 0; started < idleProcesses; started++) {
      const process = new RingProcess<Add>(count)
      processes.add(process)
      ringDeliver(process, { add: 1 })
      runAll()
    }
  })
  if (processes.size !== total) throw new Error(`${total} of ${processes.size} messages were taken.`)
  return bytes
}

export async function ringHops(): Promise<number> {
  const last: number[] = []
  const processes = Array.from(
    { length: ringProcesses },
    (_, index) =>
      new RingProcess<number>(hopsLeft => {
        if (hopsLeft > 1) ringDeliver(processes[(index + 1) % ringProcesses] as RingProcess<number>, hopsLeft - 1)
        else last.push(index)
      }),
  )
  const perSecond = await stepsPerSecond(() => {
    ringDeliver(processes[0] as RingProcess<number>, hopsPerStep)
    runAll()
    if (last.pop() !== (hopsPerStep - 1) % ringProcesses) throw new Error('The last hop ended elsewhere.')
  })
  return perSecond * hopsPerStep
}
