/** Tells a server of silence: `{ kind: 'timeout' }` once no message has come for as long as it asked. */

import { checkTimeout, Timed } from '../clock/timeouts.ts'
import type { Process } from '../process/process.ts'
import { Call, StopOrder } from './call.ts'
import type { Silence } from './outcome.ts'

export class IdleTimer extends Timed {
  readonly #process: Process

  constructor(process: Process, timeoutMs: number) {
    super()
    this.#process = process
    process.looksFirst = true
    process.node.timeouts.enter(this, checkTimeout(timeoutMs))
  }

  override expire(): void {
    this.#process.idle = undefined
    // As in OTP: a message that is there already ends the wait, however late its turn comes.
    if (hasMessage(this.#process)) return
    const silence: Silence = { kind: 'timeout' }
    this.#process.deliver(silence)
  }

  /** A message has come, or the process has ended. */
  cancel(): void {
    this.#process.idle = undefined
    this.#process.node.timeouts.leave(this)
  }
}

/** A call or a stop whose sender has given up, or whose sender's node is gone: nothing comes of it. */
export function isWithdrawn(message: unknown): boolean {
  return (message instanceof Call || message instanceof StopOrder) && !message.isOpen
}

function hasMessage({ mailbox }: Process): boolean {
  for (let place = 0; place < (mailbox?.length ?? 0); place++) {
    if (!isWithdrawn(mailbox?.at(place))) return true
  }
  return false
}
