/**
 * The keys that are never believed again, whatever is pinned. One file for all, replaced as a whole: after a crash it
 * holds the old list or the new one.
 */
import { join } from 'node:path'
import { type Clock, type Disk, type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import { parseFingerprint } from './keys.ts'
import { damaged, parseTrustFile, readTrustFile } from './pin-file.ts'

/** One revoked key, as it is listed and kept. */
export interface RevokedKey {
  readonly fingerprint: string
  /** A node that it was pinned for. */
  readonly node?: NodeName
  /** UTC, as ISO 8601. */
  readonly revokedAt: string
}

export interface RevokedKeys {
  has(fingerprint: string): boolean
  list(): RevokedKey[]
  /**
   * Refuses the key from this moment on; it is on disk when this resolves. A key that could not be written stays
   * refused until the node stops.
   * @throws E_REVOCATIONS_FULL, E_FILE_UNWRITABLE
   */
  add(fingerprint: string, node: NodeName | undefined): Promise<void>
}

/**
 * Reads the list; one in memory only where there is no folder.
 * @throws E_TRUST_STORE_DAMAGED
 */
export async function openRevokedKeys(disk: Disk, clock: Clock, keyDir: string | undefined): Promise<RevokedKeys> {
  const path = keyDir === undefined ? undefined : join(keyDir, 'revoked.json')
  const keys = new Map<string, RevokedKey>()
  if (path !== undefined) for (const key of await load(disk, path)) keys.set(key.fingerprint, key)
  let isWritten = true
  let writing: Promise<void> = Promise.resolve()
  return {
    has: fingerprint => keys.has(fingerprint),
    list: () => [...keys.values()],
    async add(fingerprint, node) {
      if (!keys.has(fingerprint)) {
        if (keys.size >= limits.revokedMax) {
          throw quicError('E_REVOCATIONS_FULL', {
            fingerprint,
            revokedMax: limits.revokedMax,
            path: path ?? '(in memory)',
          })
        }
        const revokedAt = new Date(clock.wall()).toISOString()
        keys.set(fingerprint, { fingerprint, ...(node === undefined ? {} : { node }), revokedAt })
        isWritten = false
      }
      if (path === undefined) return
      // One write after the other, each of all that is revoked by then.
      writing = writing
        .catch(() => undefined)
        .then(async () => {
          if (isWritten) return
          isWritten = true
          try {
            await write(disk, path, [...keys.values()])
          } catch (error) {
            isWritten = false
            throw quicError('E_FILE_UNWRITABLE', { path, problem: problemOf(error) }, error)
          }
        })
      await writing
    },
  }
}

function write(disk: Disk, path: string, revoked: RevokedKey[]): Promise<void> {
  return disk.replace(path, Buffer.from(`${JSON.stringify({ revoked }, undefined, 2)}\n`))
}

// A list that cannot be read must stop the node: it would let in a key that somebody has stolen.
async function load(disk: Disk, path: string): Promise<RevokedKey[]> {
  const bytes = await readTrustFile(disk, path, limits.revokedFileBytesMax)
  if (bytes === undefined) return []
  const { revoked } = parseTrustFile(path, bytes)
  if (!Array.isArray(revoked)) throw damaged(path, 'it holds no list')
  if (revoked.length > limits.revokedMax) throw damaged(path, `it holds more than ${limits.revokedMax} keys`)
  return revoked.map(entry => parseEntry(path, entry))
}

function parseEntry(path: string, entry: unknown): RevokedKey {
  const { fingerprint, node, revokedAt } = (entry ?? {}) as Record<string, unknown>
  const parsed = parseFingerprint(fingerprint)
  if (parsed === undefined) throw damaged(path, 'a fingerprint has not 64 hexadecimal digits')
  if (node !== undefined && nodeNameProblem(node) !== undefined) throw damaged(path, 'it names no valid node')
  if (typeof revokedAt !== 'string' || Number.isNaN(Date.parse(revokedAt)))
    throw damaged(path, 'revokedAt is not a time')
  return { fingerprint: parsed, ...(node === undefined ? {} : { node: node as NodeName }), revokedAt }
}
