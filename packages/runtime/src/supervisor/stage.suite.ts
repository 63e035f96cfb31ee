/** What the tests of the supervisor share: a node in virtual time, workers that can be made to fail, and what they did. */

import { VirtualClock } from '@barrel-actors/simulation'
import { GenServer, type Pid, startNode, stop } from '../index.ts'
import type { ChildSpec } from './child-spec.ts'

export const codeOf = (error: unknown) => (error as { code?: unknown }).code

export async function stage() {
  const clock = new VirtualClock()
  const node = await startNode({ clock })
  /** `+a` is through its init, `!a` failed in it, `-a` has ended. */
  const told: string[] = []
  /** How many of the next starts of a worker fail. */
  const failures = new Map<string, number>()

  /** Ends with whatever it is sent. */
  class Worker extends GenServer<{ info: unknown }> {
    override async init(id: string) {
      await null
      const left = failures.get(id) ?? 0
      failures.set(id, left - 1)
      if (left > 0) {
        told.push(`!${id}`)
        throw new Error('no luck')
      }
      told.push(`+${id}`)
      this.signal.addEventListener('abort', () => told.push(`-${id}`))
    }
    override handleInfo(message: unknown) {
      return stop(message)
    }
  }

  const worker = (id: string, more: Partial<ChildSpec> = {}): ChildSpec =>
    ({ id, name: id, server: Worker, args: [id], ...more }) as ChildSpec
  return {
    clock,
    node,
    told,
    failures,
    Worker,
    Slow: slowIn(told),
    gated,
    worker,
    workers: (...ids: string[]) => ids.map(id => worker(id)),
    /** Lets everything run that can without time passing. */
    settle: () => clock.advance(0),
    /** Ends the worker of that name with a reason, and takes what followed. */
    async end(name: string, reason: unknown): Promise<string[]> {
      node.send(name, reason)
      await clock.advance(0)
      return told.splice(0)
    },
    isAlive: (pid: Pid<never, object>) => {
      const ref = node.monitor(pid)
      return node.demonitor(ref, { flush: true })
    },
    [Symbol.asyncDispose]: () => node.stop(),
  }
}

/** Traps exits and never ends by itself. */
function slowIn(told: string[]) {
  return class Slow extends GenServer {
    override init(id: string) {
      this.trapExit = true
      told.push(`+${id}`)
      this.signal.addEventListener('abort', () => told.push(`-${id}`))
    }
    override handleInfo() {}
    override async terminate() {
      told.push('asked to end')
      await new Promise(() => {})
    }
  }
}

/** A server whose init waits until the gate is opened. */
function gated() {
  let open!: () => void
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  class Gated extends GenServer {
    override init() {
      return gate
    }
  }
  return { Gated, open }
}
