/**
 * The mutual authentication of two nodes, as a state machine without I/O, clock or chance.
 *
 *   dialer                          acceptor
 *   HELLO ------------------------> checks, asks trust
 *   checks, asks trust <----------- HELLO, PROOF
 *   PROOF ------------------------> verifies
 *   done <------------------------- OK (done), or FAIL
 *
 * A dialer without a key says COOKIE PROOF in place of PROOF. Where an end asks somebody else too, it does so when
 * the other end has proved itself, and before it says anything more.
 */
import type { ErrorFields, NodeLife, NodeName } from '@barrel-actors/runtime'
import type { QuicCode } from '../errors.ts'
import { fingerprintOf, keyBytes, verifySignature } from '../identity/keys.ts'
import type { Succession } from '../identity/succession.ts'
import { answerFailure, checkCertificate, type Failure, helloFailure, noCookie, wrongCookie } from './checks.ts'
import { cookieMac, isCookieMac } from './cookie.ts'
import {
  createInbox,
  cutMessage,
  decodeMessage,
  encodeMessage,
  frameMessage,
  type Hello,
  hashBytes,
  type Inbox,
  type Message,
  nonceBytes,
  type Role,
} from './messages.ts'
import { type HandshakeConfig, supersededReason } from './options.ts'
import { signedBytes, type Transcript } from './transcript.ts'

/** What happens to a handshake. `expire` is the one deadline over the whole of it, `verdict` the answer to `ask`. */
export type Input =
  | { readonly kind: 'start' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'verdict'; readonly accepted: boolean; readonly problem?: string }
  | { readonly kind: 'expire' }
  | { readonly kind: 'closed' }

/** What the driver must do, in this order. `done` and `failed` end the handshake; `ask` wants a `verdict`. */
export type Effect =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  | { readonly kind: 'ask'; readonly result: HandshakeResult }
  | { readonly kind: 'done'; readonly result: HandshakeResult }
  /** What came behind the last message, which is not of the handshake. After `done`. */
  | { readonly kind: 'rest'; readonly bytes: Uint8Array }
  | { readonly kind: 'failed'; readonly code: QuicCode; readonly problem: string; readonly fields: ErrorFields }

/** Who is at the other end. */
export interface HandshakeResult {
  readonly peer: NodeLife
  /** A `tool` is hidden; a `probe` is hidden and has proved with the cookie alone. */
  readonly role: 'node' | 'tool' | 'probe'
  /** Undefined for a probe, as its fingerprint is. */
  readonly publicKey: Uint8Array | undefined
  readonly fingerprint: string | undefined
  readonly hidden: boolean
  readonly succession: Succession
  /** When its member certificate begins; undefined where none was asked for. */
  readonly certifiedMs: number | undefined
}

/** The other end, once its HELLO is checked. */
interface Peer {
  readonly hello: Hello
  /** The exact bytes of its HELLO. */
  readonly bytes: Uint8Array
  readonly certifiedMs: number | undefined
}

export interface HandshakeState {
  readonly config: HandshakeConfig
  readonly inbox: Inbox
  phase: 'idle' | 'awaitHello' | 'awaitProof' | 'awaitVerdict' | 'awaitOk' | 'done' | 'failed'
  /** The exact bytes of our HELLO, once sent. */
  ownHello: Uint8Array | undefined
  peer: Peer | undefined
}

/** A handshake that waits for `start`. */
export function createHandshake(config: HandshakeConfig): HandshakeState {
  assertLength('nonce', config.nonce, nonceBytes)
  assertLength('ownCertificateHash', config.ownCertificateHash, hashBytes)
  assertLength('peerCertificateHash', config.peerCertificateHash, hashBytes)
  if (isProbe(config) && config.cookie === undefined) throw new Error('assertion: a probe has a cookie')
  return { config, inbox: createInbox(), phase: 'idle', ownHello: undefined, peer: undefined }
}

/**
 * Takes one input and says what the driver must do. `now` is the wall clock in milliseconds. Never throws on
 * what a peer sent. After `failed` nothing more is said; after `done` only a `failed`, when bytes follow.
 */
export function step(state: HandshakeState, input: Input, now: number): Effect[] {
  if (state.phase === 'failed') return []
  switch (input.kind) {
    case 'start':
      return onStart(state, now)
    case 'bytes':
      return onBytes(state, input.bytes, now)
    case 'verdict':
      return onVerdict(state, input.accepted, input.problem)
    case 'expire':
      return state.phase === 'done' ? [] : fail(state, timedOut)
    case 'closed':
      return state.phase === 'done' ? [] : fail(state, endedEarly)
    default:
      return input satisfies never
  }
}

function onStart(state: HandshakeState, now: number): Effect[] {
  if (state.phase !== 'idle') return fail(state, unexpected('a second start'))
  state.phase = 'awaitHello'
  if (state.config.role === 'acceptor') return []
  return [send(makeHello(state, state.config.dialed, now))]
}

