/** Probes of the neighbours in turn, and of those that do not answer through others. None ever opens a channel. */
import type { NodeName } from '@barrel-actors/runtime'
import type { DownReason } from '../hyparview/state.ts'
import { limits } from '../limits.ts'
import type { Peer } from '../peer.ts'
import { sample } from '../random.ts'
import { accuse } from './judge.ts'
import { type Detector, refuse, type Step } from './state.ts'

/** A neighbour that this node probes. */
export interface Watched {
  readonly node: NodeName
  readonly creation: number
  probe: { readonly sequence: number; readonly deadlineMs: number } | undefined
}

/** Others are asked whether they reach a node. */
export interface Inquiry {
  readonly creation: number
  sequence: number
  asked: Set<NodeName>
  startedAtMs: number
  deadlineMs: number
}

/** A probe for another node. */
export interface Relayed {
  readonly asker: NodeName
  readonly askerSequence: number
  readonly node: NodeName
  readonly deadlineMs: number
}

/** Its turn to be probed is next: it may have to refute something. */
export function watch({ state }: Step, { node, creation }: Peer): void {
  const others = [...state.watched].filter(([other]) => other !== node)
  state.watched.clear()
  state.watched.set(node, { node, creation, probe: undefined })
  for (const [other, watched] of others) state.watched.set(other, watched)
}

export function onPeerDown(current: Step, node: NodeName, reason: DownReason): void {
  const { state } = current
  if (!state.watched.delete(node)) return
  if (reason === 'lost') inquire(current, node)
  // It said so itself, or shows a new life: the old question is answered.
  else if (reason !== 'evicted') state.inquiries.delete(node)
}

export function probeNext(current: Step): void {
  const { state, now } = current
  for (const [node, watched] of state.watched) {
    state.watched.delete(node)
    state.watched.set(node, watched)
    const sequence = ++state.sequence
    watched.probe ??= { sequence, deadlineMs: now + patientMs(state, state.options.probeTimeoutMs) }
    ping(current, node, watched.probe.sequence)
    return
  }
}

export function onAck(current: Step, watched: Watched, sequence: number): void {
  const { state, effects } = current
  const relayed = state.relayed.get(sequence)
  if (relayed?.node === watched.node) {
    state.relayed.delete(sequence)
    const { asker, askerSequence, node } = relayed
    if (state.watched.has(asker))
      effects.push({
        kind: 'send',
        to: asker,
        message: { kind: 'pingedFor', sequence: askerSequence, node, isThere: true },
      })
    return
  }
  if (watched.probe?.sequence !== sequence) return refuse(state, 'notAsked')
  watched.probe = undefined
  state.inquiries.delete(watched.node)
  state.health = Math.max(0, state.health - 1)
}

export function onPingFor(current: Step, asker: NodeName, askerSequence: number, node: NodeName): void {
  const { state, now } = current
  if (!state.watched.has(node) || node === asker) return answer(current, asker, askerSequence, node)
  const ofAsker = [...state.relayed.values()].filter(relayed => relayed.asker === asker).length
  if (state.relayed.size >= limits.relayedMax || ofAsker >= limits.relayedPerPeerMax) {
    refuse(state, 'relayedFull')
    return answer(current, asker, askerSequence, node)
  }
  const sequence = ++state.sequence
  state.relayed.set(sequence, { asker, askerSequence, node, deadlineMs: now + state.options.probeTimeoutMs })
  ping(current, node, sequence)
}

export function onPingedFor(current: Step, from: NodeName, sequence: number, node: NodeName, isThere: boolean): void {
  const { state } = current
  const inquiry = state.inquiries.get(node)
  if (inquiry?.sequence !== sequence || !inquiry.asked.has(from)) return refuse(state, 'notAsked')
  if (isThere) state.inquiries.delete(node)
}

