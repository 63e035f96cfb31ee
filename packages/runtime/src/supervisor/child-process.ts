/** Starting and stopping the process of a child, in the name of its supervisor. */

import { Timed } from '../clock/timeouts.ts'
import { runtimeError } from '../errors.ts'
import { describe } from '../exit-reason.ts'
import { startFrom } from '../gen-server/starting.ts'
import { addWatch, type Watch } from '../process/monitor.ts'
import { type Process, processOf } from '../process/process.ts'
import { never } from '../process/thenable.ts'
import type { CheckedChildSpec } from './child-spec.ts'

/**
 * Starts it with a link and waits until it is through its `init`. Never settles where the supervisor ends before:
 * the link has ended what was started.
 * @throws E_CHILD_START_FAILED as a rejection
 */
export async function startChild(supervisor: Process, spec: CheckedChildSpec): Promise<Process> {
  try {
    const { pid } = await spawnChild(supervisor, spec)
    return processOf(pid) as Process
  } catch (error) {
    const exit = (error as { fields?: { exit?: unknown } }).fields?.exit
    const reason = exit === undefined ? (error as Error).message : describe(exit)
    throw runtimeError('E_CHILD_START_FAILED', { id: spec.id, reason, exit }, error)
  } finally {
    if (!supervisor.alive) await never()
  }
}

async function spawnChild(supervisor: Process, spec: CheckedChildSpec) {
  if ('server' in spec) return startFrom(supervisor, { ...spec, args: spec.args as never[] }, [], { link: true })
  return supervisor.node.spawnFor(supervisor, spec.run, [], { link: true, name: spec.name })
}

/** Stops it as its spec says, and waits for its end. The link stays, so that no end of the supervisor spares it. */
export async function stopChild(supervisor: Process, child: Process, { shutdown }: CheckedChildSpec): Promise<void> {
  const { exits } = supervisor.node
  exits.send(child, supervisor.pid, shutdown === 'brutalKill' ? 'kill' : 'shutdown')
  // Most have ended by now: only what traps exits takes its time.
  if (child.alive && shutdown !== 'brutalKill') await new Stopping(supervisor, child, shutdown).promise
  if (!supervisor.alive) await never()
}

/** Waits for the end of a child, and brings it about when it takes too long. */
class Stopping extends Timed implements Watch {
  readonly promise: Promise<void>
  readonly #supervisor: Process
  readonly #child: Process
  #resolve!: () => void

  constructor(supervisor: Process, child: Process, timeoutMs: number) {
    super()
    this.#supervisor = supervisor
    this.#child = child
    this.promise = new Promise(resolve => {
      this.#resolve = resolve
    })
    addWatch(child, this)
    supervisor.node.timeouts.enter(this, timeoutMs)
  }

  fire(): void {
    this.#child.node.timeouts.leave(this)
    this.#resolve()
  }

  override expire(): void {
    this.#child.node.exits.send(this.#child, this.#supervisor.pid, 'kill')
  }
}
