/** What the tests of single steps say it with. */
import { seededRandom } from '@barrel-actors/simulation'
import type { Peer } from '../peer.ts'
import type { HyparviewMessage } from './messages.ts'
import type { HyparviewOptions } from './options.ts'
import { createHyparview, type Hyparview, type HyparviewEffect, type HyparviewEvent, step } from './state.ts'

export const now = 1_000
export const peer = (name: string, creation = 1): Peer => ({ node: `${name}@sim`, creation, endpoints: [] })
export const self = peer('a')

interface Views extends Partial<HyparviewOptions>, Partial<Pick<Hyparview, 'isGone'>> {
  readonly active?: readonly string[]
  readonly passive?: readonly string[]
  readonly seeds?: readonly string[]
}

/** A node that has these views; its cycle is far away. */
export function viewOf({ active = [], passive = [], seeds = [], ...options }: Views = {}): Hyparview {
  const random = seededRandom(1)
  const state = createHyparview(self, { ...options, seeds: seeds.map(name => `${name}@sim`) }, now, random)
  state.nextCycleMs = now + 60_000
  state.scheduledMs = state.nextCycleMs
  for (const name of active) state.active.set(`${name}@sim`, peer(name))
  for (const name of passive) state.passive.add(peer(name), `${name}@sim`, now, random)
  state.hasJoined = active.length > 0
  return state
}

export function given(state: Hyparview, event: HyparviewEvent, at = now): HyparviewEffect[] {
  return step(state, event, at, seededRandom(7)).filter(({ kind }) => kind !== 'schedule')
}

export const received = (name: string, message: HyparviewMessage, creation = 1): HyparviewEvent => ({
  kind: 'received',
  from: `${name}@sim`,
  creation,
  message,
})
export const send = (name: string, message: HyparviewMessage): HyparviewEffect => ({
  kind: 'send',
  to: `${name}@sim`,
  message,
})
export const accepted: HyparviewMessage = { kind: 'neighborReply', peer: self, accepted: true }
export const refused: HyparviewMessage = { kind: 'neighborReply', peer: self, accepted: false }
export const neighbor = (priority: 'high' | 'low', from: Peer = self): HyparviewMessage => ({
  kind: 'neighbor',
  peer: from,
  priority,
})
export const disconnect: HyparviewMessage = { kind: 'disconnect', leaves: false }
export const check: HyparviewMessage = { kind: 'check' }
export const up = (name: string, creation = 1): HyparviewEffect => ({ kind: 'peerUp', peer: peer(name, creation) })
export const down = (
  name: string,
  reason: 'lost' | 'disconnected' | 'evicted' | 'left' | 'restarted',
): HyparviewEffect => ({
  kind: 'peerDown',
  node: `${name}@sim`,
  reason,
})
export const joined: HyparviewEffect = { kind: 'joined' }
export const actives = (state: Hyparview) => [...state.active.keys()].map(node => node.replace('@sim', '')).sort()
export const passives = (state: Hyparview) => state.passive.nodes.map(node => node.replace('@sim', '')).sort()