/** Asks others about a node. Never more than a question: only if nobody reaches it, it is accused. */
export function inquire(current: Step, node: NodeName): void {
  const { state } = current
  const known = state.table.get(node)
  if (known === undefined || known.state === 'gone' || node === state.self.node) return
  if (state.inquiries.has(node) || state.inquiries.size >= limits.inquiriesMax) return
  const { creation } = known
  state.inquiries.set(node, { creation, sequence: 0, asked: new Set(), startedAtMs: 0, deadlineMs: 0 })
  ask(current, node)
}

export function expireProbes(current: Step): void {
  const { state, now } = current
  for (const [sequence, { asker, askerSequence, node, deadlineMs }] of state.relayed) {
    if (deadlineMs > now) continue
    state.relayed.delete(sequence)
    answer(current, asker, askerSequence, node)
  }
  for (const watched of state.watched.values()) {
    if (watched.probe === undefined || watched.probe.deadlineMs > now) continue
    watched.probe = undefined
    inquire(current, watched.node)
  }
  for (const [node, inquiry] of state.inquiries) if (inquiry.deadlineMs <= now) conclude(current, node, inquiry)
}

/** After a stall: no answer that is still missing says anything. */
export function forgetProbes(current: Step): void {
  const { state } = current
  for (const watched of state.watched.values()) watched.probe = undefined
  state.relayed.clear()
  for (const inquiry of state.inquiries.values()) inquiry.deadlineMs = state.quietUntilMs
}

/** When the first of the probes runs out. */
export function dueMs(state: Detector): number {
  let atMs = Number.POSITIVE_INFINITY
  for (const { probe } of state.watched.values()) if (probe !== undefined) atMs = Math.min(atMs, probe.deadlineMs)
  for (const { deadlineMs } of state.inquiries.values()) atMs = Math.min(atMs, deadlineMs)
  for (const { deadlineMs } of state.relayed.values()) atMs = Math.min(atMs, deadlineMs)
  return atMs
}

function conclude(current: Step, node: NodeName, inquiry: Inquiry): void {
  const { state } = current
  const known = state.table.get(node)
  if (known?.creation !== inquiry.creation || known.state === 'gone') {
    state.inquiries.delete(node)
    return
  }
  const others = state.watched.size - (state.watched.has(node) ? 1 : 0)
  const isHeard = state.heardAtMs >= inquiry.startedAtMs
  // Nobody answers at all: then this node is the one that is cut off, or too slow. Lifeguard: it loses trust in itself.
  if (others > 0 && !isHeard) state.health = Math.min(state.health + 1, state.options.healthMax)
  const isDoubtful = current.now < state.quietUntilMs || state.health >= state.options.doubtfulHealth
  if (isDoubtful || inquiry.startedAtMs < state.quietUntilMs || (others > 0 && !isHeard)) return ask(current, node)
  state.inquiries.delete(node)
  accuse(current, node)
}

function ask({ state, now, random, effects }: Step, node: NodeName): void {
  const inquiry = state.inquiries.get(node) as Inquiry
  const others = [...state.watched.keys()].filter(other => other !== node)
  inquiry.sequence = ++state.sequence
  inquiry.asked = new Set(sample(others, state.options.indirectProbes, random))
  inquiry.startedAtMs = now
  inquiry.deadlineMs = now + patientMs(state, state.options.indirectTimeoutMs)
  for (const to of inquiry.asked)
    effects.push({ kind: 'send', to, message: { kind: 'pingFor', sequence: inquiry.sequence, node } })
}

function ping({ state, effects }: Step, to: NodeName, sequence: number): void {
  const known = state.table.get(to)
  const { creation } = known ?? (state.watched.get(to) as Watched)
  const message = {
    kind: 'ping',
    sequence,
    creation,
    incarnation: known?.incarnation ?? 0,
    state: known?.state ?? 'alive',
  } as const
  effects.push({ kind: 'send', to, message })
}

function answer({ state, effects }: Step, to: NodeName, sequence: number, node: NodeName): void {
  if (!state.watched.has(to)) return
  effects.push({ kind: 'send', to, message: { kind: 'pingedFor', sequence, node, isThere: false } })
}

function patientMs(state: Detector, forMs: number): number {
  return forMs * (1 + state.health)
}
