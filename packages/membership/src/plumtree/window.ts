/**
 * The window of an origin: what was delivered, in order and once, and what is held behind a gap.
 *
 * Only what was delivered is relayed and announced. So a neighbour's word that it is at a sequence means that it found
 * the way there, and a lie does not become the word of many by being repeated. A gap is given up, and the window moved
 * past it, only before a payload that is held. It is *vouched for* by two neighbours, by the origin itself, or by the
 * only neighbour, who say to be past it. Nothing could be delivered meanwhile
 * - for `gapMs`, where it is vouched for;
 * - for `loneGapMs`, where one of several neighbours says so. A healed split may have one way across only, so that one
 *   word has to be enough in the end; a liar needs an origin that says nothing all the while.
 * Whoever comes in the middle of a life begins at the lowest payload that it holds: at once where it is vouched for,
 * after `loneGapMs` where it is not. A life that is young is wanted from its first message on, for `startGapMs`: it may
 * well be that others overtook it.
 * Nothing here is signed: a member that forges the very next message of another is believed, and so is one that forges
 * a number far ahead for an origin that is silent for `loneGapMs`.
 */
import { limits } from '../limits.ts'
import { type Cached, drop, indexOf, keep } from './cache.ts'
import { relay } from './neighbour.ts'
import { begin, hasHeld, nothing, type Origin } from './origin.ts'
import { askAfresh, canAnnounce, noteAnnouncement, type Pull, settle, startPull } from './pull.ts'
import type { Effect, Plumtree } from './state.ts'
import { noteDelivery, optimize } from './tree.ts'

/** Was it delivered, given up, or is it held? */
export function isSeen(origin: Origin, sequence: number): boolean {
  if (sequence <= origin.delivered) return true
  if (origin.cached === undefined || !hasHeld(origin)) return false
  return origin.cached[indexOf(origin.cached, sequence)]?.sequence === sequence
}

/** Takes a payload that is new: delivers it and what waited for it, or holds it where there is room. */
export function take(state: Plumtree, entry: Cached, now: number, effects: Effect[]): void {
  const { origin, sender, sequence } = entry
  origin.heardAtMs = now
  if (origin.delivered === nothing) origin.delivered = 0
  const isNext = sequence === origin.delivered + 1
  if (!isNext && !makeRoom(state, origin, sequence)) return
  keep(state, entry)
  if (isNext) {
    deliver(state, entry, now, effects)
    drain(state, origin, now, effects)
  } else if (sender !== undefined) {
    startPull(state, origin, sequence, sequence, now)
    const range = { from: sequence, to: sequence, round: entry.round - 1 }
    if (canAnnounce(origin, sender)) noteAnnouncement(state, origin, sender, range, now)
    else state.counters.refused.missingFull++
    beginInTheMiddle(state, origin, now, effects)
  }
}

/** Begins in the middle of a life, where that is vouched for. */
export function beginInTheMiddle(state: Plumtree, origin: Origin, now: number, effects: Effect[]): void {
  const { pull } = origin
  if (pull === undefined || !isMiddle(origin) || !isVouched(state, origin, pull)) return
  leap(state, origin, now, effects)
}

/** When the gap before what is held is given up; never where nothing is held, or nobody could be asked. */
export function leapAtMs(state: Plumtree, origin: Origin, pull: Pull): number {
  if (state.neighbours.size === 0 || !hasHeld(origin)) return Number.POSITIVE_INFINITY
  const { startGapMs, gapMs, loneGapMs } = state.options
  if (origin.delivered === 0 && !isMiddle(origin)) return pull.progressAtMs + startGapMs
  return pull.progressAtMs + (isVouched(state, origin, pull) ? gapMs : loneGapMs)
}

/** Gives up the gap before what is held. */
export function leap(state: Plumtree, origin: Origin, now: number, effects: Effect[]): void {
  const to = lowestHeld(origin) - 1
  if (!isMiddle(origin)) miss(state, origin, origin.delivered + 1, to, effects)
  origin.delivered = to
  drain(state, origin, now, effects)
  if (origin.pull !== undefined) askAfresh(state, origin.pull, now)
}

/** Says that nobody could be found who has these. */
export function miss(state: Plumtree, origin: Origin, from: number, to: number, effects: Effect[]): void {
  state.counters.missed++
  effects.push({ kind: 'missed', origin: origin.node, creation: origin.creation, from, to })
}

// Nothing was delivered, and what is held is not the beginning: what is before it is not owed.
function isMiddle(origin: Origin): boolean {
  return origin.delivered === 0 && hasHeld(origin) && lowestHeld(origin) > limits.startSequencesMax
}

function isVouched(state: Plumtree, origin: Origin, pull: Pull): boolean {
  if (state.neighbours.size === 1) return true
  const behindGap = lowestHeld(origin)
  let words = 0
  for (const { peer, to } of pull.announcements) {
    if (to >= behindGap && (++words === 2 || peer.node === origin.node)) return true
  }
  return false
}

function lowestHeld(origin: Origin): number {
  const cached = origin.cached as Cached[]
  return (cached[indexOf(cached, origin.delivered + 1)] as Cached).sequence
}

function deliver(state: Plumtree, entry: Cached, now: number, effects: Effect[]): void {
  const { origin, sender, sequence, round, tag, payload } = entry
  if (origin.isRival || origin.rival !== undefined) begin(state, origin)
  origin.delivered = sequence
  origin.parent = sender?.node
  origin.round = round - 1
  state.counters.delivered++
  effects.push({ kind: 'deliver', origin: origin.node, creation: origin.creation, tag, payload })
  noteDelivery(state, origin, now)
  relay(state, entry, now, effects)
  if (origin.pull !== undefined) takeShorterWay(state, origin, origin.pull, now, effects)
}

// Paper, Optimize: looked for among the announcements of the very message that came.
function takeShorterWay(state: Plumtree, origin: Origin, pull: Pull, now: number, effects: Effect[]): void {
  for (const { peer, to, round } of pull.announcements) {
    if (to === origin.delivered) optimize(state, origin, peer, round, now, effects)
  }
}

function drain(state: Plumtree, origin: Origin, now: number, effects: Effect[]): void {
  while (origin.cached !== undefined && hasHeld(origin)) {
    const next = origin.cached[indexOf(origin.cached, origin.delivered + 1)] as Cached
    if (next.sequence !== origin.delivered + 1) break
    deliver(state, next, now, effects)
  }
  settle(state, origin, now)
}

// The lowest are what a gap waits for: a number far ahead never keeps one close by out.
function makeRoom(state: Plumtree, origin: Origin, sequence: number): boolean {
  const cached = origin.cached ?? []
  const held = cached.length - indexOf(cached, origin.delivered + 1)
  if (held < state.options.heldPerOriginMax) return true
  state.counters.refused.heldFull++
  const highest = cached[cached.length - 1] as Cached
  if (highest.sequence < sequence) return false
  drop(state, highest)
  return true
}
