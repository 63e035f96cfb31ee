/**
 * What one life of a node gets from its operating system: time, turns, disk and log that all stop at the moment it is
 * killed. Its promises may still settle, but nothing it does then has an effect.
 */

import type { Clock, Disk, Log, Timer, Turns } from '@barrel-actors/runtime'

export interface OSProcessSeams {
  readonly clock: Clock
  readonly turns: Turns
  readonly disk: Disk
  readonly log: Log
}

const firedTimer: Timer = { cancel() {}, keepAlive() {} }

export class OSProcess implements OSProcessSeams {
  #isAlive = true
  readonly clock: Clock
  readonly turns: Turns
  readonly disk: Disk
  readonly log: Log

  /** `skewMs` says how far the wall clock of the machine is off. */
  constructor({ clock, turns, disk, log }: OSProcessSeams, skewMs: () => number) {
    this.clock = {
      now: () => clock.now(),
      wall: () => clock.wall() + skewMs(),
      setTimer: (delayMs, expire) => (this.#isAlive ? clock.setTimer(delayMs, this.#alive(expire)) : firedTimer),
    }
    this.turns = {
      soon: run => turns.soon(this.#alive(run)),
      later: run => turns.later(this.#alive(run)),
    }
    this.disk = {
      read: (path, bytesMax) => this.#settles(() => disk.read(path, bytesMax)),
      replace: (path, bytes, mode) => this.#settles(() => disk.replace(path, bytes, mode)),
      remove: path => this.#settles(() => disk.remove(path)),
      list: folder => this.#settles(() => disk.list(folder)),
    }
    this.log = {
      debug: (event, fields) => this.#isAlive && log.debug(event, fields),
      info: (event, fields) => this.#isAlive && log.info(event, fields),
      warn: (event, fields) => this.#isAlive && log.warn(event, fields),
      error: (event, fields) => this.#isAlive && log.error(event, fields),
    }
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  kill(): void {
    this.#isAlive = false
  }

  #alive(run: () => void): () => void {
    return () => {
      if (this.#isAlive) run()
    }
  }

  /** A promise that stays open once the OS process is gone. */
  #settles<Value>(operate: () => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (!this.#isAlive) return
      operate().then(
        value => this.#isAlive && resolve(value),
        error => this.#isAlive && reject(error),
      )
    })
  }
}
