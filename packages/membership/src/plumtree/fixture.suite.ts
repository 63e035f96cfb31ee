/** States, events and effects as the tests of Plumtree write them. */
import type { NodeName, Random } from '@barrel-actors/runtime'
import type { Gossip, PlumtreeMessage } from './messages.ts'
import { bytesOf, checkInvariants } from './network.suite.ts'
import type { PlumtreeOptions } from './options.ts'
import { createPlumtree, type Effect, type Plumtree, type PlumtreeEvent, step } from './state.ts'

/** Always the first of what there is to choose from. */
const first: Random = { next: () => 0 }

/** Nodes are `me`, `a`, `b`, … on one host; the origin that most tests speak of is `o`. */
export const nameOf = (short: string): NodeName => `${short}@host`

export interface Trial {
  readonly state: Plumtree
  readonly at: (now: number, event: PlumtreeEvent) => Effect[]
  readonly receive: (now: number, from: string, message: unknown) => Effect[]
}

/** A node with those neighbours, at time 0. */
export function trialOf(eager: string[], lazy: string[] = [], options: PlumtreeOptions = {}, creation = 1): Trial {
  const state = createPlumtree({ self: { node: nameOf('me'), creation }, options: { lazyTickMs: 0, ...options } })
  const at = (now: number, event: PlumtreeEvent) => {
    const effects = step(state, event, now, first)
    checkInvariants(state)
    return effects
  }
  const receive = (now: number, from: string, message: unknown) =>
    at(now, { kind: 'received', from: nameOf(from), message })
  for (const peer of [...eager, ...lazy]) at(0, { kind: 'peerUp', node: nameOf(peer) })
  for (const peer of lazy) receive(0, peer, { kind: 'prune' })
  return { state, at, receive }
}

export const tick: PlumtreeEvent = { kind: 'tick' }
export const peerUp = (node: string): PlumtreeEvent => ({ kind: 'peerUp', node: nameOf(node) })
export const peerDown = (node: string): PlumtreeEvent => ({ kind: 'peerDown', node: nameOf(node) })
export const broadcast = (text: string): PlumtreeEvent => ({ kind: 'broadcast', tag: 't', payload: bytesOf(text) })

/** The payload of a message says which one it is. */
export function gossip(sequence: number, more: { origin?: string; creation?: number; round?: number } = {}): Gossip {
  const { origin = 'o', creation = 1, round = 1 } = more
  const payload = bytesOf(`${origin} ${creation} ${sequence}`)
  return { kind: 'gossip', origin: nameOf(origin), creation, sequence, round, tag: 't', payload }
}

export const prune: PlumtreeMessage = { kind: 'prune' }

export function graft(from?: number, to = from, creation = 1, room = 256): PlumtreeMessage {
  if (from === undefined || to === undefined) return { kind: 'graft', ranges: [] }
  return { kind: 'graft', ranges: [{ origin: nameOf('o'), creation, from, to, room }] }
}

export function ihave(from: number, to = from, more: { origin?: string; creation?: number; round?: number } = {}) {
  const { origin = 'o', creation = 1, round = 1 } = more
  const message = { kind: 'ihave', ranges: [{ origin: nameOf(origin), creation, from, to, round }] }
  return message as PlumtreeMessage
}

export const send = (to: string[], message: PlumtreeMessage): Effect => ({
  kind: 'send',
  to: to.map(nameOf),
  message,
})

export function deliver(sequence: number, more: { origin?: string; creation?: number } = {}): Effect {
  const { payload, origin, creation, tag } = gossip(sequence, more)
  return { kind: 'deliver', origin, creation, tag, payload }
}

export const missed = (from: number, to: number): Effect => ({
  kind: 'missed',
  origin: nameOf('o'),
  creation: 1,
  from,
  to,
})

export const schedule = (atMs: number): Effect => ({ kind: 'schedule', atMs })

/** What of the effects is not about time. */
export const timeless = (effects: Effect[]): Effect[] => effects.filter(({ kind }) => kind !== 'schedule')

/** The sequences that were delivered. */
export const heard = (effects: Effect[]): string[] =>
  effects.flatMap(effect => (effect.kind === 'deliver' ? [new TextDecoder().decode(effect.payload)] : []))
