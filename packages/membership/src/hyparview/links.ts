/** Links of the active view: asked for, given, refused, dropped. Both ends hold a link, or neither does. */
import type { NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import type { Peer } from '../peer.ts'
import { countChurn } from './churn.ts'
import type { Priority } from './messages.ts'
import { pick } from './random.ts'
import type { DownReason, Purpose, Step } from './state.ts'

// However many ask.
const checkIntervalMs = 1_000

/** Asks that node for a link, unless too many are asked already. */
export function request({ state, now, effects }: Step, node: NodeName, purpose: Purpose): void {
  if (state.pending.size >= limits.pendingMax) return
  state.pending.set(node, { purpose, deadlineMs: now + state.options.pendingMsMax })
  const peer = state.self
  if (purpose === 'join') effects.push({ kind: 'send', to: node, message: { kind: 'join', peer } })
  else
    effects.push({ kind: 'send', to: node, message: { kind: 'neighbor', peer, priority: priorityOf(state, purpose) } })
}

// Paper, 4.3: high where the active view is empty. Ours: also where two islands shall grow together.
function priorityOf({ active }: Step['state'], purpose: Purpose): Priority {
  return active.size === 0 || purpose === 'swap' || purpose === 'heal' ? 'high' : 'low'
}

/** Asks nodes of the passive view for as many links as are missing. */
export function fill(current: Step): void {
  const { state, now, random } = current
  if (state.isOut) return
  const { activeViewMax } = state.options
  while (state.active.size + state.pending.size < activeViewMax && state.pending.size < limits.pendingMax) {
    const peer = state.passive.candidate(now, random, state.pending)
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
  const { active, pending, passive, options } = state
  // Who asks as it is asked itself has the link.
  if (active.has(node) || pending.has(node)) return true
  if (active.size + pending.size < options.activeViewMax) return true
  // Paper, 4.3: high is never refused. Ours: but to who gave up a link just now, or others would lose theirs to it.
  return priority === 'high' && !passive.isResting(node, now)
}

function refuse(current: Step, peer: Peer): void {
  const { state, now, random } = current
  reply(current, peer.node, false)
  state.passive.add(peer, peer.node, now, random)
}

export function answerReply(current: Step, peer: Peer, accepted: boolean): void {
  const { state, now, random, effects } = current
  const pending = state.pending.get(peer.node)
  state.pending.delete(peer.node)
  const isFull = state.active.size >= state.options.activeViewMax
  const isWanted = pending !== undefined && !(isFull && pending.purpose === 'fill')
  if (accepted && (isWanted || state.active.has(peer.node))) return addActive(current, peer)
  if (accepted) {
    // Its answer came after our patience had ended, or the hole is filled.
    if (pending === undefined) state.refused.notAsked++
    effects.push({ kind: 'send', to: peer.node, message: { kind: 'disconnect', leaves: false } })
  } else if (pending !== undefined) {
    state.passive.add(peer, peer.node, now, random)
    state.passive.refused(peer.node, now)
    fill(current)
  }
}

export function onDisconnect(current: Step, from: NodeName, leaves: boolean): void {
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
    current.effects.push({ kind: 'peerDown', node: from, reason: leaves ? 'left' : 'disconnected' })
    if (!leaves) {
      state.passive.add(peer, from, now, random)
      state.passive.refused(from, now)
    }
  }
  if (peer !== undefined || wasPending) fill(current)
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

/** Ends a link. The other end is told where it can be. */
export function drop({ state, effects }: Step, node: NodeName, reason: DownReason): void {
  if (!state.active.delete(node)) return
  if (reason === 'evicted' || reason === 'left') {
    effects.push({ kind: 'send', to: node, message: { kind: 'disconnect', leaves: reason === 'left' } })
  }
  effects.push({ kind: 'peerDown', node, reason })
}

function accept(current: Step, peer: Peer): void {
  current.state.pending.delete(peer.node)
  reply(current, peer.node, true)
  addActive(current, peer)
}

function reply({ state, effects }: Step, to: NodeName, accepted: boolean): void {
  effects.push({ kind: 'send', to, message: { kind: 'neighborReply', peer: state.self, accepted } })
}

function addActive(current: Step, peer: Peer): void {
  const { state, now, random, effects } = current
  const { active, options } = state
  state.passive.remove(peer.node)
  state.failed.remove(peer.node)
  if (active.has(peer.node)) {
    active.set(peer.node, peer)
    return
  }
  while (active.size >= options.activeViewMax) {
    const victim = active.get(pick([...active.keys()], random) as NodeName) as Peer
    drop(current, victim.node, 'evicted')
    state.passive.add(victim, state.self.node, now, random)
  }
  active.set(peer.node, peer)
  effects.push({ kind: 'peerUp', peer })
  if (state.hasJoined) return
  state.hasJoined = true
  effects.push({ kind: 'joined' })
}
