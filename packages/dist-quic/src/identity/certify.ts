/** Signs the certificate of a member that does not have the cluster key itself: `barrel-actors cluster sign`. */
import { type Clock, checkNodeName, type Entropy, type NodeName } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import { serialOf } from './cluster.ts'
import { certificateText } from './cluster-files.ts'
import { checkPublicKey, type KeyPair } from './keys.ts'
import { isToolName, type MemberRole, signMember } from './member-certificate.ts'

/** Who is to be certified, and for how long. */
export interface MemberRequest {
  readonly node: NodeName
  /** The key that the node shows, 32 bytes: its file `node.pub`. */
  readonly publicKey: Uint8Array
  readonly role: MemberRole
  /** From now on, in milliseconds. */
  readonly durationMs: number
}

/**
 * The text of the certificate file.
 * @throws E_NODE_NAME_INVALID, E_PEER_KEY_INVALID
 */
export function certifyMember(
  cluster: KeyPair,
  { node, publicKey, role, durationMs }: MemberRequest,
  { clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy },
): string {
  checkNodeName(node)
  const problem = isToolName(node) ? 'it is for a name that only tools take' : checkPublicKey(publicKey)
  if (problem !== undefined) throw quicError('E_PEER_KEY_INVALID', { node, problem })
  const notBefore = Math.floor(clock.wall())
  const time = { notBefore, notAfter: notBefore + durationMs }
  return certificateText(signMember(cluster, { node, publicKey, role, serial: serialOf(entropy), ...time }))
}
