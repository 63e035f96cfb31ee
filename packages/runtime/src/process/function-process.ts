/** Function processes: an async function that receives messages when it asks for them. */

import type { Timer } from '../clock/clock.ts'
import { checkOptions, checkTimeout } from '../clock/timeouts.ts'
import { runtimeError } from '../errors.ts'
import { reasonOf } from '../exit-reason.ts'
import { contentOf, takeContent } from '../remote/remote-request.ts'
import { Actor } from './actor.ts'
import type { Mailbox } from './mailbox.ts'
import { checkPattern, matches, type Pattern, refOf } from './pattern.ts'
import { type Behavior, type Process, processState } from './process.ts'
import type { FunctionBody } from './spawn.ts'
import { isThenable, never } from './thenable.ts'

export interface ReceiveOptions {
  /** How long to wait, in milliseconds; default Infinity. When it is over, `receive` rejects with E_RECEIVE_TIMEOUT. */
  readonly timeoutMs?: number
}

/** What a `receive` waits for, where that is more than any message, or not for ever. */
interface Search {
  readonly pattern: Pattern<never> | undefined
  /** Messages before this place have been looked at. */
  looked: number
  /** How often messages had been removed from the mailbox by then: once more, and `looked` means nothing. */
  removals: number
  timer: Timer | undefined
}

/** Messages before it need not be looked at again, unless some were removed. */
function placeToGoOn({ looked, removals }: Search, mailbox: Mailbox | undefined): number {
  return (mailbox?.removals ?? 0) === removals ? looked : 0
}

/** Whether a promise would wait for it instead of giving it. Reading users' messages may throw. */
function isOdd(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false
  try {
    return (message as { then?: unknown }).then !== undefined && isThenable(message)
  } catch {
    return true
  }
}

/** What the code of a function process acts through. */
export class Self<Message = unknown> extends Actor<Message> implements AsyncIterable<Message> {
  readonly #code: FunctionBody | undefined
  /** Whether its code has been called, or there is none. */
  #begun: boolean
  /** Settles the `receive` that waits, if one does. */
  #resolve: ((message: unknown) => void) | undefined
  #reject: ((error: Error) => void) | undefined
  #search: Search | undefined
  /** Whether a pattern, which is users' code, is running. */
  #isMatching = false
  /** The message that it took last, until it asks for the next. */
  #taken: unknown

  /** @internal */
  constructor(process: Process | undefined, code: FunctionBody | undefined) {
    super(process)
    this.#code = code
    this.#begun = code === undefined
  }

  /**
   * The oldest message, or the oldest that fits the pattern; waits until one comes. Messages that do not fit stay
   * where they are, in order.
   * @throws E_RECEIVE_TIMEOUT, E_RECEIVE_BUSY, E_MESSAGE_THENABLE, E_OPTION_INVALID as rejections
   */
  receive(): Promise<Message>
  receive(options: undefined, limits: ReceiveOptions): Promise<Message>
  receive<M extends Message>(pattern: (message: Message) => message is M, options?: ReceiveOptions): Promise<M>
  receive(pattern: Pattern<Message>, options?: ReceiveOptions): Promise<Message>
  receive(pattern?: Pattern<Message>, options?: ReceiveOptions): Promise<Message> {
    const process = Actor.processOf(this)
    if (!process.alive) return never()
    this.#taken = undefined
    if (this.#resolve !== undefined || this.#isMatching) {
      return Promise.reject(runtimeError('E_RECEIVE_BUSY', { pid: process.pid }))
    }
    const isPlain = pattern === undefined && options === undefined
    if (isPlain && (process.mailbox === undefined || process.mailbox.length === 0)) return this.#waitForAny(process)
    let place: number
    let timeoutMs: number
    try {
      checkOptions(options, ['timeoutMs'])
      timeoutMs = checkTimeout(options?.timeoutMs ?? Infinity)
      checkPattern(pattern)
      place = this.#find(pattern, this.#firstPlace(pattern))
    } catch (error) {
      return Promise.reject(error)
    }
    // The pattern is users' code: it may have ended the process.
    if (!process.alive) return never()
    if (place >= 0 && process.node.scheduler.takeOne()) {
      process.reductions++
      this.#taken = this.#open(process.mailbox?.takeAt(place))
      return isOdd(this.#taken) ? Promise.reject(this.#oddMessage()) : Promise.resolve(this.#taken as Message)
    }
    return this.#wait(pattern, place, timeoutMs)
  }

  /** Messages as they come, without end. */
  [Symbol.asyncIterator](): AsyncIterator<Message, never> {
    return { next: async () => ({ done: false, value: await this.receive() }) }
  }

  // A message that holds a ref came after the ref was made: a long mailbox need not be looked through for it.
  #firstPlace(pattern: Pattern<never> | undefined): number {
    const { mailbox, node } = Actor.processOf(this)
    if (pattern === undefined || mailbox === undefined) return 0
    const ref = refOf(pattern)
    return ref === undefined || !node.isRefOfThisLife(ref) ? 0 : mailbox.firstPlaceOf(ref.id)
  }

