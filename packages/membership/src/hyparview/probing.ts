/** Are nodes that were lost there again? */
import type { Peer } from '../peer.ts'
import { request } from './links.ts'
import type { Step } from './state.ts'

export function sendProbe({ state, effects }: Step, { node }: Peer): void {
  effects.push({ kind: 'send', to: node, message: { kind: 'probe', peer: state.self } })
}

export function onProbe(current: Step, peer: Peer): void {
  const { state, effects } = current
  effects.push({ kind: 'send', to: peer.node, message: { kind: 'probeReply', peer: state.self } })
  found(current, peer)
}

export function onProbeReply(current: Step, peer: Peer): void {
  const { state } = current
  if (state.failed.get(peer.node) === undefined) {
    state.refused.notAsked++
    return
  }
  if (found(current, peer) && !state.pending.has(peer.node)) request(current, peer.node, 'heal')
}

// The same life was behind a split; a later one joins by itself.
function found({ state, now, random, effects }: Step, peer: Peer): boolean {
  const failed = state.failed.get(peer.node)
  if (failed === undefined) return false
  state.failed.remove(peer.node)
  if (failed.creation !== peer.creation) {
    state.passive.add(peer, peer.node, now, random)
    return false
  }
  effects.push({ kind: 'healed', node: peer.node })
  return !state.active.has(peer.node)
}
