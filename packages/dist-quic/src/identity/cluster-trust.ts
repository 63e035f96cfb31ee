/** Whether a member certificate lets a peer in: pure, so that both ends of a handshake decide alike. */
import type { NodeName } from '@barrel-actors/runtime'
import { clusterIdOf, decodeMember, isNameUnder, isSignedBy, type SignedMember } from './member-certificate.ts'

/** The clusters whose certificates this node accepts. More than one while a cluster key is replaced. */
export interface ClusterTrust {
  /** Public keys of 32 bytes, by the id of their cluster in hexadecimal. */
  readonly keys: ReadonlyMap<string, Uint8Array>
}

/** The peer that shows a certificate, as its HELLO says. */
export interface CertifiedPeer {
  readonly name: NodeName
  readonly publicKey: Uint8Array
  readonly hidden: boolean
  /** Empty where it shows none. */
  readonly memberCertificate: Uint8Array
}

/** Why a certificate does not let a peer in. `reason` is what the peer is told. */
export interface CertificateRefusal {
  readonly reason:
    | 'no-certificate'
    | 'bad-certificate'
    | 'other-cluster'
    | 'wrong-certificate'
    | 'certificate-too-early'
    | 'certificate-expired'
  readonly problem: string
}

/** Trust in the clusters of those public keys. */
export function clusterTrustOf(publicKeys: readonly Uint8Array[]): ClusterTrust {
  return { keys: new Map(publicKeys.map(key => [hexOf(clusterIdOf(key)), key])) }
}

/**
 * The certificate of that peer, once it holds; otherwise why it does not. `now` is the wall clock in milliseconds;
 * clocks may differ by the tolerance.
 */
export function checkMember(
  { keys }: ClusterTrust,
  peer: CertifiedPeer,
  now: number,
  toleranceMs: number,
): SignedMember | CertificateRefusal {
  if (peer.memberCertificate.length === 0) return refuse('no-certificate', 'it shows none')
  const member = decodeMember(peer.memberCertificate)
  if (typeof member === 'string') return refuse('bad-certificate', member)
  const clusterKey = keys.get(hexOf(member.clusterId))
  if (clusterKey === undefined) return refuse('other-cluster', 'it is of another cluster')
  return (
    wrongFor(member, peer) ??
    untimely(member, now, toleranceMs) ??
    // The dearest check comes last.
    (isSignedBy(member, clusterKey) ? member : refuse('bad-certificate', 'the cluster did not sign it'))
  )
}

export function isRefusal(checked: SignedMember | CertificateRefusal): checked is CertificateRefusal {
  return 'reason' in checked
}

function wrongFor(member: SignedMember, peer: CertifiedPeer): CertificateRefusal | undefined {
  if (!Buffer.from(member.publicKey).equals(peer.publicKey)) return refuse('wrong-certificate', 'it is for another key')
  if ((member.role === 'tool') !== peer.hidden) {
    return refuse('wrong-certificate', `it is for a ${member.role}, and the peer is ${peer.hidden ? '' : 'not '}hidden`)
  }
  const isForName = member.role === 'tool' ? isNameUnder(member.node, peer.name) : member.node === peer.name
  return isForName ? undefined : refuse('wrong-certificate', `it is for ${member.node}`)
}

function untimely(member: SignedMember, now: number, toleranceMs: number): CertificateRefusal | undefined {
  if (now + toleranceMs < member.notBefore) return refuse('certificate-too-early', `it begins ${iso(member.notBefore)}`)
  if (now - toleranceMs >= member.notAfter) return refuse('certificate-expired', `it ended ${iso(member.notAfter)}`)
  return undefined
}

// A Date has a smaller range than a certificate.
function iso(ms: number): string {
  return ms <= 8.64e15 ? new Date(ms).toISOString() : 'at a time far off'
}

function refuse(reason: CertificateRefusal['reason'], problem: string): CertificateRefusal {
  return { reason, problem }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
