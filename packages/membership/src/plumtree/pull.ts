/**
 * What is known to be missing of an origin, and who says to have it: one range for each origin, one announcement for
 * each origin and neighbour. So a number far ahead costs no more than one close by, and an announcement moves nothing.
 */
import { limits } from '../limits.ts'
import { type Cached, indexOf } from './cache.ts'
import type { WantedRange } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import { nothing, type Origin } from './origin.ts'
import type { Plumtree } from './state.ts'

/** A neighbour's word that it has delivered everything up to a sequence, as far as it could be had. */
export interface Announcement {
  readonly peer: Neighbour
  to: number
  round: number
  /** It was asked, and sent nothing. That it is past a gap still counts. */
  isSpent: boolean
}

export interface Pull {
  readonly announcements: Announcement[]
  /** The least that was announced; looked at only before the first payload of a life. */
  from: number
  /** The greatest sequence that is missing, or held. */
  upTo: number
  /** When the next peer is asked. */
  askAtMs: number
  /** Who was asked last, and whether it has sent any of it. */
  asked: Neighbour | undefined
  isSupplied: boolean
  /** How many were asked that had announced nothing. */
  unannouncedAsks: number
  /** When it began, or something could last be delivered. */
  progressAtMs: number
}

/** Has the neighbour room for one more announcement of what is missing? */
export function canAnnounce(origin: Origin | undefined, peer: Neighbour): boolean {
  return peer.missing < limits.missingPerPeerMax || announcementOf(origin?.pull, peer) !== undefined
}

/** Notes that a neighbour says to be at `to`, beyond what was delivered. */
export function noteAnnouncement(
  state: Plumtree,
  origin: Origin,
  peer: Neighbour,
  range: { readonly from: number; readonly to: number; readonly round: number },
  now: number,
): void {
  const pull = startPull(state, origin, range.from, range.to, now)
  const announcement = announcementOf(pull, peer)
  if (announcement !== undefined && announcement.to >= range.to) return
  if (announcement === undefined) {
    pull.announcements.push({ peer, to: range.to, round: range.round, isSpent: false })
    peer.missing++
  } else {
    announcement.to = range.to
    announcement.round = range.round
    announcement.isSpent = false
  }
  // It was asked before it had this: its silence says nothing of what it announces now.
  if (pull.asked === peer) pull.asked = undefined
  askBy(state, pull, now + state.options.graftDelayMs)
}

/** Notes that what is between is missing. */
export function startPull(state: Plumtree, origin: Origin, from: number, upTo: number, now: number): Pull {
  const { pull } = origin
  if (pull !== undefined) {
    pull.from = Math.min(pull.from, from)
    pull.upTo = Math.max(pull.upTo, upTo)
    return pull
  }
  const begun: Pull = {
    announcements: [],
    from,
    upTo,
    askAtMs: Number.POSITIVE_INFINITY,
    asked: undefined,
    isSupplied: false,
    unannouncedAsks: 0,
    progressAtMs: now,
  }
  origin.pull = begun
  state.waiting.add(origin)
  askBy(state, begun, now + state.options.graftDelayMs)
  return begun
}

/** Asks no later than that. */
export function askBy(state: Plumtree, pull: Pull, atMs: number): void {
  pull.askAtMs = Math.min(pull.askAtMs, Math.ceil(atMs / limits.askGrainMs) * limits.askGrainMs)
  state.pullAtMs = Math.min(state.pullAtMs, pull.askAtMs)
}

/** Something was delivered: what is not missing any more is forgotten. */
export function settle(state: Plumtree, origin: Origin, now: number): void {
  const { pull } = origin
  if (pull === undefined) return
  if (pull.upTo <= origin.delivered) return endPull(state, origin)
  pull.progressAtMs = now
  removeAnnouncements(pull, announcement => announcement.to <= origin.delivered)
}

/** What nobody sent is given up: that says nothing of who has what comes after it. */
export function askAfresh(state: Plumtree, pull: Pull, now: number): void {
  pull.asked = undefined
  pull.unannouncedAsks = 0
  for (const announcement of pull.announcements) announcement.isSpent = false
  askBy(state, pull, now + state.options.graftDelayMs)
}

export function endPull(state: Plumtree, origin: Origin): void {
  if (origin.pull === undefined) return
  removeAnnouncements(origin.pull, () => true)
  origin.pull = undefined
  state.waiting.delete(origin)
}

export function removeAnnouncements(pull: Pull, isGone: (announcement: Announcement) => boolean): void {
  const { announcements } = pull
  for (let index = announcements.length - 1; index >= 0; index--) {
    const announcement = announcements[index] as Announcement
    if (!isGone(announcement)) continue
    announcement.peer.missing--
    announcements.splice(index, 1)
  }
}

export function announcementOf(pull: Pull | undefined, peer: Neighbour): Announcement | undefined {
  return pull?.announcements.find(announcement => announcement.peer === peer)
}

/** What is missing up to a sequence, the lowest first, as far as it could be held and one graft can name it. */
export function missingRanges(origin: Origin, pull: Pull, announced: number, heldMax: number): WantedRange[] {
  const { node, creation, cached = [], delivered } = origin
  const ranges: WantedRange[] = []
  let from = delivered === nothing ? pull.from : delivered + 1
  const first = indexOf(cached, from)
  const left = heldMax - (cached.length - first)
  // Where as many are held as may be, what is below them takes their places, and nothing else finds one.
  const upTo = left > 0 ? announced : Math.min(announced, (cached[cached.length - 1] as Cached).sequence)
  const room = left > 0 ? left : heldMax
  for (let index = first; index < cached.length; index++) {
    const held = (cached[index] as Cached).sequence
    if (held > upTo || ranges.length === limits.rangesPerMessageMax) break
    if (held > from) ranges.push({ origin: node, creation, from, to: held - 1, room })
    from = held + 1
  }
  if (from <= upTo && ranges.length < limits.rangesPerMessageMax) {
    ranges.push({ origin: node, creation, from, to: upTo, room })
  }
  return ranges
}
