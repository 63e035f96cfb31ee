/**
 * The failure detector: who of the members is alive, suspected or gone, for reasons of its own and not of the view.
 * Each node is watched by its neighbours: they probe it over the link that is there, and ask others with a link to it.
 *
 *   prober                 neighbour             suspect                    everybody
 *      ping ----------------------------------------> (no ack)
 *      pingFor ------------> ping -------------------> (no ack)
 *      <---------- pingedFor
 *      verdict `suspect` ----------------------------> verdict `alive` ----->  alive, greater incarnation
 *                                                      (silence) ----------->  gone, each by its own clock
 *
 * After Das, Gupta, Motivala: SWIM (2002) and Dadgar, Phillips, Currey: Lifeguard (2018). Ours: nobody says that a node is
 * gone. It is told who is suspected, and every node waits by itself; what others hold for gone is suspected here first.
 * A node that hears that it is held for gone, in the life that it has, raises its incarnation and is alive again.
 */
import type { NodeName, Random } from '@barrel-actors/runtime'
import type { DownReason } from '../hyparview/state.ts'
import { limits } from '../limits.ts'
import type { Peer } from '../peer.ts'
import { beginExchange, onDigest, onRecords } from './exchange.ts'
import { announce, expireSuspicions, firstHand, onVerdict, proveLife, type Suspicion } from './judge.ts'
import { checkMessage, checkVerdict, type DetectorMessage, type Verdict } from './messages.ts'
import { type DetectorOptions, detectorDefaults } from './options.ts'
import * as probing from './probing.ts'
import { type Member, MemberTable } from './table.ts'

export type DetectorEvent =
  /** A link of the overlay: the node has proved its name and creation. */
  | { readonly kind: 'peerUp'; readonly peer: Peer }
  | { readonly kind: 'peerDown'; readonly node: NodeName; readonly reason: DownReason }
  /** A node could not be reached by whoever tried: a reason to ask others, no more. */
  | { readonly kind: 'unreachable'; readonly node: NodeName }
  /** `from` has proved to be that node, in that life; the message is whatever came. */
  | { readonly kind: 'received'; readonly from: NodeName; readonly creation: number; readonly message: unknown }
  /** A broadcast of that origin, in that life. */
  | { readonly kind: 'verdict'; readonly from: NodeName; readonly creation: number; readonly verdict: unknown }
  /** This node leaves by itself; it is in again with its next link. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'tick' }

export type GoneReason = 'silent' | 'left' | 'restarted'

/** What has become of a member. */
export type MemberChange =
  /** It is known from now on, or no longer suspected or gone (`isBack`). */
  | { readonly kind: 'nodeAlive'; readonly node: NodeName; readonly creation: number; readonly isBack: boolean }
  | { readonly kind: 'nodeSuspected'; readonly node: NodeName; readonly creation: number }
  | { readonly kind: 'nodeGone'; readonly node: NodeName; readonly creation: number; readonly reason: GoneReason }

export type Effect =
  /** Only over the channel that is there: without one it is dropped. */
  | { readonly kind: 'send'; readonly to: NodeName; readonly message: DetectorMessage }
  | { readonly kind: 'broadcast'; readonly verdict: Verdict }
  | MemberChange
  /** When to give the next tick; the last one asked for holds. */
  | { readonly kind: 'schedule'; readonly atMs: number }

export type Refusal =
  | 'malformed'
  | 'notNeighbour'
  | 'otherLife'
  | 'notAsked'
  | 'forged'
  | 'creationAhead'
  | 'incarnationAhead'
  | 'membersFull'
  | 'relayedFull'

export interface Detector {
  readonly self: Peer
  readonly options: DetectorOptions
  readonly table: MemberTable
  readonly watched: Map<NodeName, probing.Watched>
  readonly inquiries: Map<NodeName, probing.Inquiry>
  readonly relayed: Map<number, probing.Relayed>
  readonly suspicions: Map<NodeName, Suspicion>
  readonly refused: Record<Refusal, number>
  readonly startedAtMs: number
  incarnation: number
  /** 0 is well. */
  health: number
  sequence: number
  /** The last sign of another node. */
  heardAtMs: number
  /** Nobody is accused before. */
  quietUntilMs: number
  nextProbeMs: number
  nextExchangeMs: number
  /** When this node may say again that it is alive, and whether it wants to. */
  announceAtMs: number
  wantsAnnounce: boolean
  isOut: boolean
  scheduledMs: number
}

