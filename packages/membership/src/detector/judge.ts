/** What is said of a node, and what this node makes of it. */
import type { Endpoint, NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import type { Peer } from '../peer.ts'
import type { MemberRecord, Verdict } from './messages.ts'
import { type GoneReason, isAhead, refuse, type Step } from './state.ts'
import type { Member } from './table.ts'

/** A node that has to refute. */
export interface Suspicion {
  startedAtMs: number
  deadlineMs: number
  readonly accusers: Set<NodeName>
}

type Said = Pick<MemberRecord, 'node' | 'creation' | 'incarnation'> & { readonly endpoints?: readonly Endpoint[] }

/** A node has proved its name and creation: it is there in that life, whatever was said. An accusation it must refute. */
export function firstHand(current: Step, peer: Peer): void {
  const known = current.state.table.get(peer.node)
  // Nobody proves an earlier life than the last one: a later one that is gone was never there.
  const isLie = known?.state === 'gone' && known.creation > peer.creation
  if (known === undefined || known.creation < peer.creation || isLie)
    accept(current, peer.node, { ...peer, incarnation: 0 })
  else correct(current, peer)
}

/** A broadcast verdict. Of itself a node says that it is alive or leaves; of others it says only that they are suspect. */
export function onVerdict(current: Step, from: NodeName, creation: number, verdict: Verdict): void {
  const { state } = current
  const isOfItself = verdict.node === from
  if ((verdict.kind === 'suspect') === isOfItself) return refuse(state, 'forged')
  if (isOfItself && verdict.creation !== creation) return refuse(state, 'forged')
  if (verdict.node === state.self.node) return proveLife(current, from, verdict)
  if (verdict.kind === 'suspect') return onAccused(current, from, verdict, state.options.suspicionMaxMs)
  const known = state.table.get(verdict.node)
  if (verdict.kind === 'alive') {
    if (known === undefined || isNewer(verdict, known)) accept(current, from, verdict)
    else correct(current, verdict)
  } else if (known === undefined || !isNewer(known, verdict)) endLife(current, from, verdict, 'left')
}

/** A record of the table of a peer. */
export function onRecord(current: Step, from: NodeName, record: MemberRecord): void {
  const { state, now } = current
  if (record.node === state.self.node) {
    if (record.state !== 'alive' || isNewer(record, state)) proveLife(current, from, record)
    return
  }
  // Of itself a node says what it has proved.
  if (record.node === from && record.creation !== state.watched.get(from)?.creation) return refuse(state, 'forged')
  const known = state.table.get(record.node)
  const { suspicionMinMs, suspicionMaxMs, goneKeepMs } = state.options
  if (record.state === 'gone' && (known === undefined || known.state === 'gone')) {
    // A life that is still to begin could not refute it.
    if (isAhead(current, record.creation, 0)) return refuse(state, 'creationAhead')
    const isNews = known === undefined || isNewer(record, known)
    if (isNews && record.goneForMs < goneKeepMs) put(current, from, record, 'gone', now - record.goneForMs)
    return
  }
  // Nobody says of a node that lives that it is another: it is asked whether it is still there.
  const isOther = known !== undefined && known.state !== 'gone' && record.creation > known.creation
  if (isOther && record.node !== from) {
    if (isAhead(current, record.creation)) return refuse(state, 'creationAhead')
    const { node, creation, incarnation } = known
    return onAccused(current, from, { node, creation, incarnation }, suspicionMaxMs, true)
  }
  if (record.state === 'alive') {
    if (known === undefined || isNewer(record, known)) accept(current, from, record)
    return
  }
  const forMs = record.state === 'gone' ? suspicionMinMs : suspicionMaxMs
  onAccused(current, from, record, forMs, true)
}

/** This node is held for suspected or gone, or is said to have said what it has not. */
export function proveLife(current: Step, from: NodeName, said: Said): void {
  const { state } = current
  if (from === state.self.node) return
  if (said.creation > state.self.creation) return refuse(state, 'forged')
  if (said.creation === state.self.creation) {
    if (said.incarnation < state.incarnation || state.isOut) return
    const isFarAhead = said.incarnation - state.incarnation > limits.incarnationAheadMax
    if (isFarAhead || said.incarnation >= limits.incarnationMax) return refuse(state, 'incarnationAhead')
    // Lifeguard: who is suspected may well be overloaded.
    state.health = Math.min(state.health + 1, state.options.healthMax)
    state.incarnation = said.incarnation + 1
  }
  announce(current)
}

/** Tells everybody that this node is alive; not at once, if it has just done so. */
export function announce(current: Step): void {
  const { state, now, effects } = current
  const { table, self, incarnation } = state
  table.set({ ...(table.get(self.node) as Member), incarnation })
  state.wantsAnnounce = now < state.announceAtMs
  if (state.wantsAnnounce || state.isOut) return
  state.announceAtMs = now + state.options.announceMs
  effects.push({ kind: 'broadcast', verdict: { kind: 'alive', ...self, incarnation } })
}

/** This node has found a node missing: it says so, unless enough others have. */
export function accuse(current: Step, node: NodeName): void {
  const { state } = current
  const known = state.table.get(node)
  if (known === undefined || known.state === 'gone') return
  const accusers = state.suspicions.get(node)?.accusers
  if (accusers?.has(state.self.node) || (accusers?.size ?? 0) > state.options.confirmations) return
  const { creation, incarnation } = known
  onAccused(current, state.self.node, { node, creation, incarnation }, state.options.suspicionMaxMs, true)
}

/** Suspicions that nobody refuted. */
export function expireSuspicions(current: Step): void {
  const { state, now } = current
  if (now < state.quietUntilMs) return
  for (const [node, { deadlineMs }] of state.suspicions) {
    if (deadlineMs > now) continue
    const known = state.table.get(node) as Member
    endLife(current, known.introducer, known, 'silent')
  }
}

function onAccused(current: Step, from: NodeName, said: Said, forMs: number, isToTell = false): void {
  const { state, now, effects } = current
  const { node } = said
  const known = state.table.get(node)
  if (known !== undefined && isNewer(known, said)) return
  if (known?.state === 'gone' && !isNewer(said, known)) return
  // A life that is said to be another is no accusation of this one.
  if (known !== undefined && known.state !== 'gone' && said.creation > known.creation) {
    return onAccused(current, from, { node, creation: known.creation, incarnation: known.incarnation }, forMs, isToTell)
  }
  if (known === undefined || known.state === 'gone') {
    if (!accept(current, from, said)) return
  }
  if (!put(current, from, said, 'suspected', 0)) return
  let suspicion = state.suspicions.get(node)
  const isNew = suspicion === undefined || (known !== undefined && said.incarnation > known.incarnation)
  if (isNew) {
    suspicion = { startedAtMs: now, deadlineMs: now + patience(current, forMs), accusers: new Set() }
    state.suspicions.set(node, suspicion)
    if (known?.state !== 'suspected') effects.push({ kind: 'nodeSuspected', node, creation: said.creation })
  }
  const isOwn = from === state.self.node
  confirm(current, suspicion as Suspicion, from)
  if (!isToTell || !(isNew || isOwn)) return
  const { creation, incarnation } = said
  effects.push({ kind: 'broadcast', verdict: { kind: 'suspect', node, creation, incarnation } })
}

// Lifeguard, section IV-B: the more accuse it independently, the shorter.
function confirm(current: Step, suspicion: Suspicion, from: NodeName): void {
  const { accusers } = suspicion
  if (accusers.has(from) || accusers.size >= limits.accusersMax) return
  accusers.add(from)
  const { suspicionMinMs, suspicionMaxMs, confirmations } = current.state.options
  const share = Math.log(accusers.size) / Math.log(confirmations + 1)
  const forMs = Math.max(suspicionMinMs, suspicionMaxMs - (suspicionMaxMs - suspicionMinMs) * share)
  const atMs = suspicion.startedAtMs + patience(current, forMs)
  suspicion.deadlineMs = Math.max(Math.min(suspicion.deadlineMs, atMs), current.state.quietUntilMs)
}

// Up to twice as long for a node that is not well itself.
function patience({ state }: Step, forMs: number): number {
  return forMs * (1 + state.health / state.options.healthMax)
}

/** The node is alive in that life and incarnation. */
function accept(current: Step, from: NodeName, said: Said): boolean {
  const { state, effects } = current
  const { node, creation } = said
  const known = state.table.get(node)
  if (!put(current, from, said, 'alive', 0)) return false
  state.suspicions.delete(node)
  const isOther = known !== undefined && known.creation !== creation
  if (isOther) state.inquiries.delete(node)
  if (isOther && known.state !== 'gone')
    effects.push({ kind: 'nodeGone', node, creation: known.creation, reason: 'restarted' })
  if (known === undefined || isOther || known.state !== 'alive') {
    effects.push({ kind: 'nodeAlive', node, creation, isBack: known !== undefined && !isOther })
  }
  return true
}

function endLife(current: Step, from: NodeName, said: Said, reason: GoneReason): void {
  const { state, now, effects } = current
  const { node } = said
  const known = state.table.get(node)
  if (!put(current, from, said, 'gone', now)) return
  state.suspicions.delete(node)
  state.inquiries.delete(node)
  if (reason === 'left') state.table.set({ ...(state.table.get(node) as Member), hasLeft: true })
  if (known !== undefined && known.state !== 'gone')
    effects.push({ kind: 'nodeGone', node, creation: known.creation, reason })
}

/** Into the table, if it may be there. */
function put(current: Step, from: NodeName, said: Said, state: Member['state'], goneAtMs: number): boolean {
  const { table, options } = current.state
  const { node, creation, incarnation } = said
  const known = table.get(node)
  if (isAhead(current, creation)) {
    refuse(current.state, 'creationAhead')
    return false
  }
  const knownIncarnation = known?.creation === creation ? known.incarnation : 0
  if (incarnation - knownIncarnation > limits.incarnationAheadMax) {
    refuse(current.state, 'incarnationAhead')
    return false
  }
  if (known === undefined) {
    if (table.introducedBy(from) >= options.membersPerPeerMax || !table.makeRoom(options.membersMax)) {
      refuse(current.state, 'membersFull')
      return false
    }
  }
  const endpoints = said.endpoints ?? (known?.creation === creation ? known.endpoints : [])
  table.set({ node, creation, incarnation, state, goneAtMs, endpoints, introducer: known?.introducer ?? from })
  return true
}

/** What a node itself says of where it is reached takes the place of what others said. */
function correct({ state }: Step, { node, creation, endpoints }: Peer): void {
  const known = state.table.get(node)
  if (known?.creation === creation) state.table.set({ ...known, endpoints })
}

function isNewer(
  said: Pick<Said, 'creation' | 'incarnation'>,
  known: { readonly creation?: number; readonly incarnation: number; readonly self?: Peer },
): boolean {
  const creation = known.creation ?? known.self?.creation ?? 0
  return said.creation > creation || (said.creation === creation && said.incarnation > known.incarnation)
}
