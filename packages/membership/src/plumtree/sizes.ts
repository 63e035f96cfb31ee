/** How full the tables of a Plumtree are, for statistics and for tests of their bounds. */
import { indexOf } from './cache.ts'
import type { Plumtree } from './state.ts'

export interface PlumtreeSizes {
  readonly eager: number
  readonly lazy: number
  readonly cachedCount: number
  readonly cachedBytes: number
  /** Since when the oldest of them has been kept; what is held behind a gap begins anew now and then. */
  readonly cachedOldestMs: number
  /** Payloads that are held behind a gap: of all origins, and of the one with the most. */
  readonly held: number
  readonly heldMost: number
  readonly origins: number
  /** Of the origins, how many one peer has brought up. */
  readonly introducedMost: number
  /** Origins of which something is missing. */
  readonly waiting: number
  /** Announcements of what is missing, of all neighbours. */
  readonly missing: number
  /** Ranges that are still to be announced, to all neighbours. */
  readonly pending: number
  /** Of the neighbours, the most that one has been sent because it asked, and that is still kept. */
  readonly answeredMost: number
}

export function plumtreeSizes(state: Plumtree, now: number): PlumtreeSizes {
  return {
    cachedCount: state.cache.count,
    cachedBytes: state.cache.bytes,
    cachedOldestMs: state.cache.oldest === undefined ? 0 : now - state.cache.oldest.atMs,
    origins: state.origins.size,
    introducedMost: greatest(state.introduced.values()),
    waiting: state.waiting.size,
    ...neighbourSizes(state),
    ...heldSizes(state),
  }
}

function greatest(numbers: Iterable<number>): number {
  let most = 0
  for (const number of numbers) most = Math.max(most, number)
  return most
}

function neighbourSizes({ neighbours }: Plumtree) {
  let [eager, missing, pending, answeredMost] = [0, 0, 0, 0]
  for (const neighbour of neighbours.values()) {
    if (neighbour.isEager) eager++
    missing += neighbour.missing
    pending += neighbour.pending?.length ?? 0
    answeredMost = Math.max(answeredMost, neighbour.answered?.size ?? 0)
  }
  return { eager, lazy: neighbours.size - eager, missing, pending, answeredMost }
}

function heldSizes({ origins }: Plumtree) {
  let [held, heldMost] = [0, 0]
  for (const { cached, delivered } of origins.values()) {
    if (cached === undefined) continue
    const count = cached.length - indexOf(cached, delivered + 1)
    held += count
    heldMost = Math.max(heldMost, count)
  }
  return { held, heldMost }
}
