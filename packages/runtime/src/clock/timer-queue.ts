/**
 * Timers of any length on one timer of the clock: a heap by when they are due, those due together in the order they
 * were added. To add or to remove one takes O(log n); the clock's timer keeps the OS process only while one waits.
 */

import type { Clock, Timer } from './clock.ts'

/** Something that happens when its time has come. */
export abstract class QueuedTimer {
  /** @internal Its place in the heap; -1 where it does not wait. */ place = -1
  /** @internal */ dueMs = 0
  /** @internal */ order = 0

  /** Its time has come; it waits no more. Must not throw. */
  abstract expire(): void
}

export class TimerQueue {
  readonly #clock: Clock
  readonly #heap: QueuedTimer[] = []
  #order = 0
  #timer: Timer | undefined
  #timerDueMs = Infinity
  #firing = false
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many wait. */
  get size(): number {
    return this.#heap.length
  }

  /** Lets `timer.expire` run after `delayMs`, unless it is removed first. It must not wait already. */
  add(timer: QueuedTimer, delayMs: number): void {
    if (this.#closed) return
    timer.dueMs = this.#clock.now() + delayMs
    timer.order = this.#order++
    this.#heap.push(timer)
    this.#rise(timer, this.#heap.length - 1)
    if (this.#firing) return
    if (timer.dueMs < this.#timerDueMs) this.#arm(timer.dueMs)
    else if (this.#heap.length === 1) this.#timer?.keepAlive(true)
  }

  /** Takes it out; the milliseconds that it had left, false where it does not wait. */
  remove(timer: QueuedTimer): number | false {
    if (timer.place < 0) return false
    this.#takeOut(timer)
    // The clock's timer stays for the next one: most timers are removed before they are due.
    if (this.#heap.length === 0 && !this.#firing) this.#timer?.keepAlive(false)
    return Math.max(0, timer.dueMs - this.#clock.now())
  }

  /** Removes all, and adds none any more. */
  close(): void {
    this.#closed = true
    for (const timer of this.#heap.splice(0)) timer.place = -1
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(dueMs: number): void {
    this.#timer?.cancel()
    this.#timerDueMs = dueMs
    this.#timer = this.#clock.setTimer(Math.max(0, dueMs - this.#clock.now()), this.#fire)
    this.#timer.keepAlive(true)
  }

  readonly #fire = (): void => {
    this.#timer = undefined
    this.#timerDueMs = Infinity
    this.#firing = true
    const now = this.#clock.now()
    // What is added meanwhile waits for the next turn of the clock, also where it is due at once.
    const end = this.#order
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.dueMs > now || first.order >= end) break
      this.#takeOut(first)
      first.expire()
    }
    this.#firing = false
    const next = this.#heap[0]
    if (next !== undefined) this.#arm(next.dueMs)
  }

  #takeOut(timer: QueuedTimer): void {
    const { place } = timer
    timer.place = -1
    const last = this.#heap.pop() as QueuedTimer
    if (last === timer) return
    this.#rise(last, place)
    this.#sink(last, last.place)
  }

  /** Puts a timer at that place, or as far above as it belongs. */
  #rise(timer: QueuedTimer, from: number): void {
    const heap = this.#heap
    let place = from
    while (place > 0) {
      const parent = heap[(place - 1) >> 1] as QueuedTimer
      if (!isBefore(timer, parent)) break
      heap[place] = parent
      parent.place = place
      place = (place - 1) >> 1
    }
    heap[place] = timer
    timer.place = place
  }

  /** Puts a timer at that place, or as far below as it belongs. */
  #sink(timer: QueuedTimer, from: number): void {
    const heap = this.#heap
    let place = from
    for (;;) {
      let least = place * 2 + 1
      const right = heap[least + 1]
      if (right !== undefined && isBefore(right, heap[least] as QueuedTimer)) least++
      const child = heap[least]
      if (child === undefined || !isBefore(child, timer)) break
      heap[place] = child
      child.place = place
      place = least
    }
    heap[place] = timer
    timer.place = place
  }
}

function isBefore(one: QueuedTimer, other: QueuedTimer): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order)
}
