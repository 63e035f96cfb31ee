/**
 * Who is let in, as the operator wants it now: the trust mode, the pins, the revoked keys, the successions and the
 * probes. Every handshake asks it anew, so that what changes here holds from the next question on.
 */
import { hasCode, type Log, type NodeName } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import type { TrustAnswer, TrustQuestion } from '../handshake/options.ts'
import type { HandshakeResult } from '../handshake/state.ts'
import type { KeyChange, TrustMode } from '../options.ts'
import type { CookieOnly } from './cookie-only.ts'
import { fingerprintOf } from './keys.ts'
import { placeOf, type Succession, signatureProblem } from './succession.ts'
import type { TrustStore } from './trust-store.ts'

export interface TrustPolicyOptions {
  readonly mode: TrustMode
  /** False: any key may have any name, nothing is pinned. Revoked keys stay refused. */
  readonly authEnabled: boolean
  readonly cookieOnly: CookieOnly | undefined
  /** Whether a younger member certificate lets a pinned name have another key. */
  readonly onKeyChange: KeyChange
  readonly log: Log
}

const modes: readonly unknown[] = ['tofu', 'strict'] satisfies TrustMode[]

export class TrustPolicy {
  readonly store: TrustStore
  readonly #options: TrustPolicyOptions
  #mode: TrustMode
  #hasWarnedOfProbes = false
  /** Successions whose signatures were verified, and from which statement on: each is asked about three times. */
  readonly #verified = new WeakMap<Succession, number>()

  constructor(store: TrustStore, options: TrustPolicyOptions) {
    this.store = store
    this.#options = options
    this.#mode = options.mode
  }

  get mode(): TrustMode {
    return this.#mode
  }

  /** @throws E_QUIC_OPTION_INVALID */
  setMode(mode: TrustMode): void {
    if (!modes.includes(mode)) {
      throw quicError('E_QUIC_OPTION_INVALID', { option: 'authTrustMode', rule: "it is 'tofu' or 'strict'" })
    }
    if (mode !== this.#mode) this.#options.log.warn('trust mode changed', { from: this.#mode, to: mode })
    this.#mode = mode
  }

  /** Whether that key may have that name. Keeps nothing. */
  answer(question: TrustQuestion): TrustAnswer {
    const { node, publicKey, hidden } = question
    if (publicKey === undefined) return this.#mayProbe(node) ? 'accept' : 'unlisted'
    // Before the pins: a revoked key that is pinned is refused too.
    if (this.store.isRevoked(publicKey)) return 'revoked'
    if (!this.#options.authEnabled) return 'accept'
    const known = this.store.check(node, publicKey)
    if (known === 'pinned') return 'accept'
    if (known === 'changed') {
      return this.#isSuccessor(question, publicKey) || this.#isRecertified(question) ? 'accept' : 'changed'
    }
    return this.#mode === 'tofu' || (hidden && this.#isPinnedKey(publicKey)) ? 'accept' : 'untrusted'
  }

  /**
   * What an accepted handshake leaves behind: the key of a node that is new in tofu mode, or the new key of a node
   * whose old one gave way. On disk when it resolves.
   * @throws what the trust store's `pin` throws; the handshake counts for nothing then
   */
  async keep({
    peer: { name },
    role,
    publicKey,
    succession,
    fingerprint,
    certifiedMs,
  }: HandshakeResult): Promise<void> {
    if (publicKey === undefined) return this.#warnOfProbes(name)
    if (!this.#options.authEnabled) return
    const from = this.store.keyOf(name)
    if (from === undefined) {
      if (role === 'node' && this.#mode === 'tofu') await this.#pinFirst(name, publicKey, certifiedMs)
      return
    }
    if (this.store.check(name, publicKey) === 'pinned') return this.store.pin(name, publicKey)
    const fields = { node: name, from: fingerprintOf(from), to: fingerprint }
    if (this.#isSuccessor({ node: name, succession }, publicKey)) {
      await this.store.replace(name, publicKey, 'succession', from, certifiedMs)
      return this.#options.log.warn('peer has a new key, which its old one signed', fields)
    }
    // Trust has answered `accept`, but only just now: what is kept is checked where it is kept.
    if (!this.#isRecertified({ node: name, certifiedMs, hidden: role !== 'node' }))
      return this.store.pin(name, publicKey)
    await this.store.replace(name, publicKey, 'certificate', from, certifiedMs)
    this.#options.log.warn('peer has a new key, and a younger member certificate for it', fields)
  }

  // A certificate says who may have the name: that there is no room for a pin shuts nobody out who has one.
  async #pinFirst(name: NodeName, publicKey: Uint8Array, certifiedMs: number | undefined): Promise<void> {
    try {
      await this.store.pin(name, publicKey, certifiedMs)
    } catch (error) {
      if (certifiedMs === undefined || !hasCode(error, 'E_TRUST_STORE_FULL')) throw error
    }
  }

  // Pins first: a name that somebody has proved with a key is not to be had for less.
  #mayProbe(node: NodeName): boolean {
    return this.store.keyOf(node) === undefined && this.#options.cookieOnly?.allows(node) === true
  }

  // A tool takes another name each time: in strict mode its key must be pinned under some name.
  #isPinnedKey(publicKey: Uint8Array): boolean {
    return this.store.findByFingerprint(fingerprintOf(publicKey)).length > 0
  }

  /** Whether the pinned key of the node gave way to this one, over keys of which none is revoked. */
  #isSuccessor({ node, succession }: Pick<TrustQuestion, 'node' | 'succession'>, publicKey: Uint8Array): boolean {
    const pinned = this.store.keyOf(node)
    const from = pinned === undefined ? -1 : placeOf(succession, pinned)
    if (from < 0) return false
    // What lies before the pinned key does not matter here: nothing is believed for its sake.
    if (succession.slice(from).some(statement => this.store.isRevoked(statement.oldKey))) return false
    if (from >= (this.#verified.get(succession) ?? Number.POSITIVE_INFINITY)) return true
    const problem = signatureProblem(node, succession, publicKey, from)
    if (problem === undefined) this.#verified.set(succession, from)
    else this.#options.log.warn('succession of keys not believed', { node, problem })
    return problem === undefined
  }

  /** Whether a node's certificate gives the name to another key than the pinned one, which is not revoked. */
  #isRecertified({ node, certifiedMs, hidden }: Pick<TrustQuestion, 'node' | 'certifiedMs' | 'hidden'>): boolean {
    if (certifiedMs === undefined || hidden || this.#options.onKeyChange === 'refuse') return false
    const pinned = this.store.keyOf(node)
    return pinned !== undefined && !this.store.isRevoked(pinned) && this.store.isOlderThan(node, certifiedMs)
  }

  #warnOfProbes(node: NodeName): void {
    if (!this.#hasWarnedOfProbes) {
      this.#options.log.warn('a probe came in with the cookie alone; who has the cookie can do the same', { node })
    }
    this.#hasWarnedOfProbes = true
  }
}
