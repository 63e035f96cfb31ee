/** What a callback of a server may return besides a reply. */

import { checkTimeout } from '../clock/timeouts.ts'
import { runtimeError } from '../errors.ts'
import { describe, type ExitReason } from '../exit-reason.ts'

declare const noReplyBrand: unique symbol

/** Returned by `handleCall` when the reply comes later, through `from.reply(x)`. */
export interface NoReply {
  readonly [noReplyBrand]: true
}

class NoReplyOutcome {}

/** Returned by `handleCall` when the reply comes later, through `from.reply(x)`. */
export const noReply: NoReply = new NoReplyOutcome() as unknown as NoReply

/** Ends the server after this callback; made with {@link stop}. */
export class Stop<Reply = never> {
  readonly reason: ExitReason
  readonly reply: { readonly value: Reply } | undefined

  /** @internal */
  constructor(reason: ExitReason, reply: { readonly value: Reply } | undefined) {
    this.reason = reason
    this.reply = reply
  }
}

/**
 * Returned by a callback to end the server: `terminate` runs, then the process exits with `reason`
 * (default `'normal'`). From `handleCall`, a second argument answers the call first.
 */
export function stop(reason?: ExitReason): Stop
export function stop<Reply>(reason: ExitReason, reply: Reply): Stop<Reply>
export function stop(...args: [reason?: ExitReason, reply?: unknown]): Stop<unknown> {
  return new Stop(args[0] ?? 'normal', args.length > 1 ? { value: args[1] } : undefined)
}

/** What happens after a callback, before the next message or in place of it. */
export interface Then {
  /** `handleContinue` runs with this before the next message. */
  readonly continue?: unknown
  /** When no message comes for this many milliseconds, `handleInfo` gets `{ kind: 'timeout' }`. */
  readonly timeoutMs?: number
}

/** What a callback returns to have something happen after it; made with {@link next} and {@link reply}. */
export class Next<Reply = never> {
  readonly reply: { readonly value: Reply } | undefined
  readonly after: Then

  /** @internal */
  constructor(reply: { readonly value: Reply } | undefined, then: Then) {
    this.reply = reply
    this.after = then
  }
}

/** Returned by a callback to go on with `handleContinue`, or to be told of silence. From `handleCall`, no reply yet. */
export function next(then: Then): Next {
  checkThen(then)
  return new Next(undefined, then)
}

/** Returned by `handleCall` to reply and then go on with `handleContinue`, or to be told of silence. */
export function reply<Reply>(value: Reply, then: Then = {}): Next<Reply> {
  checkThen(then)
  return new Next({ value }, then)
}

/** @throws E_OPTION_INVALID */
function checkThen(then: Then): void {
  if (typeof then !== 'object' || then === null) {
    throw runtimeError('E_OPTION_INVALID', { option: 'then', problem: `${describe(then)} is not an object` })
  }
  for (const option of Object.keys(then)) {
    if (option !== 'continue' && option !== 'timeoutMs') {
      throw runtimeError('E_OPTION_INVALID', { option, problem: 'after a callback there is continue and timeoutMs' })
    }
  }
  if (then.timeoutMs !== undefined) checkTimeout(then.timeoutMs)
}

/** Put into the mailbox of a server that asked to be told of silence. */
export interface Silence {
  readonly kind: 'timeout'
}
