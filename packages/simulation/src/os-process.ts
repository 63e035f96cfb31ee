/**
 * What one life of a node gets from its operating system: time, turns, disk and log that all stop at the moment it is
 * killed. Its promises may still settle, but nothing it does then has an effect. While it is paused nothing of it
 * runs; while it is slow, one thing after the other.
 */

import type { Clock, Disk, FolderLock, Log, Timer, Turns } from '@barrel-actors/runtime'
import { Gate } from './gate.ts'
import type { MachineClock } from './machine-clock.ts'

export interface OSProcessSeams {
  readonly clock: Clock
  readonly turns: Turns
  readonly disk: Disk
  readonly log: Log
}

const firedTimer: Timer = { cancel() {}, keepAlive() {} }

export class OSProcess implements OSProcessSeams {
  #isAlive = true
  readonly #locks = new Set<FolderLock>()
  readonly clock: Clock
  readonly turns: Turns
  readonly disk: Disk
  readonly log: Log
  /** Everything it does goes through here. */
  readonly gate: Gate

  constructor({ clock, turns, disk, log }: OSProcessSeams, machineClock: MachineClock) {
    this.gate = new Gate(clock)
    this.clock = {
      now: () => machineClock.now(),
      wall: () => machineClock.wall(),
      setTimer: (delayMs, expire) => this.#setTimer(clock, machineClock.truthOf(delayMs), expire),
    }
    this.turns = {
      soon: run => turns.soon(() => this.#do(run)),
      later: run => turns.later(() => this.#do(run)),
    }
    this.disk = {
      read: (path, bytesMax, readers) => this.#settles(() => disk.read(path, bytesMax, readers)),
      replace: (path, bytes, mode) => this.#settles(() => disk.replace(path, bytes, mode)),
      remove: path => this.#settles(() => disk.remove(path)),
      lock: (folder, holder) => this.#settles(() => this.#lock(disk, folder, holder)),
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
    for (const lock of this.#locks) void lock.release()
    this.#locks.clear()
  }

  async #lock(disk: Disk, folder: string, holder: string): Promise<FolderLock> {
    const lock = await disk.lock(folder, holder)
    this.#locks.add(lock)
    return { release: () => this.#settles(() => lock.release()) }
  }

  #setTimer(clock: Clock, delayMs: number, expire: () => void): Timer {
    if (!this.#isAlive) return firedTimer
    let isCancelled = false
    const timer = clock.setTimer(delayMs, () =>
      this.#do(() => {
        // It may have been due while nothing ran.
        if (!isCancelled) expire()
      }),
    )
    return {
      cancel: () => {
        isCancelled = true
        timer.cancel()
      },
      keepAlive: keep => timer.keepAlive(keep),
    }
  }

  #do(run: () => void): void {
    if (!this.#isAlive) return
    this.gate.enter(() => {
      if (this.#isAlive) run()
    })
  }

  /** A promise that stays open once the OS process is gone. */
  #settles<Value>(operate: () => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (!this.#isAlive) return
      operate().then(
        value => this.#do(() => resolve(value)),
        error => this.#do(() => reject(error)),
      )
    })
  }
}
