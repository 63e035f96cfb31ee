/**
 * A member certificate: a cluster's word that a name belongs to a key. Whoever has the cluster's public key can check
 * it, so a node knows the key of a peer that it has never met. Byte by byte in docs/wire/handshake.md.
 */
import { createHash } from 'node:crypto'
import { type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { copyBytes, readInteger } from './fields.ts'
import { checkPublicKey, type KeyPair, keyBytes, signatureBytes, verifySignature } from './keys.ts'

/** A `tool` is hidden, and may also take names under its own: see {@link isNameUnder}. */
export type MemberRole = 'node' | 'tool'

export interface MemberCertificate {
  /** SHA-256 of the cluster's public key. */
  readonly clusterId: Uint8Array
  readonly node: NodeName
  /** The node's key, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly role: MemberRole
  /** Chosen at random, below 2^53. */
  readonly serial: number
  /** Milliseconds of the wall clock. Of two certificates the younger one has the greater. */
  readonly notBefore: number
  readonly notAfter: number
}

/** A certificate as it came: nothing of it is believed before its signature is. */
export interface SignedMember extends MemberCertificate {
  readonly signed: Uint8Array
  readonly signature: Uint8Array
}

const label = Buffer.from('barrel-actors member certificate v1\0', 'latin1')
/** On the wire. Append only. */
const roleNumber = { node: 1, tool: 2 } as const
const formatVersion = 1
const clusterIdBytes = 32
// Version 1, role 1, cluster id 32, serial 8, not before 8, not after 8, key 32, then the name behind its length.
const offset = { role: 1, clusterId: 2, serial: 34, notBefore: 42, notAfter: 50, publicKey: 58, name: 90 }

/** The id of a cluster: SHA-256 of its public key. */
export function clusterIdOf(publicKey: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(publicKey).digest())
}

/** The certificate, signed with the key of its cluster. */
export function signMember(cluster: KeyPair, member: Omit<MemberCertificate, 'clusterId'>): Uint8Array {
  const body = bodyOf({ ...member, clusterId: clusterIdOf(cluster.publicKey) })
  return Uint8Array.from([...body, ...cluster.sign(Buffer.concat([label, body]))])
}

function bodyOf({ clusterId, node, publicKey, role, serial, notBefore, notAfter }: MemberCertificate): Buffer {
  const body = Buffer.alloc(offset.name + 1 + node.length)
  body[0] = formatVersion
  body[offset.role] = roleNumber[role]
  body.set(clusterId, offset.clusterId)
  body.writeBigUInt64BE(BigInt(serial), offset.serial)
  body.writeBigUInt64BE(BigInt(notBefore), offset.notBefore)
  body.writeBigUInt64BE(BigInt(notAfter), offset.notAfter)
  body.set(publicKey, offset.publicKey)
  body[offset.name] = node.length
  body.write(node, offset.name + 1, 'latin1')
  return body
}

/** The certificate, or what is wrong with its bytes. Its signature is not looked at. Never throws. */
export function decodeMember(bytes: Uint8Array): SignedMember | string {
  if (bytes.length > limits.memberCertificateBytesMax) return 'it is too long'
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const nameLength = view[offset.name]
  if (nameLength === undefined) return 'it is cut short'
  if (view[0] !== formatVersion) return `it has the format ${view[0]}, and this node reads ${formatVersion}`
  const bodyLength = offset.name + 1 + nameLength
  if (view.length !== bodyLength + signatureBytes) return 'it is cut short, or something follows it'
  const role = roleOf(view[offset.role])
  if (role === undefined) return 'it has an unknown role'
  const serial = readInteger(view, offset.serial)
  const notBefore = readInteger(view, offset.notBefore)
  const notAfter = readInteger(view, offset.notAfter)
  if (serial === undefined || notBefore === undefined || notAfter === undefined) return 'a number in it is too large'
  if (notAfter <= notBefore) return 'it ends before it begins'
  const node = view.toString('latin1', offset.name + 1, bodyLength)
  if (nodeNameProblem(node) !== undefined) return 'it is not for a valid node name'
  if (isToolName(node)) return 'it is for a name that only tools take'
  const publicKey = copyBytes(view, offset.publicKey, keyBytes)
  const problem = checkPublicKey(publicKey)
  if (problem !== undefined) return `its key is not usable: ${problem}`
  const clusterId = copyBytes(view, offset.clusterId, clusterIdBytes)
  const signed = Buffer.concat([label, view.subarray(0, bodyLength)])
  const signature = copyBytes(view, bodyLength, signatureBytes)
  return { clusterId, node, publicKey, role, serial, notBefore, notAfter, signed, signature }
}

/** Whether that cluster signed it. */
export function isSignedBy({ signed, signature }: SignedMember, clusterKey: Uint8Array): boolean {
  return verifySignature(clusterKey, signed, signature)
}

const toolMark = '.tool-'

/** A name that a tool takes beside its certified one: `ops.tool-SUFFIX@host` under `ops@host`. */
export function toolNameUnder(certified: NodeName, suffix: string): NodeName {
  const at = certified.indexOf('@')
  return `${certified.slice(0, at)}${toolMark}${suffix}${certified.slice(at)}`
}

/** Whether a tool that is certified for one name may take the other. */
export function isNameUnder(certified: NodeName, name: NodeName): boolean {
  const at = certified.indexOf('@')
  const host = certified.slice(at)
  return name === certified || (name.startsWith(`${certified.slice(0, at)}${toolMark}`) && name.endsWith(host))
}

/** Whether only tools take that name. No certificate is for one, so no tool can take the name of a certified node. */
export function isToolName(node: NodeName): boolean {
  return node.slice(0, node.indexOf('@')).includes(toolMark)
}

function roleOf(number: number | undefined): MemberRole | undefined {
  if (number === roleNumber.node) return 'node'
  return number === roleNumber.tool ? 'tool' : undefined
}