  #find(pattern: Pattern<never> | undefined, from: number): number {
    const mailbox = Actor.processOf(this).mailbox
    const length = mailbox?.length ?? 0
    if (pattern === undefined) return from < length ? from : -1
    this.#isMatching = true
    try {
      return this.#match(pattern, from)
    } finally {
      this.#isMatching = false
    }
  }

  #match(pattern: Pattern<never>, from: number): number {
    const { mailbox, hasArrivals } = Actor.processOf(this)
    if (mailbox === undefined) return -1
    let { removals } = mailbox
    for (let place = from; place < mailbox.length; place++) {
      const message = mailbox.at(place)
      const fits = matches(pattern, hasArrivals ? contentOf(message) : message)
      // The pattern has taken messages away, by a flush: the places are others now.
      if (mailbox.removals !== removals) {
        removals = mailbox.removals
        place = -1
      } else if (fits) return place
    }
    return -1
  }

  #waitForAny(process: Process): Promise<Message> {
    process.state = processState.idle
    return new Promise((resolve, reject) => {
      this.#resolve = resolve as (message: unknown) => void
      this.#reject = reject
    })
  }

  #wait(pattern: Pattern<never> | undefined, found: number, timeoutMs: number): Promise<Message> {
    const process = Actor.processOf(this)
    const promise = this.#waitForAny(process)
    const looked = found >= 0 ? found : (process.mailbox?.length ?? 0)
    const search: Search = { pattern, looked, removals: process.mailbox?.removals ?? 0, timer: undefined }
    this.#search = search
    if (timeoutMs !== Infinity) search.timer = this.#startTimer(search, timeoutMs)
    // Found, but the slice is used up: it is taken in the next turn.
    if (found >= 0) process.wake()
    return promise
  }

  #startTimer(search: Search, timeoutMs: number): Timer {
    const timer = Actor.processOf(this).node.clock.setTimer(timeoutMs, () => {
      // As in Erlang: a message that is there already is taken, however late the turn for it comes.
      if (this.#search !== search || this.#look() > 0) return
      this.#fail(runtimeError('E_RECEIVE_TIMEOUT', { timeoutMs }))
    })
    timer.keepAlive(true)
    return timer
  }

  /** The `receive` that waits gets that message, or learns why not. */
  #give(message: unknown): void {
    const resolve = this.#resolve
    if (isOdd(message)) return this.#fail(this.#oddMessage())
    this.#settle()
    resolve?.(message)
  }

  #fail(error: Error): void {
    const reject = this.#reject
    this.#settle()
    reject?.(error)
  }

  #settle(): void {
    this.#forget()
    Actor.processOf(this).state = processState.busy
  }

  #forget(): void {
    if (this.#search !== undefined) {
      this.#search.timer?.cancel()
      this.#search = undefined
    }
    this.#resolve = undefined
    this.#reject = undefined
  }

  /** @internal Lets a context without code (the root's) wait for its first `receive`. */
  static rest: (self: Self) => void = self => {
    Actor.processOf(self).state = processState.busy
  }

  /** Its turn: starts the code, or gives the waiting `receive` its message. */
  static turn: (self: Self) => number = self => (self.#begun ? self.#look() : self.#start(self.#code as FunctionBody))

  /** @internal Gives an idle process its message at once: its code goes on in a microtask, as it would after a turn. */
  static takes: (self: Self, process: Process, message: unknown) => boolean = (self, process, message) => {
    const resolve = self.#resolve
    // A pattern is users' code, which runs in turns of its own process only.
    if (resolve === undefined || self.#search !== undefined || isOdd(message)) return false
    if (!process.node.scheduler.takeOne()) return false
    self.#resolve = undefined
    self.#reject = undefined
    process.state = processState.busy
    process.reductions++
    self.#taken = process.hasArrivals ? takeContent(process, message) : message
    resolve(self.#taken)
    return true
  }

  #oddMessage(): Error {
    return runtimeError('E_MESSAGE_THENABLE', { pid: Actor.processOf(this).pid })
  }

  /** What was sent, of what it takes. */
  #open(message: unknown): unknown {
    const process = Actor.processOf(this)
    return process.hasArrivals ? takeContent(process, message) : message
  }

  #start(code: FunctionBody): number {
    this.#begun = true
    Actor.processOf(this).state = processState.busy
    try {
      const result = code(this as Self)
      if (!isThenable(result)) this.#returned()
      else {
        Promise.resolve(result).then(
          () => this.#returned(),
          error => this.#threw(error),
        )
      }
    } catch (error) {
      this.#threw(error)
    }
    return 1
  }

  #look(): number {
    const process = Actor.processOf(this)
    if (this.#resolve === undefined) {
      process.state = processState.busy
      return 0
    }
    const search = this.#search
    let place: number
    try {
      place = this.#find(search?.pattern, search === undefined ? 0 : placeToGoOn(search, process.mailbox))
    } catch (error) {
      if (process.alive) this.#fail(error as Error)
      return 1
    }
    // The pattern is users' code: it may have ended the process.
    if (!process.alive) return 1
    const { mailbox } = process
    if (place < 0) {
      if (search !== undefined) search.looked = mailbox?.length ?? 0
      if (search !== undefined) search.removals = mailbox?.removals ?? 0
      process.state = processState.idle
      return 0
    }
    this.#taken = this.#open(mailbox?.takeAt(place))
    this.#give(this.#taken)
    return 1
  }

  /** @internal The process has ended: a `receive` that waits waits no more. */
  static ended: (self: Self) => void = self => {
    self.#forget()
  }

  #returned(): void {
    Actor.processOf(this).end('normal')
  }

  // The ExitedError of its own exit() finds the process ended already.
  #threw(error: unknown): void {
    const process = Actor.processOf(this)
    if (!process.alive) return
    const reason = reasonOf(error)
    process.node.watching.crashed(process, undefined, reason, this.#taken)
    process.end(reason)
  }

  /** @internal */
  static labelOf: (self: Self) => string = self => (self.#code === undefined ? 'root' : self.#code.name || 'anonymous')
}

export const functionBehavior: Behavior = {
  kind: 'function',
  labelOf: process => Self.labelOf(process.body as Self),
  callbackOf: () => undefined,
  run: process => Self.turn(process.body as Self),
  takes: (process, message) => Self.takes(process.body as Self, process, message),
  ended(process) {
    if (process.body instanceof Self) Self.ended(process.body)
  },
}
