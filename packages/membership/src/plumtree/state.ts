/**
 * Plumtree: broadcast over the neighbours of the overlay. Payloads are pushed along a tree of eager links that grows out
 * of what comes twice, and announced on the lazy ones; what is announced and does not come is asked for.
 *
 *   eager                       lazy
 *   gossip(5) --------->        ihave(5..5) --------->
 *   <--- prune (had it)         <------- graft(5..5)     (not here within graftDelayMs)
 *                               gossip(5) ----------->
 *
 * After Leitao, Pereira, Rodrigues: Epidemic Broadcast Trees (2007). Ours: messages are numbered by their origin, so
 * that what was seen is one number for each origin, delivery is first-in-first-out, and a gap shows by itself.
 * What is under way when a neighbour goes is not taken any more: whatever it was comes by another neighbour, or is asked
 * for when one is announced or a gap shows; a neighbour that comes back is told what the cache holds.
 */
import type { NodeName, Random } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { answer } from './answer.ts'
import { type Cache, createCache, createEntry, sweep } from './cache.ts'
import { type Counters, createCounters } from './counters.ts'
import { askAgain, askOthers, runPulls } from './ladder.ts'
import { type AnnouncedRange, checkMessage, type Gossip, type PlumtreeMessage } from './messages.ts'
import { announceCached, createNeighbour, type Neighbour, sendAllPending } from './neighbour.ts'
import { type PlumtreeOptions, plumtreeDefaults } from './options.ts'
import { admit, createOrigin, lifeOf, type Origin } from './origin.ts'
import { canAnnounce, noteAnnouncement } from './pull.ts'
import { createShaper, isShaping, optimize, type Pace, prune, type Shaper } from './tree.ts'
import { beginInTheMiddle, isSeen, take } from './window.ts'

export type PlumtreeEvent =
  /** This node says something. The payload is kept: nobody may change it afterwards. */
  | { readonly kind: 'broadcast'; readonly tag: string; readonly payload: Uint8Array }
  /** `from` is proven; the message is whatever came. */
  | { readonly kind: 'received'; readonly from: NodeName; readonly message: unknown }
  | { readonly kind: 'peerUp'; readonly node: NodeName }
  | { readonly kind: 'peerDown'; readonly node: NodeName }
  /** At the time that was asked for. Earlier or later does no harm. */
  | { readonly kind: 'tick' }

export type Effect =
  /** The same message to several, so that it is encoded once. */
  | { readonly kind: 'send'; readonly to: readonly NodeName[]; readonly message: PlumtreeMessage }
  /** In the order of the origin, and once. */
  | {
      readonly kind: 'deliver'
      readonly origin: NodeName
      readonly creation: number
      readonly tag: string
      readonly payload: Uint8Array
    }
  /** Given up: what is above repairs it by other means. Both ends included; the end may be a lie, and be huge. */
  | {
      readonly kind: 'missed'
      readonly origin: NodeName
      readonly creation: number
      readonly from: number
      readonly to: number
    }
  /** A tick is wanted then; it takes the place of a later one that was asked for. */
  | { readonly kind: 'schedule'; readonly atMs: number }

/** One life of this node. */
export interface Self {
  readonly node: NodeName
  readonly creation: number
}

/** All that a node knows. Only {@link step} changes it. */
export interface Plumtree {
  readonly self: Self
  readonly options: Required<PlumtreeOptions>
  readonly neighbours: Map<NodeName, Neighbour>
  readonly origins: Map<NodeName, Origin>
  /** How many of the origins each peer has brought up. */
  readonly introduced: Map<NodeName, number>
  /** Origins of which something is missing. */
  readonly waiting: Set<Origin>
  readonly cache: Cache
  readonly counters: Counters
  readonly pace: Pace
  readonly shaper: Shaper
  startedAtMs: number
  /** When each kind of work is due, and the tick that was asked for. */
  lazyAtMs: number
  pullAtMs: number
  sweepAtMs: number
  tickAtMs: number
  /** When a full table of origins may be searched again. */
  searchAtMs: number
}

export function createPlumtree(setup: { readonly self: Self; readonly options?: PlumtreeOptions }): Plumtree {
  const { self, options } = setup
  const own = createOrigin(self.node, self.creation)
  own.delivered = 0
  return {
    self,
    options: { ...plumtreeDefaults, ...options },
    neighbours: new Map(),
    origins: new Map([[self.node, own]]),
    introduced: new Map(),
    waiting: new Set(),
    cache: createCache(),
    counters: createCounters(),
    pace: { sinceMs: 0, count: 0, before: 0 },
    shaper: createShaper(),
    startedAtMs: Number.NaN,
    lazyAtMs: Number.POSITIVE_INFINITY,
    pullAtMs: Number.POSITIVE_INFINITY,
    sweepAtMs: Number.POSITIVE_INFINITY,
    tickAtMs: Number.POSITIVE_INFINITY,
    searchAtMs: Number.NEGATIVE_INFINITY,
  }
}

/** Takes one event, changes the state, says what the driver must do. Never waits, never fails. */
export function step(state: Plumtree, event: PlumtreeEvent, now: number, random: Random): Effect[] {
  const effects: Effect[] = []
  if (Number.isNaN(state.startedAtMs)) state.startedAtMs = now
  handle(state, event, now, random, effects)
  const dueAtMs = Math.min(state.lazyAtMs, state.pullAtMs, state.sweepAtMs)
  if (dueAtMs < state.tickAtMs) {
    state.tickAtMs = dueAtMs
    effects.push({ kind: 'schedule', atMs: dueAtMs })
  }
  return effects
}

