/** What is known of each node that broadcasts: which life of it, and how far its messages were delivered. */
import { type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { type Cached, drop } from './cache.ts'
import type { Refusal } from './counters.ts'
import { endPull, type Pull } from './pull.ts'
import type { Plumtree } from './state.ts'

/** One life of an origin. Thousands of them rest in a node for each that is busy: the rest is made when needed. */
export interface Origin {
  readonly node: NodeName
  readonly creation: number
  /** Who brought it up, and has it on its count; none for this node itself. */
  readonly introducer: NodeName | undefined
  /** Everything up to this was delivered or given up; {@link nothing} before the first payload. */
  delivered: number
  heardAtMs: number
  /** Who brought the last message that was delivered, and over how many hops. */
  parent: NodeName | undefined
  round: number
  /** By sequence: first those delivered, then those held behind a gap. */
  cached: Cached[] | undefined
  pull: Pull | undefined
}

/** Announced, but no payload has come yet: where its messages begin here is still open. */
export const nothing = -1

export function createOrigin(node: NodeName, creation: number, introducer?: NodeName): Origin {
  return {
    node,
    creation,
    introducer,
    delivered: nothing,
    heardAtMs: 0,
    parent: undefined,
    round: 0,
    cached: undefined,
    pull: undefined,
  }
}

/** Is anything held behind a gap? */
export function hasHeld(origin: Origin): boolean {
  const { cached } = origin
  return cached !== undefined && (cached[cached.length - 1] as Cached).message.sequence > origin.delivered
}

/**
 * The record of a life that is not the one known, made where it may be; else the refusal is counted. A newer life takes
 * the place of the older one.
 */
export function admit(
  state: Plumtree,
  introducer: NodeName,
  node: NodeName,
  creation: number,
  now: number,
): Origin | undefined {
  const known = state.origins.get(node)
  const refusal = refusalOf(state, introducer, node, creation, known, now)
  if (refusal !== undefined) {
    state.counters.refused[refusal]++
    return undefined
  }
  const origin = createOrigin(node, creation, known?.introducer ?? introducer)
  origin.heardAtMs = now
  if (known !== undefined) empty(state, known)
  else state.introduced.set(introducer, (state.introduced.get(introducer) ?? 0) + 1)
  state.origins.set(node, origin)
  return origin
}

/** Forgets an origin altogether. Its old messages would be taken for new ones: only for one that is long silent. */
export function forget(state: Plumtree, origin: Origin): void {
  empty(state, origin)
  state.origins.delete(origin.node)
  const { introducer } = origin
  if (introducer === undefined) return
  const left = (state.introduced.get(introducer) ?? 0) - 1
  if (left > 0) state.introduced.set(introducer, left)
  else state.introduced.delete(introducer)
}

/** Why a life of which there is no record is not taken; nothing where it is. */
export function lifeRefusal(
  state: Plumtree,
  node: NodeName,
  creation: number,
  known: Origin | undefined,
  now: number,
): Refusal | undefined {
  if (known !== undefined && creation < known.creation) return 'staleCreation'
  if (node === state.self.node) return 'forged'
  // Creations follow the seconds of the wall clock. A lie may make an origin's real life look stale: only so far.
  const present = state.self.creation + (now - state.startedAtMs) / 1000
  return creation > present + limits.creationAheadMax ? 'creationAhead' : undefined
}

function refusalOf(
  state: Plumtree,
  introducer: NodeName,
  node: NodeName,
  creation: number,
  known: Origin | undefined,
  now: number,
): Refusal | undefined {
  const refusal = lifeRefusal(state, node, creation, known, now)
  if (refusal !== undefined || known !== undefined) return refusal
  if (nodeNameProblem(node) !== undefined) return 'badOrigin'
  if ((state.introduced.get(introducer) ?? 0) >= state.options.originsPerPeerMax) return 'originsPerPeerFull'
  if (state.origins.size >= state.options.originsMax) forgetSilent(state, now)
  return state.origins.size >= state.options.originsMax ? 'originsFull' : undefined
}

// Not at every message: a full table is long.
function forgetSilent(state: Plumtree, now: number): void {
  if (now < state.searchAtMs) return
  state.searchAtMs = now + limits.originsSearchMs
  for (const origin of state.origins.values()) {
    const isOld = origin.heardAtMs + state.options.originIdleMs <= now
    if (isOld && origin.pull === undefined && origin.node !== state.self.node) forget(state, origin)
  }
}

function empty(state: Plumtree, origin: Origin): void {
  endPull(state, origin)
  for (const entry of origin.cached?.slice() ?? []) drop(state, entry)
}
