import type { Clock, Timer } from '@barrel-actors/runtime'
import { drainPromises } from './event-loop.ts'
import { simulationDefaults } from './options.ts'
import { TimerQueue } from './timer-queue.ts'

export interface VirtualClockOptions {
  /** What the wall clock shows at the start. */
  readonly wallMs?: number
  /** Lets everything run that is ready now; awaited before the first and after every timer. Default: promises. */
  readonly settle?: () => Promise<void>
}

/** Time that stands still until it is advanced. */
export class VirtualClock implements Clock {
  #nowMs = 0
  #wallMs: number
  readonly #timers = new TimerQueue()
  readonly #settle: () => Promise<void>

  constructor({ wallMs = simulationDefaults.wallMs, settle = drainPromises }: VirtualClockOptions = {}) {
    this.#wallMs = wallMs
    this.#settle = settle
  }

  now(): number {
    return this.#nowMs
  }

  wall(): number {
    return this.#wallMs + this.#nowMs
  }

  /** Sets the wall clock forward, or back; timers do not notice. */
  jumpWall(byMs: number): void {
    this.#wallMs += byMs
  }

  setTimer(delayMs: number, expire: () => void): Timer {
    return this.#timers.add(this.#nowMs + (delayMs > 0 ? delayMs : 0), expire)
  }

  /** How many timers wait. */
  get timersCount(): number {
    return this.#timers.size
  }

  /** Moves to the timer that is due first, if it is due by then, and fires it; whether there was one. */
  step(untilMs: number): boolean {
    const first = this.#timers.first()
    if (first === undefined || first.dueMs > untilMs || first.dueMs === Infinity) return false
    this.#timers.take()
    this.#nowMs = Math.max(this.#nowMs, first.dueMs)
    first.expire()
    return true
  }

  /** Moves to that time; no timer may be due before it. */
  moveTo(nowMs: number): void {
    const first = this.#timers.first()
    if (first !== undefined && first.dueMs < nowMs) throw new Error(`a timer is due at ${first.dueMs} ms already`)
    this.#nowMs = Math.max(this.#nowMs, nowMs)
  }

  /** Lets that much time pass, timer by timer: in due order, those due together in the order they were set. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await this.#settle()
    while (this.step(untilMs)) await this.#settle()
    this.moveTo(untilMs)
  }
}
