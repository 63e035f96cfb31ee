/** The application's own word on who is let in, after the proof. */
import type { NodeName } from '@barrel-actors/runtime'
import { problemOf } from '../errors.ts'
import type { HandshakeResult } from '../handshake/state.ts'

/** Who has proved to be there, for the application to decide on. */
export interface AuthQuestion {
  readonly name: NodeName
  /** 32 bytes; undefined for a probe, which has only the cookie. */
  readonly publicKey: Uint8Array | undefined
  readonly fingerprint: string | undefined
  readonly hidden: boolean
  readonly role: HandshakeResult['role']
  /** Whether this node dialed. */
  readonly dialed: boolean
  /** The peer's IP address and UDP port. */
  readonly address: { readonly host: string; readonly port: number }
}

/**
 * Lets the node in by answering true; every other answer, a throw, and none before the deadline of the handshake keep
 * it out. Not called for keys that trust refuses.
 */
export type AuthCallback = (question: AuthQuestion) => boolean | Promise<boolean>

export interface Verdict {
  readonly accepted: boolean
  readonly problem?: string
}

/** Never rejects. */
export async function askCallback(
  callback: AuthCallback,
  { peer, publicKey, fingerprint, hidden, role }: HandshakeResult,
  { dialed, address }: Pick<AuthQuestion, 'dialed' | 'address'>,
): Promise<Verdict> {
  // A copy: what the callback does to it must not change what is pinned.
  const key = publicKey === undefined ? undefined : Uint8Array.from(publicKey)
  try {
    const answer: unknown = await callback({
      name: peer.name,
      publicKey: key,
      fingerprint,
      hidden,
      role,
      dialed,
      address,
    })
    return answer === true ? { accepted: true } : { accepted: false, problem: 'authCallback did not answer true' }
  } catch (error) {
    return { accepted: false, problem: `authCallback threw: ${problemOf(error)}` }
  }
}
