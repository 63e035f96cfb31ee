/** What a callback of a server may return besides a reply. */

import type { ExitReason } from '../exit-reason.ts'

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
