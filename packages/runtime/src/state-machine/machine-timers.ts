/** The running time-outs of a machine: each puts itself into the mailbox when its time has come. */

import { Timed } from '../clock/timeouts.ts'
import type { Process } from '../process/process.ts'
import type { TimerKey } from './core.ts'

/** Found in the mailbox of the machine. */
export class Expiry {
  readonly kind = 'expired'
  readonly timer: TimerKey
  readonly id: number

  constructor(timer: TimerKey, id: number) {
    this.timer = timer
    this.id = id
  }
}

class MachineTimer extends Timed {
  readonly #expire: () => void

  constructor(expire: () => void) {
    super()
    this.#expire = expire
  }

  override expire(): void {
    this.#expire()
  }
}

export class MachineTimers {
  readonly #process: Process
  readonly #running = new Map<number, MachineTimer>()

  constructor(process: Process, ended: AbortSignal) {
    this.#process = process
    ended.addEventListener('abort', () => this.#cancelAll(), { once: true })
  }

  start(timer: TimerKey, id: number, delayMs: number): void {
    const timed = new MachineTimer(() => {
      this.#running.delete(id)
      this.#process.deliver(new Expiry(timer, id))
    })
    this.#running.set(id, timed)
    this.#process.node.timeouts.enter(timed, delayMs)
  }

  /** Harmless where it has expired already: the core knows what it has cancelled. */
  cancel(id: number): void {
    const timed = this.#running.get(id)
    if (timed === undefined) return
    this.#running.delete(id)
    this.#process.node.timeouts.leave(timed)
  }

  #cancelAll(): void {
    for (const id of [...this.#running.keys()]) this.cancel(id)
  }
}
