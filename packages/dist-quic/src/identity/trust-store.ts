/**
 * The keys that this node has pinned: which node may show which key. One file a peer, named by the SHA-256 of
 * the node's name, so that no name can leave the folder or collide with another on any file system.
 */
import { dirname, join } from 'node:path'
import { type Clock, checkNodeName, type Disk, type Log, type NodeName, silentLog } from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import { checkPublicKey, fingerprintOf, keyFilesOf, parseFingerprint } from './keys.ts'
import { type PinnedBy, type PinnedKey, pinPathOf, readPins, readTrustFile, writePin } from './pin-file.ts'
import { openRevokedKeys, type RevokedKey, type RevokedKeys } from './revoked-keys.ts'

export interface TrustStore {
  /** What is known of that key for that name. Keeps nothing. */
  check(node: NodeName, publicKey: Uint8Array): 'pinned' | 'unknown' | 'changed'
  /** The key pinned for that name. */
  keyOf(node: NodeName): Uint8Array | undefined
  /**
   * Whether a member certificate that begins then is younger than what is pinned for that name. Never where an operator
   * pinned the key.
   */
  isOlderThan(node: NodeName, certifiedMs: number): boolean
  /**
   * Pins the key. The name is taken before this returns, the file is on disk when it resolves; harmless when
   * that key is pinned already. A pin whose file cannot be written is taken back. `certifiedMs`: when the member
   * certificate begins that came with the key.
   * @throws E_PEER_KEY_CHANGED, E_PEER_KEY_REVOKED, E_TRUST_STORE_FULL, E_PEER_KEY_INVALID, E_FILE_UNWRITABLE,
   * E_NODE_NAME_INVALID
   */
  pin(node: NodeName, publicKey: Uint8Array, certifiedMs?: number): Promise<void>
  /**
   * Pins the key in place of whatever is pinned; with `from` only in place of that key. After a crash the old pin is
   * there or the new one, and the old one stays where the new one cannot be written.
   * @throws what `pin` throws
   */
  replace(node: NodeName, publicKey: Uint8Array, by: PinnedBy, from?: Uint8Array, certifiedMs?: number): Promise<void>
  /**
   * Gives the name up: in tofu mode the next key that comes with it is believed. Whether there was a pin.
   * @throws E_FILE_UNWRITABLE; the pin stays then
   */
  forget(node: NodeName): Promise<boolean>
  /**
   * Refuses a key for ever, given by its fingerprint or by a name that it is pinned for. Pins stay: a name whose key
   * is revoked is still nobody else's.
   * @throws E_TRUST_NOT_FOUND, E_REVOCATIONS_FULL, E_FILE_UNWRITABLE
   */
  revoke(nodeOrFingerprint: string): Promise<Revoked>
  isRevoked(publicKey: Uint8Array): boolean
  revoked(): RevokedKey[]
  /** Every pin, by name. */
  list(): PinnedKey[]
  /**
   * Forgets a pin whose file an operator has removed, while the folder is there. Call it before dialing, and after
   * `changed`.
   * @throws E_TRUST_STORE_DAMAGED
   */
  refresh(node: NodeName): Promise<void>
  /** The fingerprint of the key pinned for that name. */
  fingerprintOf(node: NodeName): string | undefined
  /** Where the pin of that name is or would be; undefined for a store in memory. */
  pathOf(node: NodeName): string | undefined
  /** The names that a key is pinned for; case and separators of the fingerprint do not matter. */
  findByFingerprint(fingerprint: string): NodeName[]
  /** Resolves when nothing is being written any more, whether or not it could be. */
  settled(): Promise<void>
}

/** What was revoked, and the names that the key is pinned for. */
export interface Revoked {
  readonly fingerprint: string
  readonly nodes: NodeName[]
}

interface Pin extends PinnedKey {
  /** Settles when the pin is on disk, or is known not to be. */
  readonly written: Promise<void>
}

interface Store {
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  readonly folder: string | undefined
  readonly pins: Map<NodeName, Pin>
  /** The same by fingerprint: strangers ask for it. */
  readonly names: Map<string, Set<NodeName>>
  readonly revokedKeys: RevokedKeys
  /** Replacing and forgetting, one after the other. */
  queue: Promise<unknown>
  isFullLogged: boolean
}

/**
 * Reads all pins and the revoked keys of a key folder; a store in memory only where there is no folder.
 * @throws E_TRUST_STORE_DAMAGED
 */
