/** Tells the log of handshakes that failed, so that a flood of them does not become a flood of lines. */
import type { Clock, Log, LogFields, Timer } from '@barrel-actors/runtime'

const intervalMs = 1_000

export class HandshakeLog {
  readonly #clock: Clock
  readonly #log: Log
  /** Those since the last line. */
  #count = 0
  #latest: LogFields = {}
  #timer: Timer | undefined

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** One failed. At most one line a second: that of the latest, with how many there were since the line before. */
  failed(fields: LogFields): void {
    this.#count++
    this.#latest = fields
    if (this.#timer === undefined) this.#tell()
  }

  /** Tells the rest. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#count > 0) this.#write()
  }

  #tell(): void {
    this.#write()
    this.#timer = this.#clock.setTimer(intervalMs, () => {
      this.#timer = undefined
      if (this.#count > 0) this.#tell()
    })
  }

  #write(): void {
    this.#log.warn('handshake failed', { ...this.#latest, count: this.#count })
    this.#count = 0
  }
}