function onBytes(state: HandshakeState, bytes: Uint8Array, now: number): Effect[] {
  const effects: Effect[] = []
  let rest = bytes
  while (rest.length > 0) {
    if (state.phase === 'idle') return fail(state, unexpected('bytes before the start'))
    // Also when this very chunk held the last message: what it led to is dropped, so that no OK goes out.
    if (state.phase === 'done') {
      // An acceptor may go on speaking right behind its OK.
      if (state.config.role === 'dialer') return [...effects, { kind: 'rest', bytes: rest }]
      return fail(state, unexpected('bytes after the end'))
    }
    const cut = cutMessage(state.inbox, rest)
    rest = rest.subarray(cut.used)
    if (cut.problem !== undefined) return [...effects, ...fail(state, unexpected(cut.problem))]
    if (cut.message === undefined) break
    const decoded = decodeMessage(cut.message)
    if (typeof decoded === 'string') return [...effects, ...fail(state, unexpected(decoded))]
    effects.push(...onMessage(state, decoded, cut.message, now))
    if (isFailed(state)) break
  }
  return effects
}

function onMessage(state: HandshakeState, message: Message, bytes: Uint8Array, now: number): Effect[] {
  switch (message.kind) {
    case 'hello':
      return onHello(state, message, bytes, now)
    case 'proof':
      return onProof(state, message.signature)
    case 'cookieProof':
      return onCookieProof(state, message.mac)
    case 'ok':
      return onOk(state)
    case 'fail':
      return onFail(state, message.reason)
    default:
      return message satisfies never
  }
}

function onHello(state: HandshakeState, hello: Hello, bytes: Uint8Array, now: number): Effect[] {
  if (state.phase !== 'awaitHello') return fail(state, unexpected('a hello out of turn'))
  state.peer = { hello, bytes, certifiedMs: undefined }
  const failure = helloFailure(state.config, hello, now)
  if (failure !== undefined) return fail(state, failure)
  const certified = checkCertificate(state.config, hello, now)
  if ('code' in certified) return fail(state, certified)
  const peer = { hello, bytes, ...certified }
  state.peer = peer
  const refusal = probeFailure(state, hello) ?? trustFailure(state, peer)
  if (refusal !== undefined) return fail(state, refusal)
  state.phase = 'awaitProof'
  if (state.config.role === 'dialer') return []
  const ownHello = makeHello(state, hello.name, now)
  return [send(ownHello, makeProof(state))]
}

function onProof(state: HandshakeState, signature: Uint8Array): Effect[] {
  const { config, peer } = state
  const isDue = state.phase === 'awaitProof' && peer !== undefined && !peer.hello.cookieOnly
  if (!isDue) return fail(state, unexpected('a proof out of turn'))
  const signed = signedBytes(otherRole(config.role), transcriptOf(state))
  return verifySignature(peer.hello.publicKey, signed, signature) ? onProved(state, peer) : fail(state, badSignature)
}

function onCookieProof(state: HandshakeState, mac: Uint8Array): Effect[] {
  const { config, peer } = state
  const isDue = state.phase === 'awaitProof' && peer?.hello.cookieOnly === true && config.cookie !== undefined
  if (!isDue) return fail(state, unexpected('a cookie proof out of turn'))
  return isCookieMac(config.cookie, transcriptOf(state), mac) ? onProved(state, peer) : fail(state, wrongCookie)
}

function onProved(state: HandshakeState, peer: Peer): Effect[] {
  const failure = trustFailure(state, peer)
  if (failure !== undefined) return fail(state, failure)
  if (!state.config.asks) return goOn(state, peer)
  state.phase = 'awaitVerdict'
  return [{ kind: 'ask', result: resultOf(peer) }]
}

// One that comes after the deadline changes nothing.
function onVerdict(state: HandshakeState, accepted: boolean, problem = 'it is not let in'): Effect[] {
  const { peer, phase } = state
  if (phase !== 'awaitVerdict' || peer === undefined) return []
  if (!accepted) return fail(state, { code: 'E_PEER_NOT_ALLOWED', reason: 'not-allowed', problem })
  // Time has passed: another handshake may have pinned the name, and an operator may have revoked the key.
  const failure = trustFailure(state, peer)
  return failure === undefined ? goOn(state, peer) : fail(state, failure)
}

function goOn(state: HandshakeState, peer: Peer): Effect[] {
  if (state.config.role === 'acceptor') return [send(encodeMessage({ kind: 'ok' })), finish(state, peer)]
  state.phase = 'awaitOk'
  return [send(makeProof(state))]
}

function onOk(state: HandshakeState): Effect[] {
  const { peer } = state
  if (state.phase !== 'awaitOk' || peer === undefined) return fail(state, unexpected('an ok out of turn'))
  const failure = trustFailure(state, peer)
  return failure === undefined ? [finish(state, peer)] : fail(state, failure)
}

function onFail(state: HandshakeState, reason: string): Effect[] {
  if (state.config.role === 'acceptor') return fail(state, unexpected('a refusal from a dialer'))
  if (reason === supersededReason) return fail(state, { code: 'E_DIAL_SUPERSEDED', problem: 'the other end dials too' })
  if (reason === 'wrong-name') return fail(state, { code: 'E_PEER_NAME_OTHER', problem: 'it has another name' })
  return fail(state, { code: 'E_PEER_REFUSED', problem: `it refused this node: ${reason}`, fields: { reason } })
}

