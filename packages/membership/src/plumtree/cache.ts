/**
 * Payloads that are kept: those delivered, for peers who ask, and those held behind a gap. Bounded by count, bytes and
 * age; the oldest goes first. One that is held and goes is missing again, and is asked for like any other.
 */
import { limits } from '../limits.ts'
import type { Gossip } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import type { Origin } from './origin.ts'
import type { Plumtree } from './state.ts'

/** One payload of an origin. The message that it goes out in is made anew: thousands are kept for each that is asked for. */
export interface Cached {
  readonly origin: Origin
  readonly sequence: number
  /** With which it is sent on: one more than it came with. */
  readonly round: number
  readonly tag: string
  readonly payload: Uint8Array
  /** Who sent it, and need not get it back; none of this node's own. */
  readonly sender: Neighbour | undefined
  atMs: number
  older: Cached | undefined
  newer: Cached | undefined
}

export interface Cache {
  count: number
  bytes: number
  oldest: Cached | undefined
  newest: Cached | undefined
}

export function createCache(): Cache {
  return { count: 0, bytes: 0, oldest: undefined, newest: undefined }
}

/** A payload that came, or is this node's own. */
export function createEntry(
  origin: Origin,
  { sequence, tag, payload }: Pick<Gossip, 'sequence' | 'tag' | 'payload'>,
  round: number,
  sender: Neighbour | undefined,
  now: number,
): Cached {
  return { origin, sequence, round, tag, payload, sender, atMs: now, older: undefined, newer: undefined }
}

/** Keeps a payload, and lets go of the oldest where there are too many. */
export function keep(state: Plumtree, entry: Cached): void {
  const { cache, options } = state
  const { origin } = entry
  append(cache, entry)
  cache.count++
  cache.bytes += sizeOf(entry)
  if (origin.cached === undefined) origin.cached = [entry]
  else origin.cached.splice(indexOf(origin.cached, entry.sequence), 0, entry)
  if (state.sweepAtMs === Number.POSITIVE_INFINITY) state.sweepAtMs = entry.atMs + options.cacheAgeMs
  while (cache.oldest !== undefined && (cache.count > options.cacheCountMax || cache.bytes > options.cacheBytesMax)) {
    drop(state, cache.oldest)
  }
}

/** Lets go of one payload. */
export function drop(state: Plumtree, entry: Cached): void {
  const { cache } = state
  const cached = entry.origin.cached as Cached[]
  unlink(cache, entry)
  cache.count--
  cache.bytes -= sizeOf(entry)
  if (cached.length === 1) entry.origin.cached = undefined
  else cached.splice(indexOf(cached, entry.sequence), 1)
  for (const neighbour of state.neighbours.values()) neighbour.answered?.delete(entry)
}

/** Lets go of what has been kept for long enough. What is held stays until its gap is filled or given up. */
export function sweep(state: Plumtree, now: number): void {
  const { cache, options } = state
  for (let left = cache.count; left > 0; left--) {
    const entry = cache.oldest as Cached
    if (entry.atMs + options.cacheAgeMs > now) break
    if (entry.sequence > entry.origin.delivered) renew(cache, entry, now)
    else drop(state, entry)
  }
  // Several at once: a tick for each would wake an idle node for every message that it has passed on.
  state.sweepAtMs =
    cache.oldest === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(cache.oldest.atMs + options.cacheAgeMs, now + options.cacheAgeMs / 8)
}

/** Where the sequence is in the list, or would be. Nearly always at its end. */
export function indexOf(cached: readonly Cached[], sequence: number): number {
  let low = 0
  let high = cached.length
  if (high > 0 && (cached[high - 1] as Cached).sequence < sequence) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((cached[middle] as Cached).sequence < sequence) low = middle + 1
    else high = middle
  }
  return low
}

/** As it is sent on. */
export function gossipOf({ origin, sequence, round, tag, payload }: Cached): Gossip {
  const { node, creation } = origin
  return { kind: 'gossip', origin: node, creation, sequence, round, tag, payload }
}

function sizeOf(entry: Cached): number {
  return entry.payload.byteLength + limits.cachedOverheadBytes
}

function renew(cache: Cache, entry: Cached, now: number): void {
  unlink(cache, entry)
  entry.atMs = now
  append(cache, entry)
}

function append(cache: Cache, entry: Cached): void {
  entry.older = cache.newest
  if (cache.newest === undefined) cache.oldest = entry
  else cache.newest.newer = entry
  cache.newest = entry
}

function unlink(cache: Cache, entry: Cached): void {
  if (entry.older === undefined) cache.oldest = entry.newer
  else entry.older.newer = entry.newer
  if (entry.newer === undefined) cache.newest = entry.older
  else entry.newer.older = entry.older
  entry.older = undefined
  entry.newer = undefined
}
