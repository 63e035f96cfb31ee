/** The children of one supervisor, in the order of their start. Plain data: it starts and stops nothing. */

import type { Process } from '../process/process.ts'
import type { CheckedChildSpec } from './child-spec.ts'

/** `restarting`: its last restart failed, and the next is under way. */
export type ChildState = 'running' | 'restarting' | 'stopped'

export class Child {
  readonly spec: CheckedChildSpec
  /** What runs; it may have ended already, and the exit not have been read yet. */
  process: Process | undefined = undefined
  /** The restart that is to come, where the last one failed. */
  retry: Retry | undefined = undefined

  constructor(spec: CheckedChildSpec) {
    this.spec = spec
  }

  get state(): ChildState {
    if (this.process !== undefined) return 'running'
    return this.retry === undefined ? 'stopped' : 'restarting'
  }
}

/** What a supervisor sends itself to restart a child once more. It counts only while it is the child's own. */
export class Retry {
  readonly child: Child

  constructor(child: Child) {
    this.child = child
  }
}

export class Children implements Iterable<Child> {
  // It keeps the order in which it was filled: that of the starts.
  readonly #byId = new Map<string, Child>()
  readonly #byProcess = new Map<Process, Child>()

  get(id: string): Child | undefined {
    return this.#byId.get(id)
  }

  [Symbol.iterator](): Iterator<Child> {
    return this.#byId.values()
  }

  /** The child that runs in a process, so far as is known. */
  of(process: Process | undefined): Child | undefined {
    return process === undefined ? undefined : this.#byProcess.get(process)
  }

  add(child: Child): void {
    this.#byId.set(child.spec.id, child)
  }

  started(child: Child, process: Process): void {
    child.process = process
    child.retry = undefined
    this.#byProcess.set(process, child)
  }

  /** It runs no more, and nothing is to restart it. One that is temporary is forgotten. */
  ended(child: Child): void {
    if (child.process !== undefined) this.#byProcess.delete(child.process)
    child.process = undefined
    child.retry = undefined
    if (child.spec.restart === 'temporary') this.forget(child)
  }

  forget(child: Child): void {
    if (this.#byId.get(child.spec.id) === child) this.#byId.delete(child.spec.id)
  }
}
