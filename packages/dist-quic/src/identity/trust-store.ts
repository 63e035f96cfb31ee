/**
 * The keys that this node has pinned: which node may show which key. One file a peer, named by the SHA-256 of
 * the node's name, so that no name can leave the folder or collide with another on any file system.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import {
  type Clock,
  checkNodeName,
  type Disk,
  type Log,
  type NodeName,
  nodeNameProblem,
  silentLog,
} from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import { checkPublicKey, fingerprintOf } from './keys.ts'

export interface TrustStore {
  /** What is known of that key for that name. Keeps nothing. */
  check(node: NodeName, publicKey: Uint8Array): 'pinned' | 'unknown' | 'changed'
  /**
   * Pins the key. The name is taken before this returns, the file is on disk when it resolves; harmless when
   * that key is pinned already. A pin whose file cannot be written is taken back.
   * @throws E_PEER_KEY_CHANGED, E_TRUST_STORE_FULL, E_PEER_KEY_INVALID, E_FILE_UNWRITABLE, E_NODE_NAME_INVALID
   */
  pin(node: NodeName, publicKey: Uint8Array): Promise<void>
  /**
   * Forgets a pin whose file an operator has removed. Call it before dialing, and after `changed`.
   * @throws E_TRUST_STORE_DAMAGED
   */
  refresh(node: NodeName): Promise<void>
  /** The fingerprint of the key pinned for that name. */
  fingerprintOf(node: NodeName): string | undefined
  /** Where the pin of that name is or would be; undefined for a store in memory. */
  pathOf(node: NodeName): string | undefined
  /** The names that a key is pinned for; case and separators of the fingerprint do not matter. */
  findByFingerprint(fingerprint: string): NodeName[]
}

interface Pin {
  readonly node: NodeName
  readonly publicKey: Uint8Array
  readonly fingerprint: string
  /** Settles when the pin is on disk, or is known not to be. */
  readonly written: Promise<void>
}

interface Store {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  readonly folder: string | undefined
  readonly pins: Map<NodeName, Pin>
  isFullLogged: boolean
}

/**
 * Reads all pins of a key folder; a store in memory only where there is no folder.
 * @throws E_TRUST_STORE_DAMAGED
 */
export async function openTrustStore(
  disk: Disk,
  clock: Clock,
  keyDir: string | undefined,
  log: Log = silentLog,
): Promise<TrustStore> {
  const folder = keyDir === undefined ? undefined : join(keyDir, 'trusted')
  const store: Store = { disk, clock, log, folder, pins: new Map(), isFullLogged: false }
  if (folder !== undefined) await load(store, folder)
  return {
    check: (node, publicKey) => check(store, node, publicKey),
    pin: async (node, publicKey) => pin(store, node, publicKey),
    refresh: node => refresh(store, node),
    fingerprintOf: node => store.pins.get(node)?.fingerprint,
    pathOf: node => pathOf(store, node),
    findByFingerprint: fingerprint => findByFingerprint(store, fingerprint),
  }
}

function check(store: Store, node: NodeName, publicKey: Uint8Array): 'pinned' | 'unknown' | 'changed' {
  const known = store.pins.get(node)
  if (known === undefined) return 'unknown'
  return Buffer.from(known.publicKey).equals(publicKey) ? 'pinned' : 'changed'
}

// Nothing is awaited before the name is taken: of two keys for one new name, one is pinned and one refused.
function pin(store: Store, node: NodeName, publicKey: Uint8Array): Promise<void> {
  checkNodeName(node)
  const problem = checkPublicKey(publicKey)
  if (problem !== undefined) throw quicError('E_PEER_KEY_INVALID', { node, problem })
  const fingerprint = fingerprintOf(publicKey)
  const known = store.pins.get(node)
  if (known !== undefined) {
    if (check(store, node, publicKey) === 'pinned') return known.written
    throw quicError('E_PEER_KEY_CHANGED', { node, fingerprint, path: pathOf(store, node) ?? '(in memory)' })
  }
  if (store.pins.size >= limits.pinsMax) throw refuseFull(store, node)
  const kept = Uint8Array.from(publicKey)
  const written = Promise.resolve().then(() => writePin(store, node, kept, fingerprint))
  store.pins.set(node, { node, publicKey: kept, fingerprint, written })
  store.log.info('peer key pinned', { node, fingerprint })
  return written
}

