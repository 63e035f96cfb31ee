/** What a peer shows before anything is said. Whether it is the right peer is for the layer above. */
import { limits } from './limits.ts'
import type { NativeConnection } from './native.ts'

// RFC 9000 20.1: the TLS alerts bad_certificate and certificate_required.
const refusal = { bad: 0x12a, required: 0x174 } as const

/** The DER of its one certificate, or the code to refuse it with. */
export function certificateOf(native: Pick<NativeConnection, 'peerCertChain' | 'isResumed'>): Uint8Array | number {
  const [certificate, ...others] = native.peerCertChain() ?? []
  if (certificate === undefined) return refusal.required
  // A resumed session would show an old certificate that nobody proved to hold now.
  const proper = certificate.length <= limits.certificateBytesMax && others.length === 0 && !native.isResumed()
  return proper ? new Uint8Array(certificate) : refusal.bad
}
