/**
 * HyParView: the few neighbours that gossip goes over (active view) and the nodes known in reserve (passive view).
 * Joao Leitao, Jose Pereira, Luis Rodrigues: HyParView, DSN 2007.
 *
 *   newcomer                 contact                  a node some hops away
 *      join ------------------> |
 *      | <------ neighborReply  |  forwardJoin ---- … ----> |
 *      | <--------------------------------------- neighbor  |
 *      neighborReply -------------------------------------> |
 *
 * Ours differs from the paper in this: a link is there once both ends have said so; a walk of a newcomer ends with a
 * request to it, not with a fact; what was lost in a split is probed; seeds and others that are remembered are asked,
 * and neighbours swapped, now and then, so that islands grow together.
 */
import type { NodeName, Random } from '@barrel-actors/runtime'
import type { Peer } from '../peer.ts'
import { type Churn, countChurn, createChurn } from './churn.ts'
import { introduce, runCycle } from './cycle.ts'
import { DialBudgets } from './dial-budgets.ts'
import { FailedPeers } from './failed-peers.ts'
import { answerReply, drop, fill, onCheck, onDisconnect, onJoin, onNeighbor, request } from './links.ts'
import type { HyparviewMessage } from './messages.ts'
import { type HyparviewOptions, hyparviewDefaults } from './options.ts'
import { PassiveView } from './passive-view.ts'
import { onProbe, onProbeReply } from './probing.ts'
import { onForwardJoin, onShuffle, onShuffleReply } from './walks.ts'

export type HyparviewEvent =
  /** The user asks for a way into the overlay; several contacts may be tried at once. */
  | { readonly kind: 'join'; readonly contact: NodeName }
  | { readonly kind: 'leave' }
  /** A node that is known from elsewhere, in answer to `lookAround`. It may be of another island, or gone. */
  | { readonly kind: 'introduce'; readonly node: NodeName }
  /** `from` has proved to be that node, in that life. */
  | {
      readonly kind: 'received'
      readonly from: NodeName
      readonly creation: number
      readonly message: HyparviewMessage
    }
  /** The channel to a node was lost, or could not be opened. */
  | { readonly kind: 'lost'; readonly node: NodeName }
  /** The time that `schedule` asked for has come. */
  | { readonly kind: 'tick' }

/** Why a neighbour is none any more. */
export type DownReason = 'lost' | 'disconnected' | 'evicted' | 'left' | 'restarted'

export type HyparviewEffect =
  /** Opens a channel where there is none. `endpoints` are those of its descriptor, if it is known. */
  | { readonly kind: 'send'; readonly to: NodeName; readonly message: HyparviewMessage }
  | { readonly kind: 'peerUp'; readonly peer: Peer }
  | { readonly kind: 'peerDown'; readonly node: NodeName; readonly reason: DownReason }
  | { readonly kind: 'joined' }
  | { readonly kind: 'left' }
  /** A neighbour lost in a split was found again. */
  | { readonly kind: 'healed'; readonly node: NodeName }
  /** Views forget who is on the other side of a split; whoever remembers some node that is no neighbour names it now. */
  | { readonly kind: 'lookAround' }
  /** When to give the next `tick`; the last one asked for holds. */
  | { readonly kind: 'schedule'; readonly atMs: number }

/** What a link was asked for: by `join`, to fill a hole, in place of a neighbour, or across a healed split. */
export type Purpose = 'join' | 'fill' | 'walk' | 'swap' | 'heal'

export interface Pending {
  readonly purpose: Purpose
  readonly deadlineMs: number
}

export type RefusedReason =
  | 'otherNode'
  | 'self'
  | 'earlierLife'
  | 'notNeighbor'
  | 'notAsked'
  | 'notIn'
  /** It named more nodes to dial than it may. */
  | 'tooManyDials'

export interface Hyparview {
  readonly self: Peer
  readonly options: HyparviewOptions
  /** Nodes given by the user to begin from; kept for ever. */
  readonly seeds: readonly NodeName[]
  /** Whether a node is held for gone in that life. */
  readonly isGone: (node: NodeName, creation: number) => boolean
  readonly active: Map<NodeName, Peer>
  readonly passive: PassiveView
  /** Links asked for and not answered. */
  readonly pending: Map<NodeName, Pending>
  readonly failed: FailedPeers
  /** Who gave up a link, and until when it gets none at the cost of another. */
  readonly resting: Map<NodeName, number>
  readonly churn: Churn
  readonly dials: DialBudgets
  /** Messages dropped, by reason. */
  readonly refused: Record<RefusedReason, number>
  /** The shuffle under way: its number, and what was sent with it. */
  shuffle: { readonly id: number; readonly peers: readonly Peer[] } | undefined
  checkedMs: number
  /** Links that were refused in this cycle. */
  refusals: number
  cycles: number
  nextCycleMs: number
  scheduledMs: number
  /** Left, and not asked to join since: wants no links. */
  isOut: boolean
  hasJoined: boolean
  /** Pending entries that ran into their backstop. */
  pendingExpired: number
}

/** What one step works with. */
export interface Step {
  readonly state: Hyparview
  readonly now: number
  readonly random: Random
  readonly effects: HyparviewEffect[]
}