export async function openTrustStore(
  disk: Disk,
  clock: Clock,
  keyDir: string | undefined,
  log: Log = silentLog,
): Promise<TrustStore> {
  const folder = keyDir === undefined ? undefined : join(keyDir, 'trusted')
  const revokedKeys = await openRevokedKeys(disk, clock, keyDir)
  const maps = { pins: new Map(), names: new Map() }
  const store: Store = { disk, clock, log, folder, ...maps, revokedKeys, queue: Promise.resolve(), isFullLogged: false }
  const known = folder === undefined ? [] : await readPins(disk, folder)
  for (const each of known) setPin(store, { ...each, written: Promise.resolve() })
  return {
    check: (node, publicKey) => check(store, node, publicKey),
    keyOf: node => store.pins.get(node)?.publicKey,
    isOlderThan: (node, certifiedMs) => isOlderThan(store.pins.get(node), certifiedMs),
    pin: async (node, publicKey, certifiedMs) => pin(store, node, publicKey, certifiedMs),
    replace: (node, publicKey, by, from, certifiedMs) =>
      queued(store, () => replace(store, describe(store, node, publicKey, by, certifiedMs), from)),
    forget: node => queued(store, () => forget(store, node)),
    revoke: nodeOrFingerprint => revoke(store, nodeOrFingerprint),
    isRevoked: publicKey => revokedKeys.has(fingerprintOf(publicKey)),
    revoked: () => revokedKeys.list(),
    list: () => [...store.pins.values()].map(listed).sort((a, b) => (a.node < b.node ? -1 : 1)),
    refresh: node => refresh(store, node),
    fingerprintOf: node => store.pins.get(node)?.fingerprint,
    pathOf: node => pathOf(store, node),
    findByFingerprint: fingerprint => namesOf(store, parseFingerprint(fingerprint)),
    settled: async () => {
      await Promise.allSettled([store.queue, ...Array.from(store.pins.values(), ({ written }) => written)])
    },
  }
}

function check(store: Store, node: NodeName, publicKey: Uint8Array): 'pinned' | 'unknown' | 'changed' {
  const known = store.pins.get(node)
  if (known === undefined) return 'unknown'
  return isSame(known.publicKey, publicKey) ? 'pinned' : 'changed'
}

// Nothing is awaited before the name is taken: of two keys for one new name, one is pinned and one refused.
function pin(store: Store, node: NodeName, publicKey: Uint8Array, certifiedMs?: number): Promise<void> {
  const fresh = describe(store, node, publicKey, 'first-use', certifiedMs)
  const known = store.pins.get(node)
  if (known === undefined) return take(store, fresh, undefined)
  if (isSame(known.publicKey, publicKey)) return known.written
  throw changed(store, node, fresh.fingerprint)
}

async function replace(store: Store, fresh: PinnedKey, from?: Uint8Array): Promise<void> {
  const { node, publicKey } = fresh
  await store.pins.get(node)?.written.catch(() => undefined)
  const known = store.pins.get(node)
  if (from !== undefined) {
    if (known !== undefined && isSame(known.publicKey, publicKey)) return
    if (known === undefined || !isSame(known.publicKey, from)) throw changed(store, node, fresh.fingerprint)
  }
  // A rotation that the key of an operator's pin has signed is still what the operator meant.
  const isMeant = known?.pinnedBy === 'operator' && fresh.pinnedBy === 'succession'
  await take(store, isMeant ? { ...fresh, pinnedBy: 'operator' } : fresh, known)
}

/** The pin to be, once its parts are checked. Every way into the store goes through here. */
function describe(
  store: Store,
  node: NodeName,
  publicKey: Uint8Array,
  pinnedBy: PinnedBy,
  certifiedMs: number | undefined,
): PinnedKey {
  checkNodeName(node)
  const problem = checkPublicKey(publicKey)
  if (problem !== undefined) throw quicError('E_PEER_KEY_INVALID', { node, problem })
  const fingerprint = fingerprintOf(publicKey)
  if (store.revokedKeys.has(fingerprint)) throw quicError('E_PEER_KEY_REVOKED', { node, fingerprint })
  const pinnedAt = new Date(store.clock.wall()).toISOString()
  const pin = { node, publicKey: Uint8Array.from(publicKey), fingerprint, pinnedAt, pinnedBy }
  return certifiedMs === undefined ? pin : { ...pin, certifiedAt: new Date(certifiedMs).toISOString() }
}

function isOlderThan(pin: Pin | undefined, certifiedMs: number): boolean {
  if (pin === undefined || pin.pinnedBy === 'operator') return false
  return pin.certifiedAt === undefined || Date.parse(pin.certifiedAt) < certifiedMs
}

