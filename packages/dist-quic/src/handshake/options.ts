/** What one end of a handshake is given: who it is, the connection it is on, and whom it trusts. */
import type { NodeLife, NodeName } from '@barrel-actors/runtime'
import type { ClusterTrust } from '../identity/cluster-trust.ts'
import type { KeyPair } from '../identity/keys.ts'
import type { Succession } from '../identity/succession.ts'

/** What trust is asked about. */
export interface TrustQuestion {
  readonly node: NodeName
  /** Undefined for a probe, which has none. */
  readonly publicKey: Uint8Array | undefined
  readonly hidden: boolean
  /** How older keys of the node say that they gave way to this one. Its shape is right, its signatures are not checked. */
  readonly succession: Succession
  /** When the member certificate begins that was checked, in milliseconds; undefined where none is asked for. */
  readonly certifiedMs: number | undefined
}

/**
 * `changed`: another key is pinned, and no succession leads from it. `unlisted`: a probe may not have that name.
 * `taken`: another key has a channel by that name, which nobody has pinned.
 * `superseded`: the key may have the name, but another connection to that node is wanted in place of this one.
 */
export type TrustAnswer = 'accept' | 'changed' | 'untrusted' | 'revoked' | 'unlisted' | 'taken' | 'superseded'

/** The reason in the refusal of a dial that loses against one from the other side. */
export const supersededReason = 'superseded'

/** `cookieOnly`: the dialer shows no key, and proves with the cookie. */
export type HandshakeConfig = EndConfig &
  ({ readonly role: 'dialer'; readonly dialed: NodeName; readonly cookieOnly: boolean } | { readonly role: 'acceptor' })

interface EndConfig {
  readonly self: NodeLife
  readonly hidden: boolean
  readonly keys: KeyPair
  /** How this node's older keys gave way to `keys`. */
  readonly succession: Succession
  /** The member certificate of this node; empty where it has none. */
  readonly memberCertificate: Uint8Array
  /** The other end must show a certificate of one of these clusters. Undefined: none is asked for. */
  readonly cluster: ClusterTrust | undefined
  /** The secret shared with probes. Without one no probe is let in. */
  readonly cookie: Uint8Array | undefined
  /** 32 fresh random bytes, never used before. */
  readonly nonce: Uint8Array
  /** SHA-256 of the certificate that this end shows on the connection. */
  readonly ownCertificateHash: Uint8Array
  /** SHA-256 of the certificate that the other end showed. */
  readonly peerCertificateHash: Uint8Array
  /** Half of what two clocks may differ by. */
  readonly timestampWindowMs: number
  /** Whether somebody else decides too, once the other end has proved who it is: `ask`, then a `verdict`. */
  readonly asks: boolean
  /**
   * Whether that key may have that name. Asked before this end proves itself, and again at the end, because
   * another handshake may have pinned the name meanwhile. Answers at once, keeps nothing, does not throw.
   */
  readonly trust: (question: TrustQuestion) => TrustAnswer
}