/** A node that is alone. `now` as for `step`. */
export function createHyparview(
  self: Peer,
  options: Partial<HyparviewOptions> & Partial<Pick<Hyparview, 'seeds' | 'isGone'>>,
  now: number,
  random: Random,
): Hyparview {
  const { seeds = [], isGone = () => false, ...given } = options
  const all = { ...hyparviewDefaults, ...given }
  return {
    self,
    options: all,
    seeds: seeds.filter(node => node !== self.node),
    isGone,
    active: new Map(),
    passive: new PassiveView(all.passiveViewMax, ({ node, creation }) => isGone(node, creation)),
    pending: new Map(),
    failed: new FailedPeers(all.failedMax),
    resting: new Map(),
    churn: createChurn(now),
    dials: new DialBudgets(),
    refused: { otherNode: 0, self: 0, earlierLife: 0, notNeighbor: 0, notAsked: 0, notIn: 0, tooManyDials: 0 },
    shuffle: undefined,
    checkedMs: Number.NEGATIVE_INFINITY,
    refusals: 0,
    cycles: 0,
    // Nodes that start together do not shuffle together.
    nextCycleMs: now + random.next() * all.shuffleIntervalMs,
    scheduledMs: Number.POSITIVE_INFINITY,
    isOut: false,
    hasJoined: false,
    pendingExpired: 0,
  }
}

/** Takes one event, changes the views, says what is to be done. Never waits, never throws. `now` grows, in milliseconds. */
export function step(state: Hyparview, event: HyparviewEvent, now: number, random: Random): HyparviewEffect[] {
  const effects: HyparviewEffect[] = []
  const current: Step = { state, now, random, effects }
  switch (event.kind) {
    case 'join':
      join(current, event.contact)
      break
    case 'leave':
      leave(current)
      break
    case 'introduce':
      introduce(current, event.node)
      break
    case 'received':
      onMessage(current, event.from, event.creation, event.message)
      break
    case 'lost':
      onLost(current, event.node)
      break
    case 'tick':
      tick(current)
      break
    default:
      event satisfies never
  }
  schedule(current)
  return effects
}

function join(current: Step, contact: NodeName): void {
  const { state } = current
  if (contact === state.self.node) return
  state.isOut = false
  if (!state.active.has(contact) && !state.pending.has(contact)) request(current, contact, 'join')
}

function leave(current: Step): void {
  const { state, effects } = current
  if (state.isOut) return
  state.isOut = true
  state.hasJoined = false
  for (const node of [...state.active.keys()]) drop(current, node, 'left')
  state.passive.clear()
  state.pending.clear()
  state.failed.clear()
  state.shuffle = undefined
  effects.push({ kind: 'left' })
}

function onLost(current: Step, node: NodeName): void {
  const { state } = current
  const peer = state.active.get(node)
  const wasPending = state.pending.delete(node)
  if (peer !== undefined) {
    countChurn(state.churn, current.now)
    drop(current, node, 'lost')
    state.failed.add(peer)
  }
  // Who cannot be reached is no reserve.
  state.passive.remove(node)
  if (peer !== undefined || wasPending) fill(current)
}

function tick(current: Step): void {
  const { state, now } = current
  // Also where it came early: the timer is used up.
  state.scheduledMs = Number.POSITIVE_INFINITY
  let expired = false
  for (const [node, { deadlineMs }] of state.pending) {
    if (deadlineMs > now) continue
    state.pending.delete(node)
    state.passive.refused(node, now)
    state.pendingExpired++
    expired = true
  }
  if (expired) fill(current)
  if (state.nextCycleMs <= now) runCycle(current)
}

const wantsAnswer: ReadonlySet<string> = new Set([
  'join',
  'neighbor',
  'probe',
  'shuffle',
] satisfies HyparviewMessage['kind'][])

function onMessage(current: Step, from: NodeName, creation: number, message: HyparviewMessage): void {
  const { state } = current
  const refusal = refusalOf(state, from, creation, message)
  if (refusal !== undefined) {
    state.refused[refusal]++
    // Who asks one that has left need not wait, nor ask again.
    if (refusal === 'notIn' && wantsAnswer.has(message.kind))
      current.effects.push({ kind: 'send', to: from, message: { kind: 'disconnect', leaves: true } })
    return
  }
  const known = state.active.get(from)
  if (known !== undefined && known.creation < creation) {
    drop(current, from, 'restarted')
    state.failed.remove(from)
  }
  dispatch(current, from, message)
}

function refusalOf(
  state: Hyparview,
  from: NodeName,
  creation: number,
  message: HyparviewMessage,
): RefusedReason | undefined {
  if (from === state.self.node) return 'self'
  if (state.isOut && message.kind !== 'check' && message.kind !== 'disconnect') return 'notIn'
  const known = state.active.get(from)
  if (known !== undefined && known.creation > creation) return 'earlierLife'
  // Of itself a node says what it has proved.
  const isOfItself = message.kind !== 'forwardJoin' && 'peer' in message
  if (isOfItself && (message.peer.node !== from || message.peer.creation !== creation)) return 'otherNode'
  return undefined
}

function dispatch(current: Step, from: NodeName, message: HyparviewMessage): void {
  switch (message.kind) {
    case 'join':
      return onJoin(current, message.peer)
    case 'forwardJoin':
      return onForwardJoin(current, from, message.peer, message.ttl)
    case 'neighbor':
      return onNeighbor(current, message.peer, message.priority)
    case 'neighborReply':
      return answerReply(current, message)
    case 'disconnect':
      return onDisconnect(current, from, message)
    case 'shuffle':
      return onShuffle(current, from, message)
    case 'shuffleReply':
      return onShuffleReply(current, from, message)
    case 'check':
      return onCheck(current, from)
    case 'probe':
      return onProbe(current, message.peer)
    case 'probeReply':
      return onProbeReply(current, message.peer)
    default:
      return message satisfies never
  }
}

// One timer: the next cycle, or a backstop before it.
function schedule({ state, effects, now }: Step): void {
  let atMs = state.nextCycleMs
  for (const { deadlineMs } of state.pending.values()) if (deadlineMs < atMs) atMs = deadlineMs
  if (atMs === state.scheduledMs && atMs > now) return
  state.scheduledMs = atMs
  effects.push({ kind: 'schedule', atMs })
}
