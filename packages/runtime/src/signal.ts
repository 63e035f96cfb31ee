import type { ExitReason } from './exit-reason.ts'
import type { AnyPid } from './pid.ts'
import type { AliasRef } from './ref.ts'

/** A process on the receiving node: by pid, or by its registered name. */
export type SignalTarget = AnyPid | string

/**
 * What one node tells another. `from` and `to` of link, unlink and exit are the two processes; `ref` is a number
 * that the sending node chose and means something to it alone.
 */
export type Signal =
  | { readonly kind: 'send'; readonly from: AnyPid; readonly to: SignalTarget; readonly message: unknown }
  /** To whom the alias leads on its node. */
  | { readonly kind: 'aliasSend'; readonly from: AnyPid; readonly to: AliasRef; readonly message: unknown }
  | { readonly kind: 'cast'; readonly from: AnyPid; readonly to: SignalTarget; readonly request: unknown }
  /** Also watches the target: `down` with the same ref comes if it ends before it replied. */
  | {
      readonly kind: 'call'
      readonly from: AnyPid
      readonly to: SignalTarget
      readonly ref: number
      readonly request: unknown
    }
  /** As `call`: has the target end in order, and `down` is the answer. */
  | {
      readonly kind: 'stop'
      readonly from: AnyPid
      readonly to: SignalTarget
      readonly ref: number
      readonly reason: ExitReason
    }
  | { readonly kind: 'reply'; readonly ref: number; readonly value: unknown }
  | { readonly kind: 'link'; readonly from: AnyPid; readonly to: AnyPid }
  /** `id` tells the removals of one link apart. */
  | { readonly kind: 'unlink'; readonly from: AnyPid; readonly to: AnyPid; readonly id: number }
  | { readonly kind: 'unlinkAck'; readonly from: AnyPid; readonly to: AnyPid; readonly id: number }
  | { readonly kind: 'monitor'; readonly from: AnyPid; readonly to: SignalTarget; readonly ref: number }
  /** Ends a monitor, or a call that nobody waits for any more. */
  | { readonly kind: 'demonitor'; readonly ref: number }
  | { readonly kind: 'down'; readonly ref: number; readonly reason: ExitReason }
  /** `linked` says that a link carried it: it stands for the end of `from`, not for a wish of it. */
  | {
      readonly kind: 'exit'
      readonly from: AnyPid
      readonly to: SignalTarget
      readonly reason: ExitReason
      readonly linked: boolean
    }

export type SignalKind = Signal['kind']
