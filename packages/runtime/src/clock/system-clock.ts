// Not the global one, which Node 20 looks up anew each time.
import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from './clock.ts'

// setTimeout fires at once for anything longer.
const delayMsMax = 2 ** 31 - 1

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimer: (delayMs, expire) => new SystemTimer(delayMs, expire),
}

class SystemTimer implements Timer {
  readonly #dueMs: number
  readonly #expire: () => void
  #timeout: NodeJS.Timeout
  #keep = false

  constructor(delayMs: number, expire: () => void) {
    this.#dueMs = performance.now() + delayMs
    this.#expire = expire
    this.#timeout = this.#start(delayMs)
  }

  #start(delayMs: number): NodeJS.Timeout {
    const timeout = setTimeout(() => this.#passed(), Math.min(Math.ceil(delayMs), delayMsMax))
    if (!this.#keep) timeout.unref()
    return timeout
  }

  // The event loop counts from when its turn began, in whole milliseconds: it may be early.
  #passed(): void {
    const leftMs = this.#dueMs - performance.now()
    if (leftMs > 0) this.#timeout = this.#start(leftMs)
    else this.#expire()
  }

  cancel(): void {
    clearTimeout(this.#timeout)
  }

  keepAlive(keep: boolean): void {
    this.#keep = keep
    if (keep) this.#timeout.ref()
    else this.#timeout.unref()
  }
}
