/**
 * Who is asked for what is missing: those who announced it, in the order in which they did, each for as long as it
 * sends some; then eager neighbours at random. What nobody has, and nothing is held behind, is given up after
 * `unannouncedAsksMax` of those; a gap is asked for, ever more seldom, until `leapAtMs`.
 */
import type { NodeName, Random } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { pick } from '../random.ts'
import type { WantedRange } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import { forget, hasHeld, nothing, type Origin } from './origin.ts'
import { announcementOf, askBy, endPull, missingRanges, type Pull, removeAnnouncements } from './pull.ts'
import type { Effect, Plumtree } from './state.ts'
import { graft } from './tree.ts'
import { leap, leapAtMs, miss } from './window.ts'

/** Asks for all that is due, and gives up what is overdue. One peer gets as few grafts as can name it all. */
export function runPulls(state: Plumtree, now: number, random: Random, effects: Effect[]): void {
  const asks = new Map<Neighbour, WantedRange[]>()
  state.pullAtMs = Number.POSITIVE_INFINITY
  for (const origin of state.waiting) {
    if (leapAtMs(state, origin, origin.pull as Pull) <= now) leap(state, origin, now, effects)
    if (origin.pull !== undefined && origin.pull.askAtMs <= now)
      ask(state, origin, origin.pull, now, random, asks, effects)
    if (origin.pull !== undefined) remind(state, origin, origin.pull)
  }
  for (const [neighbour, ranges] of asks) {
    for (let from = 0; from < ranges.length; from += limits.rangesPerMessageMax) {
      graft(state, neighbour, ranges.slice(from, from + limits.rangesPerMessageMax), effects)
    }
  }
}

/** A neighbour went: what it was asked for, or had announced, is asked of others at once. */
export function askOthers(state: Plumtree, gone: Neighbour, now: number): void {
  for (const origin of state.waiting) {
    const pull = origin.pull as Pull
    if (pull.asked !== gone && announcementOf(pull, gone) === undefined) continue
    removeAnnouncements(pull, ({ peer }) => peer === gone)
    if (pull.asked !== gone) continue
    pull.asked = undefined
    pull.askAtMs = now
    state.pullAtMs = now
  }
}

/** A neighbour came: it may have what is missing, and what nobody could be asked for is not overdue at once. */
export function askAgain(state: Plumtree, now: number): void {
  const wasAlone = state.neighbours.size === 1
  for (const origin of state.waiting) {
    const pull = origin.pull as Pull
    if (wasAlone) pull.progressAtMs = now
    pull.unannouncedAsks = 0
    askBy(state, pull, now + state.options.graftDelayMs)
  }
}

function remind(state: Plumtree, origin: Origin, pull: Pull): void {
  if (state.neighbours.size === 0) return
  state.pullAtMs = Math.min(state.pullAtMs, pull.askAtMs, leapAtMs(state, origin, pull))
}

function ask(
  state: Plumtree,
  origin: Origin,
  pull: Pull,
  now: number,
  random: Random,
  asks: Map<Neighbour, WantedRange[]>,
  effects: Effect[],
): void {
  if (state.neighbours.size === 0) return
  const peer = nextPeer(state, origin, pull, random)
  if (peer === undefined) return giveUp(state, origin, pull, effects)
  const { heldPerOriginMax } = state.options
  const ranges = missingRanges(origin, pull, announcementOf(pull, peer)?.to ?? pull.upTo, heldPerOriginMax)
  asks.set(peer, [...(asks.get(peer) ?? []), ...ranges])
  pull.asked = peer
  pull.isSupplied = false
  pull.askAtMs = Number.POSITIVE_INFINITY
  const backOff = Math.min(2 ** Math.max(0, pull.unannouncedAsks - 1), limits.askBackOffMax)
  askBy(state, pull, now + state.options.graftRetryMs * backOff)
}

function nextPeer(state: Plumtree, origin: Origin, pull: Pull, random: Random): Neighbour | undefined {
  const { asked, isSupplied, announcements } = pull
  if (asked !== undefined && isSupplied) return asked
  const spent = announcements.find(({ peer }) => peer === asked)
  if (spent !== undefined) spent.isSpent = true
  const next = announcements.find(({ isSpent }) => !isSpent)
  if (next !== undefined) return next.peer
  // Of an origin that never said anything here, only those who speak of it are asked.
  if (origin.delivered === nothing) return undefined
  if (pull.unannouncedAsks >= limits.unannouncedAsksMax && !hasHeld(origin)) return undefined
  pull.unannouncedAsks++
  return pickAny(state, asked?.node, random)
}

function pickAny(state: Plumtree, but: NodeName | undefined, random: Random): Neighbour | undefined {
  const all = [...state.neighbours.values()]
  const others = all.filter(({ node }) => node !== but)
  const eager = others.filter(({ isEager }) => isEager)
  const choice = eager.length > 0 ? eager : others.length > 0 ? others : all
  return pick(choice, random)
}

function giveUp(state: Plumtree, origin: Origin, pull: Pull, effects: Effect[]): void {
  if (origin.delivered <= 0) return forget(state, origin)
  miss(state, origin, origin.delivered + 1, pull.upTo, effects)
  endPull(state, origin)
}
