/** How full the views are, for statistics and for tests of their bounds. */
import type { Hyparview } from './state.ts'

export interface ViewSizes {
  readonly active: number
  readonly passive: number
  /** Links asked for and not answered. */
  readonly pending: number
  /** Lost neighbours that are probed. */
  readonly failed: number
  /** For how long the longest of `pending` has waited. */
  readonly pendingOldestMs: number
  /** Requests for links that were never answered, since the start. */
  readonly pendingExpired: number
  /** Members that have had this node dial others a short while ago. */
  readonly dialing: number
  /** Of the passive view, how many one node has told of. */
  readonly passiveMost: number
}

export function viewSizes(
  { active, passive, pending, failed, dials, options, pendingExpired }: Hyparview,
  now: number,
): ViewSizes {
  let oldestMs = 0
  for (const { deadlineMs } of pending.values()) oldestMs = Math.max(oldestMs, now - deadlineMs + options.pendingMsMax)
  return {
    active: active.size,
    passive: passive.size,
    pending: pending.size,
    failed: failed.size,
    pendingOldestMs: oldestMs,
    pendingExpired,
    dialing: dials.size,
    passiveMost: passive.sourceMost,
  }
}
