/**
 * What each end signs, or a probe authenticates: one hash over everything that was said and over the connection that it was said on.
 * A relay sits between two connections, so its two sides differ in a certificate, and no signature fits both.
 */
import { createHash } from 'node:crypto'
import { frameMessage, handshakeVersion, type Role } from './messages.ts'

export interface Transcript {
  /** The exact bytes of both HELLO messages: names, roles, keys, nonces, times, creations, flags, successions, certificates. */
  readonly dialerHello: Uint8Array
  readonly acceptorHello: Uint8Array
  /** SHA-256 of the certificate that each end shows on this connection. */
  readonly dialerCertificateHash: Uint8Array
  readonly acceptorCertificateHash: Uint8Array
}

// The role stands in the label, so that a signature sent back to its maker proves nothing.
const labels = {
  dialer: Buffer.from('barrel-actors handshake v4 dialer\0', 'latin1'),
  acceptor: Buffer.from('barrel-actors handshake v4 acceptor\0', 'latin1'),
} as const

/** The bytes that the end with that role signs. */
export function signedBytes(role: Role, transcript: Transcript): Uint8Array {
  return Buffer.concat([labels[role], transcriptHash(transcript)])
}

/** SHA-256 over all that both ends must have seen alike. */
export function transcriptHash(transcript: Transcript): Uint8Array {
  return (
    createHash('sha256')
      .update(Buffer.of(handshakeVersion))
      // Framed: where one message ends and the next begins is part of what is signed.
      .update(frameMessage(transcript.dialerHello))
      .update(frameMessage(transcript.acceptorHello))
      .update(transcript.dialerCertificateHash)
      .update(transcript.acceptorCertificateHash)
      .digest()
  )
}
