/** Answers to grafts. Each payload goes to a neighbour that asks once, for as long as it is cached and the neighbour stays. */
import { limits } from '../limits.ts'
import { type Cached, indexOf } from './cache.ts'
import type { MessageRange } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import type { Effect, Plumtree } from './state.ts'

export function answer(
  state: Plumtree,
  neighbour: Neighbour,
  ranges: readonly MessageRange[],
  effects: Effect[],
): void {
  let left: number = limits.answersPerGraftMax
  for (const { origin, creation, from, to } of ranges) {
    const known = state.origins.get(origin)
    if (known?.cached === undefined || known.creation !== creation) continue
    // What is held behind a gap is nobody's to pass on yet.
    const end = Math.min(to, known.delivered)
    for (let index = indexOf(known.cached, from); index < known.cached.length && left > 0; index++) {
      const entry = known.cached[index] as Cached
      if (entry.message.sequence > end) break
      if (sendOnce(state, neighbour, entry, effects)) left--
    }
  }
}

function sendOnce(state: Plumtree, neighbour: Neighbour, entry: Cached, effects: Effect[]): boolean {
  if (neighbour.answered?.has(entry)) return false
  neighbour.answered ??= new Set()
  neighbour.answered.add(entry)
  state.counters.gossipSent++
  effects.push({ kind: 'send', to: [neighbour.node], message: entry.message })
  return true
}