function handle(state: Plumtree, event: PlumtreeEvent, now: number, random: Random, effects: Effect[]): void {
  switch (event.kind) {
    case 'broadcast':
      return broadcast(state, event.tag, event.payload, now, effects)
    case 'received':
      return onMessage(state, event.from, event.message, now, effects)
    case 'peerUp':
      return addNeighbour(state, event.node, now, effects)
    case 'peerDown':
      return removeNeighbour(state, event.node, now, random, effects)
    case 'tick':
      return expire(state, now, random, effects)
    default:
      return event satisfies never
  }
}

function broadcast(state: Plumtree, tag: string, payload: Uint8Array, now: number, effects: Effect[]): void {
  if (payload.byteLength > limits.payloadBytesMax || tag.length > limits.tagCharactersMax) {
    state.counters.refused.broadcastTooLarge++
    return
  }
  const own = state.origins.get(state.self.node) as Origin
  const sequence = own.delivered + 1
  take(state, createEntry(own, { sequence, tag, payload }, 1, undefined, now), now, effects)
}

function onMessage(state: Plumtree, from: NodeName, value: unknown, now: number, effects: Effect[]): void {
  const { refused } = state.counters
  const neighbour = state.neighbours.get(from)
  if (neighbour === undefined) {
    refused.notNeighbour++
    return
  }
  const message = checkMessage(value)
  if (typeof message === 'string') {
    refused.malformed++
    return
  }
  switch (message.kind) {
    case 'gossip':
      return onGossip(state, neighbour, message, now, effects)
    case 'ihave':
      for (const range of message.ranges) onAnnouncedRange(state, neighbour, range, now, effects)
      return
    case 'graft':
      neighbour.isEager = true
      return answer(state, neighbour, message.ranges, now, effects)
    case 'prune':
      neighbour.isEager = false
      return
    default:
      return message satisfies never
  }
}

function onGossip(state: Plumtree, neighbour: Neighbour, message: Gossip, now: number, effects: Effect[]): void {
  state.counters.gossipReceived++
  const { creation, sequence } = message
  const origin = lifeOf(state, message.origin, creation) ?? admit(state, neighbour.node, message, true, now)
  if (origin === undefined) return
  if (isSeen(origin, sequence)) {
    state.counters.duplicates++
    if (isShaping(state, origin, sequence)) prune(state, neighbour, effects)
    return
  }
  if (origin.node === state.self.node) {
    state.counters.refused.forged++
    return
  }
  // Paper: whoever brings what is new is eager.
  neighbour.isEager = true
  if (origin.pull?.asked === neighbour) origin.pull.isSupplied = true
  const round = Math.min(message.round + 1, limits.roundMax)
  take(state, createEntry(origin, message, round, neighbour, now), now, effects)
}

function onAnnouncedRange(
  state: Plumtree,
  neighbour: Neighbour,
  range: AnnouncedRange,
  now: number,
  effects: Effect[],
): void {
  let origin = lifeOf(state, range.origin, range.creation)
  if (origin !== undefined && range.to <= origin.delivered) {
    if (range.to === origin.delivered) optimize(state, origin, neighbour, range.round, now, effects)
    return
  }
  if (origin?.node === state.self.node) {
    state.counters.refused.forged++
    return
  }
  if (!canAnnounce(origin, neighbour)) {
    state.counters.refused.missingFull++
    return
  }
  origin ??= admit(state, neighbour.node, range, false, now)
  if (origin === undefined) return
  noteAnnouncement(state, origin, neighbour, range, now)
  beginInTheMiddle(state, origin, now, effects)
}

function addNeighbour(state: Plumtree, node: NodeName, now: number, effects: Effect[]): void {
  if (node === state.self.node || state.neighbours.has(node)) return
  const neighbour = createNeighbour(node)
  state.neighbours.set(node, neighbour)
  announceCached(state, neighbour, now, effects)
  askAgain(state, now)
}

function removeNeighbour(state: Plumtree, node: NodeName, now: number, random: Random, effects: Effect[]): void {
  const neighbour = state.neighbours.get(node)
  if (neighbour === undefined) return
  state.neighbours.delete(node)
  // Payloads that it sent may still point to it for a while.
  neighbour.answered = undefined
  neighbour.pending = undefined
  askOthers(state, neighbour, now)
  if (state.pullAtMs <= now) runPulls(state, now, random, effects)
}

function expire(state: Plumtree, now: number, random: Random, effects: Effect[]): void {
  // Also where it came early: the timer is used up.
  state.tickAtMs = Number.POSITIVE_INFINITY
  if (now >= state.lazyAtMs) sendAllPending(state, effects)
  if (now >= state.pullAtMs) runPulls(state, now, random, effects)
  if (now >= state.sweepAtMs) sweep(state, now)
}

/** The neighbours that get payloads. */
export function eagerPeers(state: Plumtree): NodeName[] {
  return peers(state, true)
}

/** The neighbours that get announcements. */
export function lazyPeers(state: Plumtree): NodeName[] {
  return peers(state, false)
}

function peers(state: Plumtree, isEager: boolean): NodeName[] {
  return [...state.neighbours.values()].filter(peer => peer.isEager === isEager).map(({ node }) => node)
}
