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
  #timeout: NodeJS.Timeout
  #keep = false

  constructor(delayMs: number, expire: () => void) {
    this.#timeout = this.#start(delayMs, expire)
  }

  #start(delayMs: number, expire: () => void): NodeJS.Timeout {
    const timeout =
      delayMs <= delayMsMax
        ? setTimeout(expire, delayMs)
        : setTimeout(() => {
            this.#timeout = this.#start(delayMs - delayMsMax, expire)
          }, delayMsMax)
    if (!this.#keep) timeout.unref()
    return timeout
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
