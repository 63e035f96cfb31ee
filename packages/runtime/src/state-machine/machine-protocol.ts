/** What a state machine understands and which states it has, as types. */

import type { From } from '../gen-server/call.ts'
import type { CastOf, InfoOf, Protocol } from '../protocol.ts'

/**
 * The protocol of a server, and what is the machine's own: the names of its states, the events it gives itself, the
 * names of its time-outs.
 *
 * ```ts
 * interface DoorProtocol {
 *   state: 'locked' | 'open'
 *   call: (request: { code: string }) => 'welcome' | 'wrong'
 *   internal: 'ring'
 *   timeout: 'battery'
 * }
 * ```
 */
export interface MachineProtocol extends Protocol {
  readonly state: string
  readonly internal?: unknown
  readonly timeout?: string
}

export type StateOf<P extends MachineProtocol> = P['state']

export type InternalOf<P extends MachineProtocol> = P extends { readonly internal: infer Internal } ? Internal : never

export type TimeoutNameOf<P extends MachineProtocol> = P extends { readonly timeout: infer Name extends string }
  ? Name
  : never

type CallEventOf<F> = F extends (request: infer Request) => infer Reply
  ? { readonly kind: 'call'; readonly request: Request; readonly from: From<Reply> }
  : never

/** What a state handles. */
export type MachineEvent<P extends MachineProtocol> =
  | (P extends { readonly call: infer F } ? CallEventOf<F> : never)
  | { readonly kind: 'cast'; readonly request: CastOf<P> }
  /** Every other message: those sent with `send`, `down`, `exit`. */
  | { readonly kind: 'info'; readonly message: InfoOf<P> }
  /** What the machine gave itself with `internal`. */
  | { readonly kind: 'internal'; readonly request: InternalOf<P> }
  /** No change of state for as long as the machine asked. */
  | { readonly kind: 'stateTimeout' }
  /** No event for as long as the machine asked. */
  | { readonly kind: 'eventTimeout' }
  | { readonly kind: 'timeout'; readonly name: TimeoutNameOf<P> }
