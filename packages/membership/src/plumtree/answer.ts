/**
 * Answers to grafts. Each payload goes to a neighbour that asks a few times at most, for as long as it is cached and the
 * neighbour stays: it may have had to let go of it before it could be delivered.
 */
import { limits } from '../limits.ts'
import { type Cached, indexOf } from './cache.ts'
import type { WantedRange } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import type { Origin } from './origin.ts'
import type { Effect, Plumtree } from './state.ts'

export function answer(state: Plumtree, neighbour: Neighbour, ranges: readonly WantedRange[], effects: Effect[]): void {
  let left: number = limits.answersPerGraftMax
  let room = 0
  let last: Origin | undefined
  for (const range of ranges) {
    const origin = state.origins.get(range.origin)
    if (origin?.cached === undefined || origin.creation !== range.creation) continue
    if (origin !== last) room = range.room
    last = origin
    // What is held behind a gap is nobody's to pass on yet.
    const end = Math.min(range.to, origin.delivered)
    for (let index = indexOf(origin.cached, range.from); index < origin.cached.length; index++) {
      const entry = origin.cached[index] as Cached
      if (entry.message.sequence > end || Math.min(left, room) === 0) break
      if (!sendAgain(state, neighbour, entry, effects)) continue
      left--
      room--
    }
  }
}

function sendAgain(state: Plumtree, neighbour: Neighbour, entry: Cached, effects: Effect[]): boolean {
  neighbour.answered ??= new Map()
  const times = neighbour.answered.get(entry) ?? 0
  if (times === limits.answersPerPayloadMax) return false
  neighbour.answered.set(entry, times + 1)
  state.counters.gossipSent++
  effects.push({ kind: 'send', to: [neighbour.node], message: entry.message })
  return true
}