function finish(state: HandshakeState, peer: Peer): Effect {
  state.phase = 'done'
  return { kind: 'done', result: resultOf(peer) }
}

function resultOf({ hello, certifiedMs }: Peer): HandshakeResult {
  const { name, creation, hidden, cookieOnly, publicKey, succession } = hello
  const result = { peer: { name, creation }, hidden, succession, certifiedMs }
  if (cookieOnly) return { ...result, role: 'probe', publicKey: undefined, fingerprint: undefined }
  return { ...result, role: hidden ? 'tool' : 'node', publicKey, fingerprint: fingerprintOf(publicKey) }
}

function fail(state: HandshakeState, failure: Failure): Effect[] {
  const { config } = state
  const isOver = state.phase === 'done'
  state.phase = 'failed'
  const dialed = config.role === 'dialer' ? config.dialed : undefined
  const node = state.peer?.hello.name ?? dialed ?? '(not known yet)'
  const { code, problem, reason } = failure
  const failed: Effect = { kind: 'failed', code, problem, fields: { node, problem, ...failure.fields } }
  // Only an acceptor says why. A dialer that is not satisfied leaves, which is all that the acceptor may learn.
  if (config.role === 'dialer' || reason === undefined || isOver) return [failed]
  return [send(encodeMessage({ kind: 'fail', reason })), failed]
}

function probeFailure({ config }: HandshakeState, hello: Hello): Failure | undefined {
  return hello.cookieOnly && config.cookie === undefined ? noCookie : undefined
}

function trustFailure({ config }: HandshakeState, { hello, certifiedMs }: Peer): Failure | undefined {
  const { name: node, hidden, succession } = hello
  const publicKey = hello.cookieOnly ? undefined : hello.publicKey
  return answerFailure(config.trust({ node, publicKey, hidden, succession, certifiedMs }), hello)
}

const timedOut: Failure = { code: 'E_HANDSHAKE_TIMEOUT', reason: 'timeout', problem: 'it took too long' }
const endedEarly: Failure = { code: 'E_HANDSHAKE_FAILED', problem: 'the connection ended in the middle of it' }
const badSignature: Failure = {
  code: 'E_HANDSHAKE_FAILED',
  reason: 'bad-signature',
  problem: 'its signature does not fit this connection',
}

function unexpected(problem: string): Failure {
  return { code: 'E_HANDSHAKE_FAILED', reason: 'bad-message', problem }
}

function makeHello(state: HandshakeState, dialedName: NodeName, now: number): Uint8Array {
  const { config } = state
  const { role, self, nonce } = config
  const cookieOnly = isProbe(config)
  const hidden = config.hidden || cookieOnly
  // A key of zeros: whoever forgot to look at the flag would refuse it.
  const publicKey = cookieOnly ? new Uint8Array(keyBytes) : config.keys.publicKey
  const succession = cookieOnly ? [] : config.succession
  const memberCertificate = cookieOnly ? new Uint8Array(0) : config.memberCertificate
  const wallMs = Math.max(0, Math.floor(now))
  const own = { role, hidden, cookieOnly, nonce, wallMs, publicKey, dialedName, succession, memberCertificate }
  state.ownHello = encodeMessage({ kind: 'hello', ...self, ...own })
  return state.ownHello
}

function isProbe(config: HandshakeConfig): boolean {
  return config.role === 'dialer' && config.cookieOnly
}

function makeProof(state: HandshakeState): Uint8Array {
  const { config } = state
  const transcript = transcriptOf(state)
  if (isProbe(config))
    return encodeMessage({ kind: 'cookieProof', mac: cookieMac(config.cookie as Uint8Array, transcript) })
  return encodeMessage({ kind: 'proof', signature: config.keys.sign(signedBytes(config.role, transcript)) })
}

function transcriptOf(state: HandshakeState): Transcript {
  const { config, ownHello, peer } = state
  if (ownHello === undefined || peer === undefined) throw new Error('assertion: both ends have said hello')
  const own = { hello: ownHello, hash: config.ownCertificateHash }
  const other = { hello: peer.bytes, hash: config.peerCertificateHash }
  const [dialer, acceptor] = config.role === 'dialer' ? [own, other] : [other, own]
  return {
    dialerHello: dialer.hello,
    acceptorHello: acceptor.hello,
    dialerCertificateHash: dialer.hash,
    acceptorCertificateHash: acceptor.hash,
  }
}

function send(...messages: Uint8Array[]): Effect {
  return { kind: 'send', bytes: Buffer.concat(messages.map(frameMessage)) }
}

function otherRole(role: Role): Role {
  return role === 'dialer' ? 'acceptor' : 'dialer'
}

function isFailed(state: HandshakeState): boolean {
  return state.phase === 'failed'
}

function assertLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new Error(`assertion: ${name} has ${bytes.length} bytes in place of ${length}`)
}
