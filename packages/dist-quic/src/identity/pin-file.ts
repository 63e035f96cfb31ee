/** The file of one pin: JSON that people can read, named by the hash of the node's name. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Disk, type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import { checkPublicKey, fingerprintOf } from './keys.ts'

/** What pinned a key: the first handshake, an operator, the key that it replaced, or a younger member certificate. */
export type PinnedBy = 'first-use' | 'operator' | 'succession' | 'certificate'

/** One pinned key, as it is listed and kept. */
export interface PinnedKey {
  readonly node: NodeName
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly fingerprint: string
  /** UTC, as ISO 8601. */
  readonly pinnedAt: string
  readonly pinnedBy: PinnedBy
  /** When the member certificate began that came with it, as ISO 8601; absent where there was none. */
  readonly certifiedAt?: string
}

const pinners: readonly unknown[] = ['first-use', 'operator', 'succession', 'certificate'] satisfies PinnedBy[]

/** Where the pin of that name is, or would be. No name can leave the folder or collide with another. */
export function pinPathOf(folder: string, node: NodeName): string {
  return join(folder, fileNameOf(node))
}

/** @throws the disk's own error */
export async function writePin(disk: Disk, path: string, { publicKey, ...rest }: PinnedKey): Promise<void> {
  const { node, ...others } = rest
  const content = { node, publicKey: Buffer.from(publicKey).toString('base64'), ...others }
  await disk.replace(path, Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`))
}

/**
 * Every pin of a folder.
 * @throws E_TRUST_STORE_DAMAGED
 */
export async function readPins(disk: Disk, folder: string): Promise<PinnedKey[]> {
  const names = (await disk.list(folder)).filter(name => name.endsWith('.json'))
  if (names.length > limits.pinsMax) {
    throw damaged(folder, `it holds ${names.length} files, more than ${limits.pinsMax}`)
  }
  const pins: PinnedKey[] = []
  for (const name of names) {
    const path = join(folder, name)
    const bytes = await readTrustFile(disk, path, limits.pinFileBytesMax)
    if (bytes !== undefined) pins.push(parsePin(path, name, bytes))
  }
  return pins
}

/** @throws E_TRUST_STORE_DAMAGED where the file is there and cannot be read */
export async function readTrustFile(disk: Disk, path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    return await disk.read(path, bytesMax)
  } catch (error) {
    throw damaged(path, problemOf(error), error)
  }
}

/** The object that a file of the trust store holds. Throws E_TRUST_STORE_DAMAGED. */
export function parseTrustFile(path: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    return (JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown> | null) ?? {}
  } catch (error) {
    throw damaged(path, 'it is not JSON', error)
  }
}

export function damaged(path: string, problem: string, cause?: unknown): Error {
  return quicError('E_TRUST_STORE_DAMAGED', { path, problem }, cause)
}

// A pin that cannot be read must stop the node: without it, the next stranger would be pinned under that name.
function parsePin(path: string, fileName: string, bytes: Uint8Array): PinnedKey {
  const { node, publicKey: base64, fingerprint, pinnedAt, pinnedBy, certifiedAt } = parseTrustFile(path, bytes)
  if (typeof node !== 'string' || nodeNameProblem(node) !== undefined) throw damaged(path, 'it names no valid node')
  if (fileNameOf(node) !== fileName) throw damaged(path, 'its file name belongs to another node')
  if (typeof base64 !== 'string') throw damaged(path, 'it holds no key')
  const publicKey = new Uint8Array(Buffer.from(base64, 'base64'))
  const problem = checkPublicKey(publicKey)
  if (problem !== undefined) throw damaged(path, `the key is not usable: ${problem}`)
  if (fingerprint !== fingerprintOf(publicKey)) throw damaged(path, 'the fingerprint is not that of the key')
  if (!isTime(pinnedAt)) throw damaged(path, 'pinnedAt is not a time')
  if (!pinners.includes(pinnedBy)) throw damaged(path, `pinnedBy is none of ${pinners.join(', ')}`)
  const pin = { node, publicKey, fingerprint, pinnedAt, pinnedBy: pinnedBy as PinnedBy }
  if (certifiedAt === undefined) return pin
  if (!isTime(certifiedAt)) throw damaged(path, 'certifiedAt is not a time')
  return { ...pin, certifiedAt }
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

function fileNameOf(node: NodeName): string {
  return `${createHash('sha256').update(node).digest('hex')}.json`
}
