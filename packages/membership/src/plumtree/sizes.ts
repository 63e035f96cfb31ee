/** How full the tables of a Plumtree are, for statistics and for tests of their bounds. */
import type { Plumtree } from './state.ts'

export interface PlumtreeSizes {
  readonly eager: number
  readonly lazy: number
  readonly cachedCount: number
  readonly cachedBytes: number
  readonly origins: number
  /** Origins of which something is missing. */
  readonly waiting: number
  /** Announcements of what is missing, of all neighbours. */
  readonly missing: number
  /** Ranges that are still to be announced, to all neighbours. */
  readonly pending: number
}

export function plumtreeSizes(state: Plumtree): PlumtreeSizes {
  let eager = 0
  let missing = 0
  let pending = 0
  for (const neighbour of state.neighbours.values()) {
    if (neighbour.isEager) eager++
    missing += neighbour.missing
    pending += neighbour.pending?.length ?? 0
  }
  return {
    eager,
    lazy: state.neighbours.size - eager,
    cachedCount: state.cache.count,
    cachedBytes: state.cache.bytes,
    origins: state.origins.size,
    waiting: state.waiting.size,
    missing,
    pending,
  }
}
