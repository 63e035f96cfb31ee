/**
 * The node's Ed25519 identity: what it signs with, and which public keys are fit to be believed.
 *
 * A fingerprint is the SHA-256 of the public key in lower-case hex, sixteen groups of four joined by colons,
 * short enough a group to be read aloud and compared.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { join } from 'node:path'
import type { Disk, Entropy, FileReaders } from '@barrel-actors/runtime'
import { ed25519 } from '@noble/curves/ed25519.js'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'

/** The node's own key. The secret half stays inside. */
export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  readonly fingerprint: string
  /** 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array
}

export const keyBytes = 32
export const signatureBytes = 64
// RFC 8410: what stands before the 32 raw bytes in the two DER forms that node:crypto reads.
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * The key pair of a folder, made on first use; a pair that lives in memory only where there is no folder.
 * @throws E_KEY_UNREADABLE, E_KEY_INVALID, E_KEY_MISMATCH, E_FILE_UNWRITABLE
 */
export async function loadOrCreateKeys(disk: Disk, entropy: Entropy, keyDir: string | undefined): Promise<KeyPair> {
  if (keyDir === undefined) return keyPairOf(entropy.bytes(keyBytes))
  const files = keyFilesOf(keyDir)
  if ((await isEmpty(disk, files.secret)) && (await isEmpty(disk, files.open))) {
    // The secret half first: a crash after it leaves a pair that loading completes.
    await write(disk, files.secret, entropy.bytes(keyBytes), 0o600)
  }
  // What was just written is read back, so that a disk that lies is found out before a peer pins the key.
  return loadKeys(disk, files.secret, files.open)
}

/** Where a folder has the two halves of its pair. */
export function keyFilesOf(keyDir: string): { readonly secret: string; readonly open: string } {
  return { secret: join(keyDir, 'node.key'), open: join(keyDir, 'node.pub') }
}

/** What makes a public key unfit to be believed, or undefined where nothing does. */
export function checkPublicKey(bytes: Uint8Array): string | undefined {
  if (bytes.length !== keyBytes) return `it has ${bytes.length} bytes in place of ${keyBytes}`
  if (isAllZero(bytes)) return 'it is all zeros'
  try {
    // node:crypto believes keys of small order, for which anyone can make signatures, and keys that are spelled
    // in a second way. RFC 8032 decoding (zip215 false) refuses the spellings, and the order is asked for.
    const point = ed25519.Point.fromBytes(Uint8Array.from(bytes), false)
    return point.isSmallOrder() ? 'it is a point of small order' : undefined
  } catch {
    return 'it is not the canonical form of a point'
  }
}

/** Whether the key made that signature. The key must have passed {@link checkPublicKey}; never throws. */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== keyBytes || signature.length !== signatureBytes) return false
  try {
    return verify(null, message, readPublicKey(publicKey), signature)
  } catch {
    return false
  }
}

/** The fingerprint of a public key, in the form that this file's header describes. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return fingerprintOfHash(createHash('sha256').update(publicKey).digest())
}

/** The same form for a SHA-256 that is known already. */
export function fingerprintOfHash(hash: Uint8Array): string {
  return (Buffer.from(hash).toString('hex').match(/.{4}/g) as string[]).join(':')
}

/** The fingerprint that somebody wrote, in our form, whatever its case and its separators; undefined where it is none. */
export function parseFingerprint(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  const bare = text.toLowerCase().replace(/[\s:.-]/g, '')
  return /^[0-9a-f]{64}$/.test(bare) ? (bare.match(/.{4}/g) as string[]).join(':') : undefined
}

async function loadKeys(disk: Disk, path: string, publicPath: string): Promise<KeyPair> {
  const seed = await read(disk, path, 'owner')
  const stored = await read(disk, publicPath)
  if (seed === undefined) throw quicError('E_KEY_MISMATCH', { path, publicPath, problem: `${path} is missing` })
  const problem = seedProblem(seed)
  if (problem !== undefined) throw quicError('E_KEY_INVALID', { path, problem })
  const keys = keyPairOf(seed)
  if (stored === undefined) {
    await write(disk, publicPath, keys.publicKey, 0o644)
  } else if (!Buffer.from(stored).equals(keys.publicKey)) {
    const found = checkPublicKey(stored) ?? 'the public key is that of another private key'
    throw quicError('E_KEY_MISMATCH', { path, publicPath, problem: found })
  }
  return keys
}

/** What makes 32 bytes unfit to be a private key, or undefined where nothing does. */
export function seedProblem(seed: Uint8Array): string | undefined {
  if (seed.length !== keyBytes) return `it has ${seed.length} bytes in place of ${keyBytes}`
  // What some file systems leave of a file that was cut short by a crash.
  return isAllZero(seed) ? 'it is all zeros' : undefined
}

/** A private key of 32 bytes as PKCS #8 in PEM, which other tools read too (RFC 8410). */
export function privateKeyPem(seed: Uint8Array): string {
  return privateKeyOf(seed).export({ format: 'pem', type: 'pkcs8' }) as string
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privateKeyPrefix, seed]), format: 'der', type: 'pkcs8' })
}

/** The pair of a private key of 32 bytes. */
export function keyPairOf(seed: Uint8Array): KeyPair {
  const secret = privateKeyOf(seed)
  const der = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  const publicKey = new Uint8Array(der.subarray(publicKeyPrefix.length))
  return {
    publicKey,
    fingerprint: fingerprintOf(publicKey),
    sign: bytes => new Uint8Array(sign(null, bytes, secret)),
  }
}

function readPublicKey(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([publicKeyPrefix, bytes]), format: 'der', type: 'spki' })
}

function isAllZero(bytes: Uint8Array): boolean {
  return bytes.every(byte => byte === 0)
}

async function isEmpty(disk: Disk, path: string): Promise<boolean> {
  return (await read(disk, path)) === undefined
}

async function read(disk: Disk, path: string, readers?: FileReaders): Promise<Uint8Array | undefined> {
  try {
    return await disk.read(path, limits.keyFileBytesMax, readers)
  } catch (error) {
    throw quicError('E_KEY_UNREADABLE', { path, problem: problemOf(error) }, error)
  }
}

async function write(disk: Disk, path: string, bytes: Uint8Array, mode: number): Promise<void> {
  try {
    await disk.replace(path, bytes, mode)
  } catch (error) {
    throw quicError('E_FILE_UNWRITABLE', { path, problem: problemOf(error) }, error)
  }
}