// Said once in the life of a store: strangers decide how often this happens.
function refuseFull(store: Store, node: NodeName): Error {
  const fields = { node, pinsMax: limits.pinsMax, path: store.folder ?? '(in memory)' }
  if (!store.isFullLogged) store.log.warn('trust store full, refusing new peers', fields)
  store.isFullLogged = true
  return quicError('E_TRUST_STORE_FULL', fields)
}

async function writePin(store: Store, node: NodeName, publicKey: Uint8Array, fingerprint: string): Promise<void> {
  const path = pathOf(store, node)
  if (path === undefined) return
  const pinnedAt = new Date(store.clock.wall()).toISOString()
  const content = { node, publicKey: Buffer.from(publicKey).toString('base64'), fingerprint, pinnedAt }
  try {
    await store.disk.replace(path, Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`))
  } catch (error) {
    store.pins.delete(node)
    throw quicError('E_FILE_UNWRITABLE', { path, problem: problemOf(error) }, error)
  }
}

async function refresh(store: Store, node: NodeName): Promise<void> {
  const known = store.pins.get(node)
  const path = pathOf(store, node)
  if (known === undefined || path === undefined) return
  await known.written.catch(() => undefined)
  const bytes = await readPin(store.disk, path)
  if (bytes !== undefined || store.pins.get(node) !== known) return
  store.pins.delete(node)
  store.log.warn('pin forgotten, its file was removed', { node, fingerprint: known.fingerprint })
}

function findByFingerprint(store: Store, fingerprint: string): NodeName[] {
  const bare = (text: string) => text.toLowerCase().replace(/[^0-9a-f]/g, '')
  const wanted = bare(fingerprint)
  return [...store.pins.values()].filter(known => bare(known.fingerprint) === wanted).map(known => known.node)
}

function pathOf(store: Store, node: NodeName): string | undefined {
  return store.folder === undefined ? undefined : join(store.folder, fileNameOf(node))
}

function fileNameOf(node: NodeName): string {
  return `${createHash('sha256').update(node).digest('hex')}.json`
}

async function load(store: Store, folder: string): Promise<void> {
  const names = (await store.disk.list(folder)).filter(name => name.endsWith('.json'))
  if (names.length > limits.pinsMax) {
    throw damaged(folder, `it holds ${names.length} files, more than ${limits.pinsMax}`)
  }
  for (const name of names) {
    const path = join(folder, name)
    const bytes = await readPin(store.disk, path)
    if (bytes === undefined) continue
    const known = parsePin(path, name, bytes)
    store.pins.set(known.node, known)
  }
}

async function readPin(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  try {
    return await disk.read(path, limits.pinFileBytesMax)
  } catch (error) {
    throw damaged(path, problemOf(error), error)
  }
}

// A pin that cannot be read must stop the node: without it, the next stranger would be pinned under that name.
function parsePin(path: string, fileName: string, bytes: Uint8Array): Pin {
  let content: Record<string, unknown> | null
  try {
    content = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw damaged(path, 'it is not JSON', error)
  }
  const { node, publicKey: base64, fingerprint, pinnedAt } = content ?? {}
  if (typeof node !== 'string' || nodeNameProblem(node) !== undefined) throw damaged(path, 'it names no valid node')
  if (fileNameOf(node) !== fileName) throw damaged(path, 'its file name belongs to another node')
  if (typeof base64 !== 'string') throw damaged(path, 'it holds no key')
  const publicKey = new Uint8Array(Buffer.from(base64, 'base64'))
  const problem = checkPublicKey(publicKey)
  if (problem !== undefined) throw damaged(path, `the key is not usable: ${problem}`)
  if (fingerprint !== fingerprintOf(publicKey)) throw damaged(path, 'the fingerprint is not that of the key')
  if (typeof pinnedAt !== 'string' || Number.isNaN(Date.parse(pinnedAt))) throw damaged(path, 'pinnedAt is not a time')
  return { node, publicKey, fingerprint, written: Promise.resolve() }
}

function damaged(path: string, problem: string, cause?: unknown): Error {
  return quicError('E_TRUST_STORE_DAMAGED', { path, problem }, cause)
}
