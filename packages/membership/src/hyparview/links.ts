/** Links of the active view: asked for, given, refused, dropped. Both ends hold a link, or neither does. */
import type { NodeName } from '@barrel-actors/runtime'
import { setNewest } from '../bounded-map.ts'
import { limits } from '../limits.ts'
import type { Peer } from '../peer.ts'
import { pick } from '../random.ts'
import { countChurn } from './churn.ts'
import type { HyparviewMessage, Priority } from './messages.ts'
import type { DownReason, Purpose, Step } from './state.ts'

// However many ask.
const checkIntervalMs = 5_000
/** Who gives up links again and again to ask for new ones costs others theirs only so often. */
const restMs = 5_000

/** Asks that node for a link, unless too many are asked already. */
export function request({ state, now, effects }: Step, node: NodeName, purpose: Purpose): void {
  if (state.pending.size >= limits.pendingMax) return
  state.pending.set(node, { purpose, deadlineMs: now + state.options.pendingMsMax })
  const peer = state.self
  if (purpose === 'join') effects.push({ kind: 'send', to: node, message: { kind: 'join', peer } })
  else
    effects.push({ kind: 'send', to: node, message: { kind: 'neighbor', peer, priority: priorityOf(state, purpose) } })
}

/** Asks a node that `member` has named: as often as that member may have this node dial. */
export function requestFor(current: Step, member: NodeName, node: NodeName, purpose: Purpose): void {
  if (current.state.pending.size >= limits.pendingMax) return
  if (mayDialFor(current, member)) request(current, node, purpose)
}

/** Takes a dial from the budget of that member; whether it had one. */
export function mayDialFor({ state, now }: Step, member: NodeName): boolean {
  const isFree = state.dials.take(member, now)
  if (!isFree) state.refused.tooManyDials++
  return isFree
}

/** A node of the passive view that may be asked for a link, at the cost of the member that has named it. */
export function takeCandidate({ state, now, random }: Step): Peer | undefined {
  const { passive, pending, dials, self } = state
  const isOwn = (node: NodeName, source: NodeName) => source === node || source === self.node
  const found = passive.candidate(
    now,
    random,
    (node, source) => !pending.has(node) && (isOwn(node, source) || dials.has(source, now)),
  )
  if (found !== undefined && !isOwn(found.peer.node, found.source)) dials.take(found.source, now)
  return found?.peer
}

// Paper, 4.3: high where the active view is empty. Ours: also where two islands shall grow together.
function priorityOf({ active }: Step['state'], purpose: Purpose): Priority {
  return active.size === 0 || purpose === 'swap' || purpose === 'heal' ? 'high' : 'low'
}

// In a cycle. Where so many are full, the next ones are too.
const refusalsMax = 5

/** Asks nodes of the passive view for as many links as are missing. */
export function fill(current: Step): void {
  const { state } = current
  if (state.isOut || (state.active.size > 0 && state.refusals >= refusalsMax)) return
  const { activeViewMax } = state.options
  while (state.active.size + state.pending.size < activeViewMax && state.pending.size < limits.pendingMax) {
    const peer = takeCandidate(current)
    if (peer === undefined) return
    request(current, peer.node, 'fill')
  }
}

export function onJoin(current: Step, peer: Peer): void {
  const { state, now, effects } = current
  countChurn(state.churn, now)
  if (mayHaveLink(current, peer, 'high')) accept(current, peer)
  else refuse(current, peer)
  // Paper, 4.2: to all other members of the active view.
  const message = { kind: 'forwardJoin', peer, ttl: state.options.activeWalkLength } as const
  for (const node of state.active.keys()) if (node !== peer.node) effects.push({ kind: 'send', to: node, message })
}

export function onNeighbor(current: Step, peer: Peer, priority: Priority): void {
  if (mayHaveLink(current, peer, priority)) return accept(current, peer)
  refuse(current, peer)
  // A view that looks full may hold nodes that are gone: RELIABILITY of the overlay rests on finding out.
  checkNeighbors(current)
}

function mayHaveLink({ state, now }: Step, { node }: Peer, priority: Priority): boolean {
  const { active, pending, passive, resting, options } = state
  // Who asks as it is asked itself has the link.
  if (active.has(node) || pending.has(node)) return true
  if (active.size + pending.size < options.activeViewMax) return true
  // Paper, 4.3: high is never refused. Ours: but to who gave up a link just now, or others would lose theirs to it.
  return priority === 'high' && !passive.isResting(node, now) && (resting.get(node) ?? 0) <= now
}

function refuse(current: Step, peer: Peer): void {
  const { state, now, random, effects } = current
  effects.push({ kind: 'send', to: peer.node, message: { kind: 'neighborReply', peer: state.self, accepted: false } })
  state.passive.add(peer, peer.node, now, random)
}

