/**
 * Work on the side, after Elixir's Task: a function that runs as a process of its own, and whose result is awaited.
 *
 *   owner                             task
 *   Task.async(fn) --- starts, links -->  fn(..., self)
 *   Task.await(task) <---- its result, or the reason why it ended without one
 *
 * Source: https://hexdocs.pm/elixir/Task.html. Ours: a task that fails does not end its owner; `await` rejects.
 */

import { checkOptions } from '../clock/timeouts.ts'
import { acting } from '../default-node.ts'
import { runtimeError } from '../errors.ts'
import { describe } from '../exit-reason.ts'
import { Actor } from '../process/actor.ts'
import type { Self } from '../process/function-process.ts'
import type { Process } from '../process/process.ts'
import type { Protocol } from '../protocol.ts'
import { TaskHandle } from './task-handle.ts'
import { checkStream, runStream, type TaskStreamOptions } from './task-stream.ts'

export interface TaskAwaitOptions {
  /** How long to wait, in milliseconds; then the task is killed. Default 5000, as in Elixir; Infinity waits for ever. */
  readonly timeoutMs?: number
}

class Tasks {
  readonly #owner: Actor<never, Protocol> | undefined

  constructor(owner: Actor<never, Protocol> | undefined) {
    this.#owner = owner
  }

  /**
   * The same verbs for a process that says who it is: what a function process or a server needs after an `await`.
   * Without it the tasks belong to the callback that is running synchronously, else to the root of the default node.
   */
  of(owner: Actor<never, Protocol>): Tasks {
    Actor.checkedProcessOf(owner)
    return new Tasks(owner)
  }

  /**
   * Starts `fn` as a process that ends with its owner, however the owner ends. `fn` gets the arguments, then the
   * context of its own process. A failure goes to `await` alone: it is no exit signal for the owner.
   * @throws E_SPAWN_INVALID, E_NODE_STOPPED
   */
  async<Args extends unknown[], Fn extends (...args: [...Args, self: Self]) => unknown>(
    fn: Fn,
    ...args: Args
  ): TaskHandle<Awaited<ReturnType<Fn>>> {
    return TaskHandle.start(this.#process, fn, args) as TaskHandle<Awaited<ReturnType<Fn>>>
  }

  /**
   * The result of a task. May be asked for again, with the same answer.
   * @throws E_TASK_EXIT where it ended without a result: `fields.exit` is the reason, `cause` what it threw;
   * E_TASK_TIMEOUT; E_OPTION_INVALID, all as rejections
   */
  async await<Result>(task: TaskHandle<Result>, options: TaskAwaitOptions = {}): Promise<Result> {
    if (!(task instanceof TaskHandle)) {
      throw runtimeError('E_OPTION_INVALID', {
        option: 'task',
        problem: `${describe(task)} was not made by Task.async`,
      })
    }
    checkOptions(options, ['timeoutMs'])
    const { timeoutMs = 5000 } = options
    return task.wait(timeoutMs)
  }

  /**
   * Runs `fn` on each item, as tasks, and gives the results as they are asked for. At most `concurrency` items are
   * under way or waiting to be asked for; the first that fails ends the iteration with its error, as in `await`. When
   * the iteration ends, however it does, so do its tasks.
   * @throws E_OPTION_INVALID, E_SPAWN_INVALID at once; E_TASK_EXIT, E_TASK_TIMEOUT from the iteration
   */
  asyncStream<Item, Result>(
    items: Iterable<Item>,
    fn: (item: Item, self: Self) => Result,
    options: TaskStreamOptions = {},
  ): AsyncGenerator<Awaited<Result>, void, undefined> {
    return runStream(this.#process, items, fn, checkStream(items, fn, options))
  }

  get #process(): Process {
    return this.#owner === undefined ? acting() : Actor.processOf(this.#owner)
  }
}

/** Work on the side: `Task.async`, `Task.await`, `Task.asyncStream`, and `Task.of(self)` for the same after an `await`. */
export const Task: Tasks = new Tasks(undefined)