function take(store: Store, fresh: PinnedKey, before: Pin | undefined): Promise<void> {
  const { node, fingerprint, pinnedBy } = fresh
  if (before === undefined && store.pins.size >= limits.pinsMax) throw refuseFull(store, node)
  const written = Promise.resolve().then(() => keep(store, fresh, before))
  setPin(store, { ...fresh, written })
  store.log.info('peer key pinned', { node, fingerprint, pinnedBy })
  return written
}

async function keep(store: Store, fresh: PinnedKey, before: Pin | undefined): Promise<void> {
  const path = pathOf(store, fresh.node)
  if (path === undefined) return
  try {
    await writePin(store.disk, path, fresh)
  } catch (error) {
    if (before === undefined) dropPin(store, fresh.node)
    else setPin(store, before)
    throw quicError('E_FILE_UNWRITABLE', { path, problem: problemOf(error) }, error)
  }
}

// Said once in the life of a store: strangers decide how often this happens.
function refuseFull(store: Store, node: NodeName): Error {
  const fields = { node, pinsMax: limits.pinsMax, path: store.folder ?? '(in memory)' }
  if (!store.isFullLogged) store.log.warn('trust store full, refusing new peers', fields)
  store.isFullLogged = true
  return quicError('E_TRUST_STORE_FULL', fields)
}

function changed(store: Store, node: NodeName, fingerprint: string): Error {
  return quicError('E_PEER_KEY_CHANGED', { node, fingerprint, path: pathOf(store, node) ?? '(in memory)' })
}

async function forget(store: Store, node: NodeName): Promise<boolean> {
  const known = store.pins.get(node)
  if (known === undefined) return false
  await known.written.catch(() => undefined)
  const path = pathOf(store, node)
  try {
    // The file first: a name that is forgotten and comes back with the next start would surprise everyone.
    if (path !== undefined) await store.disk.remove(path)
  } catch (error) {
    throw quicError('E_FILE_UNWRITABLE', { path, problem: problemOf(error) }, error)
  }
  dropPin(store, node)
  store.log.warn('pin forgotten', { node, fingerprint: known.fingerprint })
  return true
}

async function revoke(store: Store, nodeOrFingerprint: string): Promise<Revoked> {
  const known = store.pins.get(nodeOrFingerprint)
  const fingerprint = known?.fingerprint ?? parseFingerprint(nodeOrFingerprint)
  if (fingerprint === undefined) throw quicError('E_TRUST_NOT_FOUND', { node: String(nodeOrFingerprint) })
  const nodes = namesOf(store, fingerprint)
  store.log.warn('peer key revoked', { fingerprint, nodes })
  await store.revokedKeys.add(fingerprint, known?.node ?? nodes[0])
  return { fingerprint, nodes }
}

async function refresh(store: Store, node: NodeName): Promise<void> {
  const known = store.pins.get(node)
  const path = pathOf(store, node)
  if (known === undefined || path === undefined) return
  await known.written.catch(() => undefined)
  const bytes = await readTrustFile(store.disk, path, limits.pinFileBytesMax)
  if (bytes !== undefined || !(await isFolderThere(store)) || store.pins.get(node) !== known) return
  dropPin(store, node)
  store.log.warn('pin forgotten, its file was removed', { node, fingerprint: known.fingerprint })
}

// A folder that is not mounted looks like one without pins: the node's own key tells them apart.
async function isFolderThere({ disk, folder }: Store): Promise<boolean> {
  if (folder === undefined) return false
  return (await readTrustFile(disk, keyFilesOf(dirname(folder)).open, limits.keyFileBytesMax)) !== undefined
}

function queued<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const done = store.queue.then(work)
  store.queue = done.catch(() => undefined)
  return done
}

function setPin(store: Store, fresh: Pin): void {
  dropPin(store, fresh.node)
  store.pins.set(fresh.node, fresh)
  const names = store.names.get(fresh.fingerprint) ?? new Set()
  store.names.set(fresh.fingerprint, names.add(fresh.node))
}

function dropPin(store: Store, node: NodeName): void {
  const known = store.pins.get(node)
  if (known === undefined) return
  store.pins.delete(node)
  const names = store.names.get(known.fingerprint)
  names?.delete(node)
  if (names?.size === 0) store.names.delete(known.fingerprint)
}

function namesOf(store: Store, fingerprint: string | undefined): NodeName[] {
  return fingerprint === undefined ? [] : [...(store.names.get(fingerprint) ?? [])]
}

function pathOf(store: Store, node: NodeName): string | undefined {
  return store.folder === undefined ? undefined : pinPathOf(store.folder, node)
}

// A copy: who lists the pins cannot change them.
function listed({ written: _, publicKey, ...pin }: Pin): PinnedKey {
  return { ...pin, publicKey: Uint8Array.from(publicKey) }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b)
}
