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
  /**
   * Another life of it that is spoken of, and of which nothing could be delivered yet. When something is, it takes the
   * place: not when somebody says that there is one, or sends what cannot be delivered.
   */
  rival: Origin | undefined
  /** It is itself such a life. */
  isRival: boolean
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
    rival: undefined,
    isRival: false,
  }
}

/** Is anything held behind a gap? */
export function hasHeld(origin: Origin): boolean {
  const { cached } = origin
  return cached !== undefined && (cached[cached.length - 1] as Cached).sequence > origin.delivered
}

/** The record of a life, where there is one. */
export function lifeOf(state: Plumtree, node: NodeName, creation: number): Origin | undefined {
  const known = state.origins.get(node)
  if (known === undefined || known.creation === creation) return known
  return known.rival?.creation === creation ? known.rival : undefined
}

/** A life of which there is no record is spoken of, or a payload of it came: the record where it may be, else a count. */
export function admit(
  state: Plumtree,
  introducer: NodeName,
  life: { readonly origin: NodeName; readonly creation: number },
  hasPayload: boolean,
  now: number,
): Origin | undefined {
  const { origin: node, creation } = life
  const known = state.origins.get(node)
  const refusal =
    lifeRefusal(state, node, creation, now) ??
    (known === undefined ? roomRefusal(state, introducer, node, now) : rivalRefusal(known, creation, hasPayload))
  if (refusal !== undefined) {
    state.counters.refused[refusal]++
    return undefined
  }
  const origin = createOrigin(node, creation, known?.introducer ?? introducer)
  origin.heardAtMs = now
  if (known === undefined) {
    state.introduced.set(introducer, (state.introduced.get(introducer) ?? 0) + 1)
    state.origins.set(node, origin)
  } else {
    if (known.rival !== undefined) empty(state, known.rival)
    known.rival = origin
    origin.isRival = true
  }
  return origin
}

/** The first message of a life is delivered: earlier lives are over. */
export function begin(state: Plumtree, origin: Origin): void {
  if (origin.isRival) {
    empty(state, state.origins.get(origin.node) as Origin)
    state.origins.set(origin.node, origin)
    origin.isRival = false
  } else if (origin.rival !== undefined && origin.rival.creation < origin.creation) {
    empty(state, origin.rival)
    origin.rival = undefined
  }
}

/** Forgets a life altogether. Its old messages would be taken for new ones: for one that is silent, or never began. */
export function forget(state: Plumtree, origin: Origin): void {
  const { node, introducer, rival } = origin
  empty(state, origin)
  if (origin.isRival) {
    const current = state.origins.get(node) as Origin
    current.rival = undefined
  } else if (rival !== undefined) {
    state.origins.set(node, rival)
    rival.isRival = false
  } else {
    state.origins.delete(node)
    discount(state, introducer)
  }
}

function discount(state: Plumtree, introducer: NodeName | undefined): void {
  if (introducer === undefined) return
  const left = (state.introduced.get(introducer) ?? 0) - 1
  if (left > 0) state.introduced.set(introducer, left)
  else state.introduced.delete(introducer)
}

function lifeRefusal(state: Plumtree, node: NodeName, creation: number, now: number): Refusal | undefined {
  if (node === state.self.node) return creation < state.self.creation ? 'staleCreation' : 'forged'
  // Creations follow the seconds of the wall clock. A lie may make an origin's real life look stale: only so far.
  const present = state.self.creation + (now - state.startedAtMs) / 1000
  return creation > present + limits.creationAheadMax ? 'creationAhead' : undefined
}

// Lives follow one another, but what has not begun may be a lie. A payload counts for more than words.
function rivalRefusal(known: Origin, creation: number, hasPayload: boolean): Refusal | undefined {
  if (creation < known.creation && known.delivered > 0) return 'staleCreation'
  const { rival } = known
  if (rival === undefined || creation > rival.creation || (hasPayload && rival.cached === undefined)) return undefined
  return 'staleCreation'
}

function roomRefusal(state: Plumtree, introducer: NodeName, node: NodeName, now: number): Refusal | undefined {
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
    if (isOld && (origin.pull ?? origin.rival) === undefined && origin.node !== state.self.node) forget(state, origin)
  }
}

function empty(state: Plumtree, origin: Origin): void {
  endPull(state, origin)
  for (const entry of origin.cached?.slice() ?? []) drop(state, entry)
}
