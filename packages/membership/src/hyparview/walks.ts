/** What walks through the overlay at random: newcomers, and shuffles that mix the passive views. */
import type { NodeName } from '@barrel-actors/runtime'
import type { Peer } from '../peer.ts'
import { pick, sample } from '../random.ts'
import { mayDialFor, request, requestFor } from './links.ts'
import type { HyparviewMessage } from './messages.ts'
import type { Step } from './state.ts'

export function onForwardJoin(current: Step, from: NodeName, peer: Peer, ttl: number): void {
  const { state, now, random, effects } = current
  if (!state.active.has(from)) {
    state.refused.notNeighbor++
    return
  }
  if (peer.node === state.self.node) return
  const left = Math.min(ttl, state.options.activeWalkLength)
  const isLinked = state.active.has(peer.node) || state.pending.has(peer.node)
  const next = left === 0 || state.active.size <= 1 ? undefined : pickExcept(current, from, peer.node)
  if (next === undefined) {
    // Paper, 4.2: the walk ends. Ours asks, so that no end believes in a link that the other has no room for.
    if (!isLinked) requestFor(current, from, peer.node, 'walk')
    return
  }
  if (left === state.options.passiveWalkLength && !isLinked) state.passive.add(peer, from, now, random)
  effects.push({ kind: 'send', to: next, message: { kind: 'forwardJoin', peer, ttl: left - 1 } })
}

type Shuffle = Extract<HyparviewMessage, { kind: 'shuffle' }>

export function onShuffle(current: Step, from: NodeName, message: Shuffle): void {
  const { state, random, effects } = current
  const { origin, id, ttl } = message
  // A seed is asked from outside of its active view, and is where the walk ends.
  const isNeighbor = state.active.has(from)
  if (!isNeighbor && origin.node !== from) {
    state.refused.notNeighbor++
    return
  }
  const left = isNeighbor ? Math.min(ttl, state.options.shuffleWalkLength) : 0
  const next = left > 0 && state.active.size > 1 ? pickExcept(current, from, origin.node) : undefined
  if (next !== undefined) {
    effects.push({ kind: 'send', to: next, message: { ...message, ttl: left - 1 } })
    return
  }
  if (origin.node === state.self.node) return
  // Paper, 4.4: as many as came, from the passive view.
  const peers = state.passive.sample(message.peers.length + 1, random)
  const isHere = origin.node === from || state.active.has(origin.node)
  if (isHere || mayDialFor(current, from))
    effects.push({ kind: 'send', to: origin.node, message: { kind: 'shuffleReply', id, peers } })
  // It lives all the same, and is taken for gone here until there is a link.
  if (!isNeighbor && state.isGone(from, origin.creation) && !state.pending.has(from)) request(current, from, 'heal')
  integrate(current, [origin, ...message.peers], from, peers)
}

export function onShuffleReply(
  current: Step,
  from: NodeName,
  { id, peers }: Extract<HyparviewMessage, { kind: 'shuffleReply' }>,
): void {
  const { state } = current
  const { shuffle } = state
  if (shuffle === undefined || shuffle.id !== id) {
    state.refused.notAsked++
    return
  }
  state.shuffle = undefined
  integrate(current, peers, from, shuffle.peers)
}

/** Sends what is known here through that node. */
export function sendShuffle(current: Step, to: NodeName, ttl: number): void {
  const { state, random, effects } = current
  const { options, self } = state
  const others = [...state.active.values()].filter(({ node }) => node !== to)
  const peers = [
    ...sample(others, options.shuffleActive, random),
    ...state.passive.sample(options.shufflePassive, random),
  ]
  // Nobody else can answer in its place.
  const id = Math.floor(random.next() * 2 ** 32)
  state.shuffle = { id, peers }
  effects.push({ kind: 'send', to, message: { kind: 'shuffle', origin: self, id, peers, ttl } })
}

// No more than a shuffle of this node holds, whatever came.
function integrate(
  { state, now, random }: Step,
  peers: readonly Peer[],
  source: NodeName,
  sent: readonly Peer[],
): void {
  const { options, active, self, passive } = state
  const count = options.shuffleActive + options.shufflePassive + 1
  for (const peer of peers.slice(0, count)) {
    const { node } = peer
    if (node !== self.node && !active.has(node) && !state.pending.has(node))
      passive.add(peer, source, now, random, sent)
  }
}

function pickExcept({ state, random }: Step, one: NodeName, other: NodeName): NodeName | undefined {
  const fit: NodeName[] = []
  for (const node of state.active.keys()) if (node !== one && node !== other) fit.push(node)
  return pick(fit, random)
}
