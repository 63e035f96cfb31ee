/**
 * Which connection carries the channel to one node: a state machine without I/O, clock or chance. Two nodes that dial
 * each other at the same time both run it, and come to the same answer: the dial of the greater name wins, unless it
 * has not even been answered yet.
 *
 *   dialing --a session authenticated--> settled --its key kept--> up --session ended--> closed
 *      \--every address failed--> closed     \--session ended--> closed
 *
 * A closed line is forgotten; the next signal begins another.
 */
import type { NodeLife, NodeName } from '@barrel-actors/runtime'

/** One connection with the node, whoever dialed it. */
export type SessionId = number

/** A key that comes with the name. */
export interface Claim {
  /** Undefined for a probe. */
  readonly fingerprint: string | undefined
  /** Whether a pin or a certificate says that the name belongs to that key. */
  readonly ownsName: boolean
}

/** What happens to a line. */
export type LineInput =
  /** Our dial has been answered, or that try of it is over. */
  | { readonly kind: 'answered' | 'unanswered' }
  /** The node has proved to be at the other end of a session; `isOurs` where we dialed it. */
  | ({
      readonly kind: 'authenticated'
      readonly session: SessionId
      readonly isOurs: boolean
      readonly life: NodeLife
      /** Without a key, with a cookie alone. */
      readonly isProbe: boolean
    } & Claim)
  /** What had to be on disk of it is there. */
  | { readonly kind: 'kept'; readonly session: SessionId }
  | { readonly kind: 'ended'; readonly session: SessionId; readonly cause: Error }
  | { readonly kind: 'dialFailed'; readonly cause: Error }
  /** This side has closed the channel. */
  | { readonly kind: 'closed' }

/** What the driver must do, in this order. The state is the new one already. */
export type LineEffect =
  /** That session carries the channel, once it is up. */
  | { readonly kind: 'adopt'; readonly session: SessionId }
  /** What the channel led to is over: it closes, and another takes its place. */
  | { readonly kind: 'replace'; readonly reason: string }
  | { readonly kind: 'refuse'; readonly session: SessionId; readonly reason: string }
  | { readonly kind: 'abandonDial'; readonly reason: string }
  | { readonly kind: 'up' }
  | { readonly kind: 'close'; readonly cause: Error }

export interface LineState {
  readonly self: NodeName
  readonly node: NodeName
  phase: 'dialing' | 'settled' | 'up' | 'closed'
  /** A dial of ours, while there is one: none once a session carries the channel. */
  dial: 'none' | 'asked' | 'answered'
  session: SessionId | undefined
  life: NodeLife | undefined
  isProbe: boolean
  /** The key that was proved on that session. */
  fingerprint: string | undefined
}

/** A line that we begin by dialing, or that begins with a session that the other node dialed. */
export function createLine(self: NodeName, node: NodeName, isDialed: boolean): LineState {
  return {
    self,
    node,
    phase: 'dialing',
    dial: isDialed ? 'asked' : 'none',
    session: undefined,
    life: undefined,
    isProbe: false,
    fingerprint: undefined,
  }
}

/** Whether a session that the other node dialed must give way to our dial. Both ends must come to the same answer. */
export function isSuperseded({ dial, self, node }: LineState): boolean {
  return dial === 'answered' && self > node
}

/**
 * Whether another key has a live channel by that name. Nothing but its key says whose the name of a tool is, so another
 * key waits until the channel is gone.
 */
export function isTaken(state: LineState, { ownsName, fingerprint }: Claim): boolean {
  const isLive = state.phase === 'settled' || state.phase === 'up'
  return isLive && !ownsName && fingerprint !== state.fingerprint
}

export function step(state: LineState, input: LineInput): LineEffect[] {
  if (state.phase === 'closed') {
    return input.kind === 'authenticated' ? [{ kind: 'refuse', session: input.session, reason: notWanted }] : []
  }
  switch (input.kind) {
    case 'answered':
    case 'unanswered':
      if (state.dial !== 'none') state.dial = input.kind === 'answered' ? 'answered' : 'asked'
      return []
    case 'authenticated':
      return onAuthenticated(state, input)
    case 'kept':
      if (state.phase !== 'settled' || input.session !== state.session) return []
      state.phase = 'up'
      return [{ kind: 'up' }]
    case 'ended':
      return input.session === state.session ? close(state, input.cause) : []
    case 'dialFailed':
      state.dial = 'none'
      return state.phase === 'dialing' ? close(state, input.cause) : []
    case 'closed':
      state.phase = 'closed'
      return state.dial === 'none' ? [] : [{ kind: 'abandonDial', reason: notWanted }]
    default:
      return input satisfies never
  }
}

function onAuthenticated(state: LineState, input: LineInput & { kind: 'authenticated' }): LineEffect[] {
  const { session, isOurs, life, isProbe, fingerprint } = input
  const refusal = refusalOf(state, input)
  if (refusal !== undefined) return [{ kind: 'refuse', session, reason: refusal }]
  const effects: LineEffect[] = []
  if (state.phase !== 'dialing') effects.push({ kind: 'replace', reason: 'the node has connected anew' })
  else if (state.dial !== 'none' && !isOurs) effects.push({ kind: 'abandonDial', reason: anotherWon })
  state.phase = 'settled'
  state.dial = 'none'
  state.session = session
  state.life = life
  state.isProbe = isProbe
  state.fingerprint = fingerprint
  return [...effects, { kind: 'adopt', session }]
}

function refusalOf(state: LineState, input: LineInput & { kind: 'authenticated' }): string | undefined {
  const { phase, dial, life: known } = state
  const { isOurs, life, isProbe } = input
  // Another session carries the channel by now, or the dial was given up.
  if (isOurs) return phase === 'dialing' && dial !== 'none' ? undefined : anotherWon
  // What is sent to a name, or comes from it, must not go to who has only the cookie.
  const isNew = phase === 'dialing' && dial === 'none'
  if (isProbe && !isNew && !state.isProbe) return 'a probe does not take the place of a node'
  if (isTaken(state, input)) return 'another key has a channel by this name'
  // A new life, or the same one that has lost its end: it replaces what is left of the old channel.
  if (known !== undefined && life.creation < known.creation) return 'a later life of this node is connected'
  return undefined
}

function close(state: LineState, cause: Error): LineEffect[] {
  state.phase = 'closed'
  return [{ kind: 'close', cause }]
}

const anotherWon = 'another connection carries the channel'
const notWanted = 'the channel is not wanted any more'
