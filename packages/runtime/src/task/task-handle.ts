/** One task, from the side of its owner: what settles it, and who waits for it. */

import { checkTimeout, Timed } from '../clock/timeouts.ts'
import { runtimeError } from '../errors.ts'
import { describe, type ExitReason } from '../exit-reason.ts'
import type { StartWaiter } from '../gen-server/server-start.ts'
import type { AnyPid, Pid } from '../pid.ts'
import type { Self } from '../process/function-process.ts'
import { addWatch, type Watch } from '../process/monitor.ts'
import { type Process, processOf } from '../process/process.ts'
import { never } from '../process/thenable.ts'

/** A task that was started; its result comes from `Task.await`. */
export class TaskHandle<Result = unknown> {
  /** The process that does the work. */
  readonly pid: Pid
  readonly #outcome: Outcome

  private constructor(pid: Pid, outcome: Outcome) {
    this.pid = pid
    this.#outcome = outcome
  }

  /** @internal @throws E_SPAWN_INVALID, E_NODE_STOPPED */
  static start(owner: Process, fn: (...args: never[]) => unknown, args: readonly unknown[]): TaskHandle {
    if (typeof fn !== 'function') throw runtimeError('E_SPAWN_INVALID', { body: describe(fn) })
    const outcome = new Outcome(owner)
    const work = async (self: Self): Promise<void> => {
      try {
        outcome.succeeded(await fn(...(args as never[]), self as never))
      } catch (error) {
        outcome.cause = error
        throw error
      }
    }
    const { pid } = owner.node.spawnFor(owner, work, [], { link: true })
    outcome.follow(processOf(pid) as Process)
    return new TaskHandle(pid, outcome)
  }

  /** @internal */
  wait(timeoutMs: number): Promise<Result> {
    return this.#outcome.wait(checkTimeout(timeoutMs)) as Promise<Result>
  }

  /** @internal Ends the task where it still runs. */
  stop(): void {
    this.#outcome.stop('shutdown')
  }
}

type Settled = { readonly value: unknown } | { readonly error: Error }

/** How a task ended, once it has. It learns of it before the links of the task do, so that none reaches the owner. */
class Outcome implements StartWaiter, Watch {
  readonly #owner: Process
  #task: Process | undefined
  #settled: Settled | undefined
  #waits = new Set<Wait>()
  /** What the code of the task threw. */
  cause: unknown

  constructor(owner: Process) {
    this.#owner = owner
  }

  /** Both end as one, except that the owner is not told of the end of the task. */
  follow(task: Process): void {
    this.#task = task
    if (!task.alive) return
    task.starting = this
    addWatch(this.#owner, this)
  }

  /** The owner has ended. Its link says nothing to the task where it ended normally. */
  fire(reason: ExitReason): void {
    if (reason === 'normal') this.#owner.node.exits.sendLinked(this.#task as Process, this.#owner.pid, 'shutdown')
  }

  started(): void {}

  succeeded(value: unknown): void {
    if (this.#task?.alive === true) this.#settle({ value })
  }

  failed(reason: ExitReason): void {
    if (this.#settled !== undefined) return
    const pid = this.#task?.pid as AnyPid
    const fields = { pid, reason: describe(reason), exit: reason }
    this.#settle({ error: runtimeError('E_TASK_EXIT', fields, this.cause) })
  }

  wait(timeoutMs: number): Promise<unknown> {
    const owner = this.#owner
    if (!owner.alive) {
      // As for calls: the code of the root is the program's own, that of other dead processes goes no further.
      return owner.isRoot ? Promise.reject(runtimeError('E_NODE_STOPPED', { node: owner.node.name })) : never()
    }
    return new Promise((resolve, reject) => {
      const wait = new Wait(resolve, reject, () => this.#timedOut(wait, timeoutMs))
      if (this.#settled !== undefined) return wait.settle(this.#settled)
      this.#waits.add(wait)
      owner.node.timeouts.enter(wait, timeoutMs)
    })
  }

  stop(reason: ExitReason): void {
    this.#task?.end(reason)
  }

  #timedOut(wait: Wait, timeoutMs: number): void {
    this.#waits.delete(wait)
    if (this.#owner.alive) {
      wait.settle({ error: runtimeError('E_TASK_TIMEOUT', { pid: this.#task?.pid, timeoutMs }) })
    }
    this.stop('killed')
  }

  #settle(settled: Settled): void {
    this.#settled = settled
    this.#owner.watches?.delete(this)
    for (const wait of this.#waits) {
      this.#owner.node.timeouts.leave(wait)
      if (this.#owner.alive) wait.settle(settled)
    }
    this.#waits.clear()
  }
}

/** Somebody who awaits a task. */
class Wait extends Timed {
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: Error) => void
  readonly #timedOut: () => void

  constructor(resolve: (value: unknown) => void, reject: (error: Error) => void, timedOut: () => void) {
    super()
    this.#resolve = resolve
    this.#reject = reject
    this.#timedOut = timedOut
  }

  override expire(): void {
    this.#timedOut()
  }

  settle(settled: Settled): void {
    if ('error' in settled) this.#reject(settled.error)
    else this.#resolve(settled.value)
  }
}
