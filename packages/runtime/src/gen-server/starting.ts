/** Starting a server and waiting until it is through its `init`. */

import { checkTimeout, Timed } from '../clock/timeouts.ts'
import type { RegisteredName } from '../destination.ts'
import { runtimeError } from '../errors.ts'
import { describe, type ExitReason } from '../exit-reason.ts'
import type { Pid } from '../pid.ts'
import { failInTime } from '../process/in-time.ts'
import { type Process, processOf } from '../process/process.ts'
import type { ServerClass, ServerInstance, Spawned, SpawnOptions } from '../process/spawn.ts'
import { never } from '../process/thenable.ts'
import { ServerStart, type StartWaiter } from './server-start.ts'

/** A server to be started, in full. */
export interface StartSpec<S extends ServerInstance = ServerInstance> {
  readonly server: ServerClass<S>
  /** What `init` takes. Default none. */
  readonly args?: Parameters<S['init']>
  /** The name that it holds from before `init`: on its node, `{ via, name }` or `{ global: name }`. */
  readonly name?: RegisteredName
  /** How long `init` may take, in milliseconds; then the server is killed. Default Infinity, as in OTP. */
  readonly timeoutMs?: number
}

class Starting extends Timed implements StartWaiter {
  readonly promise: Promise<void>
  readonly #server: string
  readonly #timeoutMs: number
  #process: Process | undefined
  #resolve!: () => void
  #reject!: (error: Error) => void
  #isSettled = false

  constructor(server: string, timeoutMs: number) {
    super()
    this.#server = server
    this.#timeoutMs = timeoutMs
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  watch(process: Process): void {
    // It may have ended while it was given its name.
    if (this.#isSettled) return
    this.#process = process
    process.node.timeouts.enter(this, this.#timeoutMs)
  }

  started(): void {
    this.#settle()
    this.#resolve()
  }

  failed(reason: ExitReason): void {
    this.#settle()
    this.#reject(runtimeError('E_START_FAILED', { server: this.#server, reason: describe(reason), exit: reason }))
  }

  #settle(): void {
    this.#isSettled = true
    this.#process?.node.timeouts.leave(this)
  }

  override expire(): void {
    this.#reject(runtimeError('E_START_TIMEOUT', { server: this.#server, timeoutMs: this.#timeoutMs }))
    this.#process?.end('killed')
  }
}

/**
 * Never settles where who starts it has ended, unless that is the root, whose code is the program's own.
 * @throws E_START_FAILED, E_START_TIMEOUT, E_NAME_TAKEN, E_SPAWN_INVALID, E_NODE_STOPPED, E_OPTION_INVALID as rejections
 */
export async function startFrom(
  parent: Process,
  specOrServer: ServerClass | StartSpec,
  args: unknown[],
  options: Pick<SpawnOptions, 'link' | 'monitor'>,
): Promise<Spawned> {
  if (isOver(parent)) return never()
  try {
    return await startNow(parent, specOrServer, args, options)
  } finally {
    if (isOver(parent)) await never()
  }
}

function isOver(parent: Process): boolean {
  return !parent.alive && !parent.isRoot
}

async function startNow(
  parent: Process,
  specOrServer: ServerClass | StartSpec,
  args: unknown[],
  options: Pick<SpawnOptions, 'link' | 'monitor'>,
): Promise<Spawned> {
  const { node } = parent
  let waiter: Starting
  let spawned: Spawned
  try {
    const spec = checkedSpec(specOrServer, args)
    waiter = new Starting(spec.server.name, checkTimeout(spec.timeoutMs ?? Infinity))
    spawned = node.spawnFor(parent, spec.server, spec.args ?? [], { ...options, name: spec.name, waiter })
  } catch (error) {
    await new Promise<void>(resolve => failInTime(node, resolve))
    throw error
  }
  waiter.watch(processOf(spawned.pid as Pid) as Process)
  await waiter.promise
  return spawned
}

function checkedSpec(specOrServer: ServerClass | StartSpec, args: unknown[]): StartSpec {
  const spec: StartSpec =
    typeof specOrServer === 'function' ? { server: specOrServer, args: args as never } : specOrServer
  if (typeof spec !== 'object' || spec === null || !ServerStart.isServer(spec.server)) {
    throw runtimeError('E_SPAWN_INVALID', { body: nameOf(spec) })
  }
  if (spec.args !== undefined && !Array.isArray(spec.args)) {
    throw runtimeError('E_OPTION_INVALID', { option: 'args', problem: 'it is not an array of what init takes' })
  }
  return spec
}

function nameOf(spec: StartSpec | undefined): string {
  const server: unknown = spec?.server ?? spec
  return typeof server === 'function' ? server.name || 'a function' : describe(server)
}
