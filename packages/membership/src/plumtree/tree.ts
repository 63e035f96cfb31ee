/** What changes the tree: prune, graft and the shorter way. */
import type { NodeName } from '@barrel-actors/runtime'
import { hashOf } from '../hash.ts'
import type { WantedRange } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import type { Origin } from './origin.ts'
import type { Effect, Plumtree } from './state.ts'

/** Paper: who pushes what is here already is told so, and gets announcements only. Both ends demote. */
export function prune(state: Plumtree, neighbour: Neighbour, effects: Effect[]): void {
  neighbour.isEager = false
  state.counters.pruneSent++
  effects.push({ kind: 'send', to: [neighbour.node], message: { kind: 'prune' } })
}

/** How many broadcasts come, counted by the period. */
export interface Pace {
  sinceMs: number
  count: number
  /** In the period before. */
  before: number
}

/**
 * The one origin whose broadcasts make ways shorter, the same at every node that hears them all: the one with the least
 * hash. One tree serves all origins, and what is shorter for one is longer for others: if each had its say, it would
 * never settle.
 */
export interface Shaper {
  node: NodeName | undefined
  hash: number
  heardAtMs: number
  /** When a way was last made shorter: what is under way still comes along the old one. */
  changedAtMs: number
}

export function createShaper(): Shaper {
  return { node: undefined, hash: 0, heardAtMs: 0, changedAtMs: Number.NEGATIVE_INFINITY }
}

// Chosen: as rare as links change in a calm overlay.
const shaperIdleMs = 600_000

/** A broadcast of that origin was delivered. */
export function noteDelivery({ pace, options, shaper }: Plumtree, { node }: Origin, now: number): void {
  countDelivery(pace, options.graftDelayMs, now)
  if (options.optimizationRounds <= 0) return
  if (node === shaper.node) {
    shaper.heardAtMs = now
    return
  }
  const hash = hashOf(node)
  if (shaper.node !== undefined && hash > shaper.hash && now - shaper.heardAtMs < shaperIdleMs) return
  shaper.node = node
  shaper.hash = hash
  shaper.heardAtMs = now
}

function countDelivery(pace: Pace, graftDelayMs: number, now: number): void {
  const periodMs = periodDelays * graftDelayMs
  if (now - pace.sinceMs >= periodMs) {
    pace.before = now - pace.sinceMs < 2 * periodMs ? pace.count : 0
    pace.count = 0
    pace.sinceMs = now
  }
  pace.count++
}

/**
 * Does a broadcast that comes twice prune? Of broadcasts that overlap only one in so many does, the same at every node.
 * If each did, it would cut every ring of eager links in a place of its own, and part what lies between.
 */
export function isShaping({ pace }: Plumtree, { node, creation }: Origin, sequence: number): boolean {
  const perPeriod = Math.max(pace.count, pace.before, 1)
  // A power of two: nodes that count differently by a few mostly agree.
  const oneIn = 2 ** Math.floor(Math.log2(perPeriod))
  return oneIn === 1 || hashOf(node, Math.imul(creation, 0x9e3779b1) ^ sequence) % oneIn === 0
}

// Of the time that a broadcast may be under way: far fewer than one prunes in it.
const periodDelays = 4

/** Paper: who is asked becomes eager at both ends. */
export function graft(state: Plumtree, neighbour: Neighbour, ranges: readonly WantedRange[], effects: Effect[]): void {
  neighbour.isEager = true
  state.counters.graftSent++
  effects.push({ kind: 'send', to: [neighbour.node], message: { kind: 'graft', ranges } })
}

/** Paper, Optimize: a way that is shorter by the threshold takes the place of the one in use. Ours: of one origin, one at a time. */
export function optimize(
  state: Plumtree,
  origin: Origin,
  better: Neighbour,
  round: number,
  now: number,
  effects: Effect[],
): void {
  const { shaper, options } = state
  const threshold = options.optimizationRounds
  if (threshold <= 0 || origin.round - round < threshold || origin.parent === better.node) return
  if (shaper.node !== origin.node || now - shaper.changedAtMs < options.graftDelayMs) return
  shaper.changedAtMs = now
  const parent = origin.parent === undefined ? undefined : state.neighbours.get(origin.parent)
  graft(state, better, [], effects)
  if (parent !== undefined) prune(state, parent, effects)
  origin.parent = better.node
  origin.round = round
}
