/** What the other end's HELLO must be before it is answered. Every rule is the same for both ends where it can be. */
import type { ErrorFields } from '@barrel-actors/runtime'
import type { QuicCode } from '../errors.ts'
import { checkMember, isRefusal } from '../identity/cluster-trust.ts'
import { checkPublicKey, fingerprintOf } from '../identity/keys.ts'
import { shapeProblem } from '../identity/succession.ts'
import type { Hello } from './messages.ts'
import { type HandshakeConfig, supersededReason, type TrustAnswer } from './options.ts'

/** Why a handshake ended. */
export interface Failure {
  readonly code: QuicCode
  /** For people and for the log of this node. */
  readonly problem: string
  /** What an acceptor tells the dialer: lower-case letters and hyphens. Nothing is told where it is left out. */
  readonly reason?: string
  readonly fields?: ErrorFields
}

/** What is wrong with the other end's HELLO, or undefined where nothing is. */
export function helloFailure(config: HandshakeConfig, hello: Hello, now: number): Failure | undefined {
  return (
    roleFailure(config, hello) ??
    nameFailure(config, hello) ??
    keyFailure(config, hello) ??
    successionFailure(hello) ??
    reflectionFailure(config, hello) ??
    clockFailure(config, hello, now)
  )
}

function roleFailure(config: HandshakeConfig, hello: Hello): Failure | undefined {
  if (hello.role !== config.role) return undefined
  return { code: 'E_HANDSHAKE_FAILED', reason: 'bad-message', problem: 'both ends claim the same role' }
}

function nameFailure(config: HandshakeConfig, hello: Hello): Failure | undefined {
  const self = config.self.name
  if (hello.name === self) return isSelf('name')
  if (config.role === 'dialer' && hello.name !== config.dialed) {
    const problem = `it calls itself ${hello.name}`
    return { code: 'E_PEER_NAME_WRONG', problem, fields: { dialed: config.dialed } }
  }
  if (hello.dialedName === self) return undefined
  const problem = `it speaks to ${hello.dialedName}`
  if (config.role === 'dialer') return { code: 'E_HANDSHAKE_FAILED', problem }
  const fields = { dialed: hello.dialedName, self }
  return { code: 'E_DIALED_NAME_WRONG', reason: 'wrong-name', problem, fields }
}

function keyFailure(config: HandshakeConfig, hello: Hello): Failure | undefined {
  // No key is claimed: the cookie is what is proved.
  if (hello.cookieOnly) return undefined
  const problem = checkPublicKey(hello.publicKey)
  if (problem !== undefined) return { code: 'E_PEER_KEY_INVALID', reason: 'bad-key', problem }
  return sameBytes(hello.publicKey, config.keys.publicKey) ? isSelf('key') : undefined
}

// Also where no pin needs it: what one node would refuse must not be let in by another.
function successionFailure(hello: Hello): Failure | undefined {
  const problem = shapeProblem(hello.succession, hello.publicKey)
  if (problem === undefined) return undefined
  return {
    code: 'E_PEER_KEY_INVALID',
    reason: 'bad-succession',
    problem: `its succession of keys is not usable: ${problem}`,
  }
}

// Our nonce coming back means that somebody sends us our own bytes.
function reflectionFailure(config: HandshakeConfig, hello: Hello): Failure | undefined {
  if (!sameBytes(hello.nonce, config.nonce)) return undefined
  return { code: 'E_HANDSHAKE_FAILED', reason: 'bad-message', problem: 'it sent back the nonce of this node' }
}

// Twice the window: each clock may be off by one window from the true time.
function clockFailure(config: HandshakeConfig, hello: Hello, now: number): Failure | undefined {
  const skewMs = Math.abs(now - hello.wallMs)
  if (skewMs <= 2 * config.timestampWindowMs) return undefined
  return {
    code: 'E_CLOCK_SKEW',
    reason: 'clock-skew',
    problem: `the clocks are ${skewMs} ms apart`,
    fields: { skewMs },
  }
}

/**
 * When the member certificate begins, where one is asked for and holds; otherwise why it does not. Comes after
 * `helloFailure`: a certificate that seems too old is not to blame for a clock that is wrong.
 */
export function checkCertificate(config: HandshakeConfig, hello: Hello, now: number): Certified | Failure {
  // A probe shows that it has the cookie, and its name must be listed.
  if (config.cluster === undefined || hello.cookieOnly) return { certifiedMs: undefined }
  const checked = checkMember(config.cluster, hello, now, 2 * config.timestampWindowMs)
  if (isRefusal(checked)) return { code: 'E_PEER_CERTIFICATE_INVALID', ...checked }
  return { certifiedMs: checked.notBefore }
}

interface Certified {
  readonly certifiedMs: number | undefined
}

/** What becomes of the handshake when trust gives that answer about the other end; undefined where it goes on. */
export function answerFailure(answer: TrustAnswer, hello: Hello): Failure | undefined {
  const fields = { fingerprint: hello.cookieOnly ? 'none' : fingerprintOf(hello.publicKey) }
  switch (answer) {
    case 'accept':
      return undefined
    case 'changed':
      return { code: 'E_PEER_KEY_CHANGED', reason: 'key-changed', problem: 'another key is pinned for it', fields }
    case 'untrusted':
      return { code: 'E_PEER_UNTRUSTED', reason: 'untrusted', problem: 'its key is not pinned', fields }
    case 'revoked':
      return { code: 'E_PEER_KEY_REVOKED', reason: 'key-revoked', problem: 'its key is revoked', fields }
    case 'unlisted':
      // One answer for both cases: a stranger does not learn which names are pinned.
      return { ...cookieRefused, problem: 'its name is in no pattern of cookieOnlyNodes, or has a pinned key' }
    case 'taken':
      return {
        code: 'E_PEER_NAME_TAKEN',
        reason: 'name-taken',
        problem: 'another key has a channel by its name',
        fields,
      }
    case 'superseded':
      return { code: 'E_DIAL_SUPERSEDED', reason: supersededReason, problem: 'another connection is wanted' }
    default:
      return answer satisfies never
  }
}

const cookieRefused = { code: 'E_COOKIE_ONLY_REFUSED', reason: 'cookie-only-refused' } as const

export const noCookie: Failure = { ...cookieRefused, problem: 'this node has no cookie' }
export const wrongCookie: Failure = { ...cookieRefused, problem: 'its cookie is another one' }

function isSelf(same: 'name' | 'key'): Failure {
  const problem = `it has the ${same} of this node`
  return { code: 'E_PEER_IS_SELF', reason: 'own-identity', problem, fields: { same } }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b)
}
