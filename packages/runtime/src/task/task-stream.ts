/**
 * A window of tasks that moves over the items: a new one starts when the result of an old one has been taken, so
 * that neither work nor results pile up where the consumer is slow.
 */

import { checkOptions, checkTimeout } from '../clock/timeouts.ts'
import { runtimeError } from '../errors.ts'
import { describe } from '../exit-reason.ts'
import type { Self } from '../process/function-process.ts'
import type { Process } from '../process/process.ts'
import { TaskHandle } from './task-handle.ts'

export interface TaskStreamOptions {
  /** How many items are under way at once. Default 8. */
  readonly concurrency?: number
  /** Whether the results come in the order of the items, rather than as they are ready. Default true. */
  readonly ordered?: boolean
  /** How long one item may take, in milliseconds from its start. Default 5000, as in Elixir; Infinity for no bound. */
  readonly timeoutMs?: number
}

/** Chosen: tasks wait for something most of the time, and what they wait for does not like hundreds at once. */
const concurrencyDefault = 8

/** @throws E_OPTION_INVALID, E_SPAWN_INVALID */
export function checkStream(items: unknown, fn: unknown, options: TaskStreamOptions): Required<TaskStreamOptions> {
  checkOptions(options, ['concurrency', 'ordered', 'timeoutMs'])
  const { concurrency = concurrencyDefault, ordered = true, timeoutMs = 5000 } = options
  if (typeof (items as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== 'function') {
    throw runtimeError('E_OPTION_INVALID', { option: 'items', problem: 'they cannot be iterated' })
  }
  if (typeof fn !== 'function') throw runtimeError('E_SPAWN_INVALID', { body: describe(fn) })
  if (typeof concurrency !== 'number' || !(concurrency >= 1)) {
    throw runtimeError('E_OPTION_INVALID', { option: 'concurrency', problem: 'it is not a number of at least 1' })
  }
  return { concurrency, ordered, timeoutMs: checkTimeout(timeoutMs) }
}

export async function* runStream<Item, Result>(
  owner: Process,
  items: Iterable<Item>,
  fn: (item: Item, self: Self) => Result,
  { concurrency, ordered, timeoutMs }: Required<TaskStreamOptions>,
): AsyncGenerator<Awaited<Result>, void, undefined> {
  const source = items[Symbol.iterator]()
  const window = new Window(owner, fn, timeoutMs)
  let isMore = true
  try {
    for (;;) {
      while (isMore && window.size < concurrency) {
        const next = source.next()
        if (next.done === true) isMore = false
        else window.start(next.value)
      }
      if (window.size === 0) return
      yield (await window.take(ordered)) as Awaited<Result>
    }
  } finally {
    window.stop()
    if (isMore) source.return?.()
  }
}

interface Running {
  readonly task: TaskHandle
  /** Its result; rejected, it has a handler already. */
  readonly result: Promise<unknown>
}

class Window {
  readonly #owner: Process
  readonly #fn: (...args: never[]) => unknown
  readonly #timeoutMs: number
  /** Started, and not taken: in the order of the items. */
  readonly #running = new Set<Running>()
  /** Those of them that are settled, in the order they were. */
  readonly #ready = new Set<Running>()
  #wake: () => void = () => {}

  constructor(owner: Process, fn: (...args: never[]) => unknown, timeoutMs: number) {
    this.#owner = owner
    this.#fn = fn
    this.#timeoutMs = timeoutMs
  }

  get size(): number {
    return this.#running.size
  }

  start(item: unknown): void {
    const task = TaskHandle.start(this.#owner, this.#fn, [item])
    const running: Running = { task, result: task.wait(this.#timeoutMs) }
    this.#running.add(running)
    const settled = () => {
      this.#ready.add(running)
      this.#wake()
    }
    running.result.then(settled, settled)
  }

  /** The result of the first item, or of the first that is ready. */
  async take(ordered: boolean): Promise<unknown> {
    if (!ordered && this.#ready.size === 0) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    const [first] = ordered ? this.#running : this.#ready
    const running = first as Running
    try {
      return await running.result
    } finally {
      this.#running.delete(running)
      this.#ready.delete(running)
    }
  }

  stop(): void {
    for (const { task } of this.#running) task.stop()
  }
}