export interface Step {
  readonly state: Detector
  readonly now: number
  readonly random: Random
  readonly effects: Effect[]
}

/** A node that knows of nobody. `now` as for `step`. */
export function createDetector(
  setup: { readonly self: Peer; readonly options?: Partial<DetectorOptions> },
  now: number,
  random: Random,
): Detector {
  const options = { ...detectorDefaults, ...setup.options }
  const { self } = setup
  const table = new MemberTable()
  table.set({ ...self, incarnation: 0, state: 'alive', goneAtMs: 0, introducer: self.node })
  return {
    self,
    options,
    table,
    watched: new Map(),
    inquiries: new Map(),
    relayed: new Map(),
    suspicions: new Map(),
    refused: {
      malformed: 0,
      notNeighbour: 0,
      otherLife: 0,
      notAsked: 0,
      forged: 0,
      creationAhead: 0,
      incarnationAhead: 0,
      membersFull: 0,
      relayedFull: 0,
    },
    startedAtMs: now,
    incarnation: 0,
    health: 0,
    sequence: 0,
    heardAtMs: Number.NEGATIVE_INFINITY,
    quietUntilMs: now,
    // Nodes that start together do not probe together.
    nextProbeMs: now + random.next() * options.probeIntervalMs,
    nextExchangeMs: now + random.next() * options.exchangeIntervalMs,
    announceAtMs: now,
    wantsAnnounce: false,
    isOut: false,
    scheduledMs: Number.POSITIVE_INFINITY,
  }
}

/** Takes one event, changes the state, says what is to be done. Never waits, never throws. `now` grows, in milliseconds. */
export function step(state: Detector, event: DetectorEvent, now: number, random: Random): Effect[] {
  const effects: Effect[] = []
  const current: Step = { state, now, random, effects }
  noticeStall(current)
  handle(current, event)
  schedule(current)
  return effects
}

function handle(current: Step, event: DetectorEvent): void {
  switch (event.kind) {
    case 'peerUp':
      return onPeerUp(current, event.peer)
    case 'peerDown':
      return probing.onPeerDown(current, event.node, event.reason)
    case 'unreachable':
      return probing.inquire(current, event.node)
    case 'received':
      return onMessage(current, event.from, event.creation, event.message)
    case 'verdict':
      return receiveVerdict(current, event.from, event.creation, event.verdict)
    case 'leave':
      return leave(current)
    case 'tick':
      return tick(current)
    default:
      return event satisfies never
  }
}

// A tick is always due within an interval: whatever comes long after it shows that this node did not run.
function noticeStall(current: Step): void {
  const { state, now } = current
  const lateMs = now - state.scheduledMs
  if (lateMs < state.options.stallMs) return
  state.quietUntilMs = now + state.options.freshMs
  state.health = Math.min(state.health + 1, state.options.healthMax)
  // What was missed may be a refutation, or may wait to be read: nothing that was due in the meantime counts.
  for (const suspicion of state.suspicions.values()) {
    suspicion.startedAtMs += lateMs
    suspicion.deadlineMs = Math.max(suspicion.deadlineMs + lateMs, state.quietUntilMs)
  }
  probing.forgetProbes(current)
  state.nextProbeMs = now
  state.nextExchangeMs = now
  state.scheduledMs = now
}

function onPeerUp(current: Step, peer: Peer): void {
  const { state, now } = current
  if (peer.node === state.self.node) return
  const isFirst = state.watched.size === 0
  probing.watch(current, peer)
  firstHand(current, peer)
  if (!isFirst) return
  // It left with that incarnation: only a greater one is news.
  if (state.isOut) state.incarnation++
  state.isOut = false
  announce(current)
  state.nextExchangeMs = Math.min(state.nextExchangeMs, now + state.options.exchangeSoonMs)
}

