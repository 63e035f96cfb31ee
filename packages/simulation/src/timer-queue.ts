/** Timers by when they are due; those due together in the order they were set. A binary heap. */

import type { Timer } from '@barrel-actors/runtime'

export class VirtualTimer implements Timer {
  readonly dueMs: number
  readonly order: number
  readonly expire: () => void
  readonly #cancelled: () => void
  isCancelled = false

  constructor(dueMs: number, order: number, expire: () => void, cancelled: () => void) {
    this.dueMs = dueMs
    this.order = order
    this.expire = expire
    this.#cancelled = cancelled
  }

  cancel(): void {
    if (this.isCancelled) return
    this.isCancelled = true
    this.#cancelled()
  }

  // Virtual time keeps no OS process alive.
  keepAlive(): void {}
}

const cancelledMin = 64

export class TimerQueue {
  #heap: VirtualTimer[] = []
  #order = 0
  #cancelled = 0

  /** Timers that wait. */
  get size(): number {
    return this.#heap.length - this.#cancelled
  }

  add(dueMs: number, expire: () => void): Timer {
    const timer = new VirtualTimer(dueMs, this.#order++, expire, this.#onCancel)
    this.#heap.push(timer)
    this.#rise(this.#heap.length - 1)
    return timer
  }

  /** The timer that is due first. */
  first(): VirtualTimer | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#takeFirst()
    return this.#heap[0]
  }

  /** Takes the timer that is due first; from here on it cannot be cancelled. */
  take(): VirtualTimer | undefined {
    const timer = this.first()
    if (timer === undefined) return undefined
    this.#takeFirst()
    timer.isCancelled = true
    return timer
  }

  // Called while the timer is still in the heap: it goes when it comes up, or when most of the heap is cancelled.
  readonly #onCancel = (): void => {
    this.#cancelled++
    if (this.#cancelled < cancelledMin || this.#cancelled * 2 < this.#heap.length) return
    // A sorted array is a heap.
    this.#heap = this.#heap.filter(timer => !timer.isCancelled).sort((a, b) => (isBefore(a, b) ? -1 : 1))
    this.#cancelled = 0
  }

  #takeFirst(): void {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first?.isCancelled === true) this.#cancelled--
    if (last === undefined || last === first) return
    this.#heap[0] = last
    this.#sink()
  }

  #rise(from: number): void {
    for (let place = from; place > 0; ) {
      const parent = (place - 1) >> 1
      if (!this.#swapIfBefore(place, parent)) return
      place = parent
    }
  }

  #sink(): void {
    for (let place = 0; ; ) {
      let least = place * 2 + 1
      if (this.#isBefore(least + 1, least)) least++
      if (!this.#swapIfBefore(least, place)) return
      place = least
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]]
    return a !== undefined && b !== undefined && isBefore(a, b)
  }

  #swapIfBefore(one: number, other: number): boolean {
    if (!this.#isBefore(one, other)) return false
    const heap = this.#heap as [VirtualTimer]
    const moved = heap[one] as VirtualTimer
    heap[one] = heap[other] as VirtualTimer
    heap[other] = moved
    return true
  }
}

function isBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)
}