type Reply = Extract<HyparviewMessage, { kind: 'neighborReply' }>

export function answerReply(current: Step, { peer, accepted, evicted }: Reply): void {
  const { state, now, random, effects } = current
  const pending = state.pending.get(peer.node)
  state.pending.delete(peer.node)
  const isFull = state.active.size >= state.options.activeViewMax
  const isWanted = pending !== undefined && !(isFull && pending.purpose === 'fill')
  if (accepted && (isWanted || state.active.has(peer.node))) return void addActive(current, peer, evicted)
  if (accepted) {
    // Its answer came after our patience had ended, or the hole is filled.
    if (pending === undefined) state.refused.notAsked++
    effects.push({ kind: 'send', to: peer.node, message: { kind: 'disconnect', leaves: false } })
  } else if (pending !== undefined) {
    state.passive.add(peer, peer.node, now, random)
    state.passive.refused(peer.node, now)
    state.refusals++
    fill(current)
  }
}

type Disconnect = Extract<HyparviewMessage, { kind: 'disconnect' }>

export function onDisconnect(current: Step, from: NodeName, { leaves, instead }: Disconnect): void {
  const { state, now, random } = current
  const peer = state.active.get(from)
  if (leaves) {
    state.passive.remove(from)
    state.failed.remove(from)
  }
  // It may have answered our request by leaving.
  const wasPending = state.pending.delete(from)
  if (peer !== undefined) {
    countChurn(state.churn, now)
    state.active.delete(from)
    setNewest(state.resting, from, now + restMs, limits.restingMax)
    current.effects.push({ kind: 'peerDown', node: from, reason: leaves ? 'left' : 'disconnected' })
    if (!leaves) {
      state.passive.add(peer, from, now, random)
      state.passive.refused(from, now)
    }
  }
  // A neighbour was swapped at both ends: who lost its link there lacks one as this node does.
  if (peer !== undefined && instead !== undefined && isFree(current, instead)) {
    requestFor(current, from, instead.node, 'fill')
  }
  if (peer !== undefined || wasPending) fill(current)
}

function isFree({ state }: Step, { node }: Peer): boolean {
  return node !== state.self.node && !state.active.has(node) && !state.pending.has(node)
}

export function onCheck({ state, effects }: Step, from: NodeName): void {
  if (state.active.has(from) || state.pending.has(from)) return
  effects.push({ kind: 'send', to: from, message: { kind: 'disconnect', leaves: state.isOut } })
}

/** Lets every neighbour say whether it holds the link too; one that is gone is noticed by its channel. */
export function checkNeighbors({ state, now, effects }: Step): void {
  if (now - state.checkedMs < checkIntervalMs) return
  state.checkedMs = now
  for (const node of state.active.keys()) effects.push({ kind: 'send', to: node, message: { kind: 'check' } })
}

/** Ends a link. The other end is told where it can be, and of whom it may ask another. */
export function drop({ state, effects }: Step, node: NodeName, reason: DownReason, instead?: Peer): void {
  if (!state.active.delete(node)) return
  if (reason === 'evicted' || reason === 'left') {
    const message = { kind: 'disconnect', leaves: reason === 'left' } as const
    effects.push({ kind: 'send', to: node, message: instead === undefined ? message : { ...message, instead } })
  }
  effects.push({ kind: 'peerDown', node, reason })
}

function accept(current: Step, peer: Peer): void {
  const { state, effects } = current
  state.pending.delete(peer.node)
  const place = effects.length
  const evicted = addActive(current, peer)
  const message = { kind: 'neighborReply', peer: state.self, accepted: true } as const
  // Before everything else, so that what follows finds the link.
  effects.splice(place, 0, {
    kind: 'send',
    to: peer.node,
    message: evicted === undefined ? message : { ...message, evicted },
  })
}

/** Who was evicted, if anybody was. `instead` is told to it. */
function addActive(current: Step, peer: Peer, instead?: Peer): Peer | undefined {
  const { state, now, random, effects } = current
  const { active, options } = state
  state.passive.remove(peer.node)
  state.failed.remove(peer.node)
  const isKnown = active.has(peer.node)
  let evicted: Peer | undefined
  while (!isKnown && active.size >= options.activeViewMax) {
    evicted = active.get(pick([...active.keys()], random) as NodeName) as Peer
    drop(current, evicted.node, 'evicted', instead)
    state.passive.add(evicted, state.self.node, now, random)
  }
  active.set(peer.node, peer)
  if (isKnown) return undefined
  effects.push({ kind: 'peerUp', peer })
  if (!state.hasJoined) effects.push({ kind: 'joined' })
  state.hasJoined = true
  return evicted
}
