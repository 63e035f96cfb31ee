/** What changes the tree: prune, graft and the shorter way. */
import type { MessageRange } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import type { Origin } from './origin.ts'
import type { Effect, Plumtree } from './state.ts'

/** Paper: who pushes what is here already is told so, and gets announcements only. Both ends demote. */
export function prune(state: Plumtree, neighbour: Neighbour, effects: Effect[]): void {
  neighbour.isEager = false
  state.counters.pruneSent++
  effects.push({ kind: 'send', to: [neighbour.node], message: { kind: 'prune' } })
}

/** Paper: who is asked becomes eager at both ends. */
export function graft(state: Plumtree, neighbour: Neighbour, ranges: readonly MessageRange[], effects: Effect[]): void {
  neighbour.isEager = true
  state.counters.graftSent++
  effects.push({ kind: 'send', to: [neighbour.node], message: { kind: 'graft', ranges } })
}

/** Paper, Optimize: a way that is shorter by the threshold takes the place of the one in use. */
export function optimize(state: Plumtree, origin: Origin, better: Neighbour, round: number, effects: Effect[]): void {
  const threshold = state.options.optimizationRounds
  if (threshold <= 0 || origin.round - round < threshold || origin.parent === better.node) return
  const parent = origin.parent === undefined ? undefined : state.neighbours.get(origin.parent)
  graft(state, better, [], effects)
  if (parent !== undefined) prune(state, parent, effects)
  origin.parent = better.node
  origin.round = round
}
