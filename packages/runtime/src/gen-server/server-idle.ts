/** Tells a server of silence: `{ kind: 'timeout' }` once no message has come for as long as it asked. */

import { checkTimeout, Timed } from '../clock/timeouts.ts'
import type { Process } from '../process/process.ts'
import type { Silence } from './outcome.ts'

export class IdleTimer extends Timed {
  readonly #process: Process

  constructor(process: Process, timeoutMs: number) {
    super()
    this.#process = process
    process.node.timeouts.enter(this, checkTimeout(timeoutMs))
  }

  override expire(): void {
    this.#process.idle = undefined
    const silence: Silence = { kind: 'timeout' }
    this.#process.deliver(silence)
  }

  /** A message has come, or the process has ended. */
  cancel(): void {
    this.#process.idle = undefined
    this.#process.node.timeouts.leave(this)
  }
}
