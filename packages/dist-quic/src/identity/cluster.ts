/** What the options say of this node's cluster: whose certificates it accepts, and where it gets its own. */
import type { Clock, Disk, Entropy, Log, NodeName } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import {
  badCertificate,
  type FileOrBytes,
  readCertificate,
  readClusterKey,
  readPublicKey,
  sourceOf,
} from './cluster-files.ts'
import { type ClusterTrust, checkMember, clusterTrustOf, isRefusal } from './cluster-trust.ts'
import type { KeyPair } from './keys.ts'
import { signMember } from './member-certificate.ts'

export interface ClusterOptions {
  readonly clusterKey: FileOrBytes | undefined
  readonly clusterKeys: readonly (string | Uint8Array)[]
  readonly clusterCertificate: FileOrBytes | undefined
}

/** Who this node is to its cluster. */
export interface ThisNode {
  readonly node: NodeName
  readonly hidden: boolean
  /** Half of what the clocks of two nodes may differ by, in milliseconds. */
  readonly timestampWindowMs: number
}

export interface Cluster {
  readonly trust: ClusterTrust
  /** The certificate to show with that key now. Made anew in time where this node has the cluster key. */
  certificateFor(keys: KeyPair): Uint8Array
  /** Whether a new key of this node gets a certificate by itself. */
  readonly canSign: boolean
}

/** What reading the options of a cluster needs. */
export interface ClusterSeams {
  readonly disk: Disk
  readonly clock: Clock
  readonly entropy: Entropy
  readonly log: Log
}

/**
 * The cluster that the options name; undefined where they name none.
 * @throws E_CLUSTER_KEY_INVALID, E_CLUSTER_CERTIFICATE_INVALID, E_QUIC_OPTION_INVALID
 */
export async function openCluster(
  { clusterKey, clusterKeys, clusterCertificate }: ClusterOptions,
  self: ThisNode,
  seams: ClusterSeams,
): Promise<Cluster | undefined> {
  const accepted = clusterKeys.map(readPublicKey)
  if (clusterKey !== undefined) {
    if (clusterCertificate !== undefined)
      throw invalid('clusterCertificate', 'it is not given together with clusterKey')
    const keys = await readClusterKey(seams.disk, clusterKey)
    return new SigningCluster(keys, clusterTrustOf([keys.publicKey, ...accepted]), self, seams)
  }
  if (clusterCertificate !== undefined) {
    if (accepted.length === 0)
      throw invalid('clusterKeys', 'with clusterCertificate, it lists the public key of the cluster')
    const bytes = await readCertificate(seams.disk, clusterCertificate)
    return new CertifiedNode(bytes, sourceOf(clusterCertificate), clusterTrustOf(accepted), self, seams)
  }
  if (accepted.length > 0) throw invalid('clusterKeys', 'it is given together with clusterKey or clusterCertificate')
  return undefined
}

/** A node that has the cluster key, and signs for itself. */
class SigningCluster implements Cluster {
  readonly trust: ClusterTrust
  readonly canSign = true
  readonly #cluster: KeyPair
  readonly #self: ThisNode
  readonly #seams: ClusterSeams
  #last: { readonly bytes: Uint8Array; readonly key: string; readonly madeMs: number } | undefined

  constructor(cluster: KeyPair, trust: ClusterTrust, self: ThisNode, seams: ClusterSeams) {
    this.#cluster = cluster
    this.trust = trust
    this.#self = self
    this.#seams = seams
  }

  certificateFor({ publicKey, fingerprint }: KeyPair): Uint8Array {
    const now = this.#seams.clock.wall()
    if (this.#last?.key === fingerprint && this.#isFresh(this.#last.madeMs, now)) return this.#last.bytes
    const { node, hidden } = this.#self
    const role = hidden ? 'tool' : 'node'
    const notBefore = Math.max(0, Math.floor(now))
    const time = { notBefore, notAfter: notBefore + limits.memberCertificateMs }
    const bytes = signMember(this.#cluster, { node, publicKey, role, serial: serialOf(this.#seams.entropy), ...time })
    this.#last = { bytes, key: fingerprint, madeMs: now }
    return bytes
  }

  // Nor one that was made before the clock stepped back.
  #isFresh(madeMs: number, now: number): boolean {
    return now >= madeMs && now - madeMs < limits.memberCertificateMs / 3
  }
}

/** A node whose certificate was signed elsewhere. */
class CertifiedNode implements Cluster {
  readonly trust: ClusterTrust
  readonly canSign = false
  readonly #bytes: Uint8Array
  readonly #source: string
  readonly #self: ThisNode
  readonly #seams: ClusterSeams
  #warnedMs = Number.NEGATIVE_INFINITY
  /** The key that it was checked for, and when it ends. */
  #checked: { readonly key: string; readonly notAfter: number } | undefined

  constructor(bytes: Uint8Array, source: string, trust: ClusterTrust, self: ThisNode, seams: ClusterSeams) {
    this.#bytes = bytes
    this.#source = source
    this.trust = trust
    this.#self = self
    this.#seams = seams
  }

  /** @throws E_CLUSTER_CERTIFICATE_INVALID, the first time that a key is asked about */
  certificateFor(keys: KeyPair): Uint8Array {
    if (this.#checked?.key !== keys.fingerprint) this.#checked = this.#check(keys)
    this.#warnBefore(this.#checked.notAfter)
    return this.#bytes
  }

  // Peers would say no more than that they refuse it.
  #check({ publicKey, fingerprint }: KeyPair): { key: string; notAfter: number } {
    const { node: name, hidden, timestampWindowMs } = this.#self
    const peer = { name, publicKey, hidden, memberCertificate: this.#bytes }
    const checked = checkMember(this.trust, peer, this.#seams.clock.wall(), 2 * timestampWindowMs)
    if (isRefusal(checked)) throw badCertificate(this.#source, checked.problem)
    return { key: fingerprint, notAfter: checked.notAfter }
  }

  #warnBefore(notAfter: number): void {
    const { clock, log } = this.#seams
    const now = clock.wall()
    if (notAfter - now > warnBeforeMs || now - this.#warnedMs < dayMs) return
    this.#warnedMs = now
    log.warn('member certificate ends soon; have a new one signed', { ends: new Date(notAfter).toISOString() })
  }
}

const dayMs = 86_400_000
const warnBeforeMs = 7 * dayMs

/** Below 2^53, so that a number holds it. */
export function serialOf(entropy: Entropy): number {
  return Number(Buffer.from(entropy.bytes(8)).readBigUInt64BE() >> 11n)
}

function invalid(option: string, rule: string): Error {
  return quicError('E_QUIC_OPTION_INVALID', { option, rule })
}
