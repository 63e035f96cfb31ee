/** What one end of a handshake is given: who it is, the connection it is on, and whom it trusts. */
import type { NodeLife, NodeName } from '@barrel-actors/runtime'
import type { KeyPair } from '../identity/keys.ts'

/** What trust is asked about. */
export interface TrustQuestion {
  readonly node: NodeName
  readonly publicKey: Uint8Array
  readonly hidden: boolean
}

/** `superseded`: the key may have the name, but another connection to that node is wanted in place of this one. */
export type TrustAnswer = 'accept' | 'changed' | 'untrusted' | 'superseded'

/** The reason in the refusal of a dial that loses against one from the other side. */
export const supersededReason = 'superseded'

export type HandshakeConfig = EndConfig &
  ({ readonly role: 'dialer'; readonly dialed: NodeName } | { readonly role: 'acceptor' })

interface EndConfig {
  readonly self: NodeLife
  readonly hidden: boolean
  readonly keys: KeyPair
  /** 32 fresh random bytes, never used before. */
  readonly nonce: Uint8Array
  /** SHA-256 of the certificate that this end shows on the connection. */
  readonly ownCertificateHash: Uint8Array
  /** SHA-256 of the certificate that the other end showed. */
  readonly peerCertificateHash: Uint8Array
  /** Half of what two clocks may differ by. */
  readonly timestampWindowMs: number
  /**
   * Whether that key may have that name. Asked before this end proves itself, and again at the end, because
   * another handshake may have pinned the name meanwhile. Answers at once, keeps nothing, does not throw.
   */
  readonly trust: (question: TrustQuestion) => TrustAnswer
}

/** Chosen, as barrel does: clocks that are kept by NTP are seconds apart at the very worst. */
export const timestampWindowMsDefault = 30_000
