/**
 * Answers to grafts. A payload that a neighbour has asked for it may ask for again, since it may have had to let go of it
 * before it could be delivered; but not before some time has passed.
 */
import { limits } from '../limits.ts'
import { type Cached, gossipOf, indexOf } from './cache.ts'
import type { WantedRange } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import type { Origin } from './origin.ts'
import type { Effect, Plumtree } from './state.ts'

export function answer(
  state: Plumtree,
  neighbour: Neighbour,
  ranges: readonly WantedRange[],
  now: number,
  effects: Effect[],
): void {
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
      if (entry.sequence > end || Math.min(left, room) === 0) break
      if (!send(state, neighbour, entry, now, effects)) continue
      left--
      room--
    }
  }
}

function send(state: Plumtree, neighbour: Neighbour, entry: Cached, now: number, effects: Effect[]): boolean {
  neighbour.answered ??= new Map()
  const againAtMs = neighbour.answered.get(entry)
  if (againAtMs !== undefined && againAtMs > now) return false
  neighbour.answered.set(entry, now + limits.answerAgainRetries * state.options.graftRetryMs)
  state.counters.gossipSent++
  effects.push({ kind: 'send', to: [neighbour.node], message: gossipOf(entry) })
  return true
}
