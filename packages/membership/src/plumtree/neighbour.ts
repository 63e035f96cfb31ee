/** The neighbours, each either eager or lazy: the two sets together are the overlay's active view, always. */
import type { NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { type Cached, gossipOf } from './cache.ts'
import type { Effect, Plumtree } from './state.ts'

/** A run that is still to be announced; it grows until it is sent. */
export interface PendingRange {
  readonly origin: NodeName
  readonly creation: number
  readonly from: number
  to: number
  round: number
}

export interface Neighbour {
  readonly node: NodeName
  /** Gets payloads; otherwise announcements. */
  isEager: boolean
  /** What it will be told at the next lazy tick. */
  pending: PendingRange[] | undefined
  /** What it asked for and got, and when it may have that again. */
  answered: Map<Cached, number> | undefined
  /** Origins of which it announced what is missing here. */
  missing: number
}

/** Paper: a new neighbour is eager. */
export function createNeighbour(node: NodeName): Neighbour {
  return { node, isEager: true, pending: undefined, answered: undefined, missing: 0 }
}

/** Pushes a payload to every eager neighbour and announces it to every lazy one, but not to whoever sent it. */
export function relay(state: Plumtree, entry: Cached, now: number, effects: Effect[]): void {
  const { sender } = entry
  const isBatched = state.options.lazyTickMs > 0
  const eager: NodeName[] = []
  let lazy: NodeName[] | undefined
  for (const neighbour of state.neighbours.values()) {
    if (neighbour === sender) continue
    if (neighbour.isEager) eager.push(neighbour.node)
    else if (isBatched) announce(state, neighbour, entry, now, effects)
    else if (lazy === undefined) lazy = [neighbour.node]
    else lazy.push(neighbour.node)
  }
  if (eager.length > 0) {
    state.counters.gossipSent += eager.length
    effects.push({ kind: 'send', to: eager, message: gossipOf(entry) })
  }
  if (lazy !== undefined) {
    state.counters.ihaveSent += lazy.length
    effects.push({ kind: 'send', to: lazy, message: { kind: 'ihave', ranges: [rangeOf(entry)] } })
  }
}

/** Tells a new neighbour what it may ask for: it may have been apart for a while. */
export function announceCached(state: Plumtree, neighbour: Neighbour, now: number, effects: Effect[]): void {
  if (state.cache.count === 0) return
  for (const origin of state.origins.values()) {
    if (origin.cached === undefined) continue
    for (const entry of origin.cached) {
      if (entry.sequence > origin.delivered) break
      announce(state, neighbour, entry, now, effects)
    }
  }
  if (state.options.lazyTickMs === 0) sendPending(state, neighbour, effects)
}

/** The lazy tick: everyone is told what was collected for them. */
export function sendAllPending(state: Plumtree, effects: Effect[]): void {
  state.lazyAtMs = Number.POSITIVE_INFINITY
  for (const neighbour of state.neighbours.values()) sendPending(state, neighbour, effects)
}

function announce(state: Plumtree, neighbour: Neighbour, entry: Cached, now: number, effects: Effect[]): void {
  const { origin, sequence, round } = entry
  neighbour.pending ??= []
  const last = neighbour.pending[neighbour.pending.length - 1]
  if (last?.origin === origin.node && last.creation === origin.creation && last.to + 1 === sequence) {
    last.to = sequence
    last.round = round
  } else {
    if (neighbour.pending.push(rangeOf(entry)) === limits.rangesPerMessageMax) sendPending(state, neighbour, effects)
  }
  if (neighbour.pending !== undefined) state.lazyAtMs = Math.min(state.lazyAtMs, now + state.options.lazyTickMs)
}

function sendPending(state: Plumtree, neighbour: Neighbour, effects: Effect[]): void {
  const ranges = neighbour.pending
  if (ranges === undefined) return
  neighbour.pending = undefined
  state.counters.ihaveSent++
  effects.push({ kind: 'send', to: [neighbour.node], message: { kind: 'ihave', ranges } })
}

function rangeOf({ origin: { node, creation }, sequence, round }: Cached): PendingRange {
  return { origin: node, creation, from: sequence, to: sequence, round }
}
