/**
 * A call, from both sides. The server sees {@link From}; a process that is called without being a server finds
 * the call itself in its mailbox.
 *
 *   caller                        server
 *   call(pid, request) --------->  handleCall(request, from)
 *        watches the server          |
 *   <--------------- reply, at most once; late ones vanish
 */

import { runtimeError } from '../errors.ts'
import { type ExitReason, reasonOf } from '../exit-reason.ts'
import { isReserved } from '../names/names.ts'
import type { Process } from '../process/process.ts'
import type { Arrival } from '../remote/remote-request.ts'

/** Where the reply of a call goes. May be kept, and used after the callback has returned. */
export interface From<Reply = unknown> {
  /** Answers the call. Only the first answer counts, and only while the caller waits for it. */
  reply(value: Reply): void
}

/** What a server does not take in `handleInfo`, in one test of what it is. */
export abstract class Request {
  abstract readonly kind: 'call' | 'cast' | 'stop' | 'message'
  readonly request: unknown
  /** That it came from another node, and lies in a mailbox. */
  readonly arrival: Arrival | undefined = undefined

  constructor(request: unknown) {
    this.request = request
  }
}

/** A call on its way to, or waiting in, a process of this node. */
export abstract class Call extends Request implements From {
  readonly kind = 'call'
  /** Whether it wishes the process to end, with the request as its reason. */
  readonly isStop: boolean
  #server: Process | undefined = undefined
  #newer: Call | undefined = undefined
  #older: Call | undefined = undefined

  constructor(request: unknown, isStop: boolean) {
    super(request)
    this.isStop = isStop
  }

  /** Itself: so that a function process reads `{ kind: 'call', request, from }`. */
  get from(): From {
    return this
  }

  /** Whether nobody has answered it yet and somebody still waits. */
  get isOpen(): boolean {
    return this.#server !== undefined
  }

  /** The call before it that its server has not answered. */
  get older(): Call | undefined {
    return this.#older
  }

  /** Puts it into the mailbox of a live process, and among its open calls. */
  open(server: Process): void {
    this.#enter(server)
    server.deliver(this)
  }

  /**
   * The same for a wish that the process ends. A function has nothing to do first; the node's own processes stay.
   * `arrive` says that it lies in the mailbox, where it came from another node.
   */
  openStop(server: Process, arrive?: () => Arrival): void {
    this.#enter(server)
    if (server.isRoot || (server.name !== undefined && isReserved(server.name))) {
      this.close()
      this.targetEnded(reasonOf(runtimeError('E_ROOT_EXIT', { node: server.node.name })))
    } else if (server.behavior.kind === 'function') server.end(this.request)
    else server.deliver(new StopOrder(this, arrive?.()))
  }

  #enter(server: Process): void {
    this.#server = server
    const older = server.calls
    this.#older = older
    if (older !== undefined) older.#newer = this
    server.calls = this
  }

  /** Takes it from the open calls. */
  close(): void {
    const server = this.#server
    if (server === undefined) return
    if (this.#older !== undefined) this.#older.#newer = this.#newer
    if (this.#newer !== undefined) this.#newer.#older = this.#older
    else server.calls = this.#older
    this.#server = undefined
    this.#newer = undefined
    this.#older = undefined
  }

  reply(value: unknown): void {
    if (this.#server === undefined) return
    this.close()
    this.replied(value)
  }

  /** The server answered. */
  abstract replied(value: unknown): void
  /** The server ended without an answer. Must not throw and must not run users' code. */
  abstract targetEnded(reason: ExitReason): void
}

/** In the mailbox of a server that is to stop. Its sender may have given up meanwhile. */
export class StopOrder extends Request {
  readonly kind = 'stop'
  override readonly arrival: Arrival | undefined
  readonly #call: Call

  constructor(call: Call, arrival: Arrival | undefined) {
    super(call.request)
    this.#call = call
    this.arrival = arrival
  }

  get isOpen(): boolean {
    return this.#call.isOpen
  }
}

/** A cast on its way to a process of this node. */
export class Cast extends Request {
  readonly kind = 'cast'
}
