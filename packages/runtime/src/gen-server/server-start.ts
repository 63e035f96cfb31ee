/** What is known of a server before its first turn: its class, what `init` will get, and who waits for it. */

import { runtimeError } from '../errors.ts'
import type { ExitReason } from '../exit-reason.ts'
import type { Process } from '../process/process.ts'
import { GenServer } from './gen-server.ts'

export type AnyServer = GenServer<never, unknown>

/** Who waits until `init` is through. */
export interface StartWaiter {
  started(): void
  /** It ended before it got through `init`. */
  failed(reason: ExitReason): void
}

let claimable: Process | undefined

export class ServerStart {
  readonly #server: new () => AnyServer
  readonly args: unknown[]
  readonly waiter: StartWaiter | undefined

  constructor(server: unknown, args: unknown[], waiter: StartWaiter | undefined) {
    this.#server = server as new () => AnyServer
    this.args = args
    this.waiter = waiter
  }

  static isServer(body: unknown): boolean {
    return typeof body === 'function' && body.prototype instanceof GenServer
  }

  /** The process that is being started: what the constructor of GenServer is bound to. */
  static claim(server: string): Process {
    const process = claimable
    claimable = undefined
    if (process === undefined) throw runtimeError('E_NOT_SPAWNED', { server })
    return process
  }

  get label(): string {
    return this.#server.name
  }

  /** Makes the server, bound to its process. */
  make(process: Process): AnyServer {
    claimable = process
    try {
      return new this.#server()
    } finally {
      claimable = undefined
    }
  }
}