function onMessage(current: Step, from: NodeName, creation: number, value: unknown): void {
  const { state } = current
  const watched = state.watched.get(from)
  if (watched === undefined) return refuse(state, 'notNeighbour')
  if (watched.creation !== creation) return refuse(state, 'otherLife')
  const message = checkMessage(value)
  if (typeof message === 'string') return refuse(state, 'malformed')
  state.heardAtMs = current.now
  switch (message.kind) {
    case 'ping':
      return onPing(current, from, message)
    case 'ack':
      return probing.onAck(current, watched, message.sequence)
    case 'pingFor':
      return probing.onPingFor(current, from, message.sequence, message.node)
    case 'pingedFor':
      return probing.onPingedFor(current, from, message.sequence, message.node, message.isThere)
    case 'digest':
      return onDigest(current, from, message.buckets, message.isAnswer)
    case 'records':
      return onRecords(current, from, message.records)
    default:
      return message satisfies never
  }
}

// What a neighbour thinks of this node comes with its probe.
function onPing(current: Step, from: NodeName, said: Extract<DetectorMessage, { kind: 'ping' }>): void {
  const { node } = current.state.self
  current.effects.push({ kind: 'send', to: from, message: { kind: 'ack', sequence: said.sequence } })
  if (said.state !== 'alive') proveLife(current, from, { ...said, node })
}

function receiveVerdict(current: Step, from: NodeName, creation: number, value: unknown): void {
  const verdict = checkVerdict(value)
  if (typeof verdict === 'string') return refuse(current.state, 'malformed')
  // Neighbours that go let out what waited for them: it is no news for who has left.
  if (from === current.state.self.node || current.state.isOut) return
  onVerdict(current, from, creation, verdict)
}

function leave({ state, effects }: Step): void {
  if (state.isOut) return
  state.isOut = true
  const { node, creation } = state.self
  // Or it would bring this overlay together with the one that it joins next.
  const own = state.table.get(node) as Member
  state.table.clear()
  state.table.set(own)
  state.suspicions.clear()
  state.inquiries.clear()
  effects.push({ kind: 'broadcast', verdict: { kind: 'left', node, creation, incarnation: state.incarnation } })
}

function tick(current: Step): void {
  const { state, now, random } = current
  // Also where it came early: the timer is used up.
  state.scheduledMs = Number.POSITIVE_INFINITY
  if (state.wantsAnnounce && now >= state.announceAtMs) announce(current)
  probing.expireProbes(current)
  expireSuspicions(current)
  if (now >= state.nextProbeMs) {
    state.nextProbeMs = now + state.options.probeIntervalMs
    probing.probeNext(current)
  }
  if (now < state.nextExchangeMs) return
  state.nextExchangeMs = now + state.options.exchangeIntervalMs * (0.75 + random.next() / 2)
  state.table.forgetGoneBefore(now - state.options.goneKeepMs)
  beginExchange(current)
}

export function refuse(state: Detector, refusal: Refusal): void {
  state.refused[refusal]++
}

/** Has it begun too far ahead of this node's clock? Creations follow the seconds of the wall clock. */
export function isAhead({ state, now }: Step, creation: number, byMax: number = limits.creationAheadMax): boolean {
  return creation > state.self.creation + (now - state.startedAtMs) / 1000 + byMax
}

// One timer, for the first of all that is due.
function schedule({ state, effects, now }: Step): void {
  let atMs = Math.min(state.nextProbeMs, state.nextExchangeMs, probing.dueMs(state))
  for (const { deadlineMs } of state.suspicions.values()) atMs = Math.min(atMs, deadlineMs)
  if (state.wantsAnnounce) atMs = Math.min(atMs, state.announceAtMs)
  atMs = Math.max(atMs, now)
  if (atMs === state.scheduledMs && atMs > now) return
  state.scheduledMs = atMs
  effects.push({ kind: 'schedule', atMs })
}
