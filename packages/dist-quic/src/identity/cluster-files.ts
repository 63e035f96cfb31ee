/** The files of a cluster: its key, and member certificates. They are texts, which people may copy and send. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Disk, Entropy, FileReaders } from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import { checkPublicKey, type KeyPair, keyBytes, keyPairOf, privateKeyPem, seedProblem } from './keys.ts'
import { pemOf } from './pem.ts'

/** The path of a file, or what it holds: as bytes, or as a text in PEM. */
export type FileOrBytes = string | Uint8Array

/** A new cluster key, as the text of its file: PKCS #8 in PEM (RFC 8410), which other tools read too. */
export function newClusterKey(entropy: Entropy): string {
  return privateKeyPem(entropy.bytes(keyBytes))
}

/**
 * The cluster key of a file, or of its bytes.
 * @throws E_CLUSTER_KEY_INVALID
 */
export async function readClusterKey(disk: Disk, key: FileOrBytes): Promise<KeyPair> {
  const source = sourceOf(key)
  const fail = (problem: string, cause?: unknown) => quicError('E_CLUSTER_KEY_INVALID', { source, problem }, cause)
  const text = Buffer.from(await bytesOf(disk, key, fail, 'owner')).toString('latin1')
  if (text.includes('PUBLIC KEY')) throw fail('it is a public key')
  let secret: KeyObject
  try {
    secret = createPrivateKey(text)
  } catch (error) {
    throw fail('it is no private key in PEM, or not all of one', error)
  }
  if (secret.asymmetricKeyType !== 'ed25519') throw fail(`it is a key for ${secret.asymmetricKeyType}, not for Ed25519`)
  const { d } = secret.export({ format: 'jwk' })
  const seed = Uint8Array.from(Buffer.from(d as string, 'base64url'))
  const problem = seedProblem(seed)
  if (problem !== undefined) throw fail(problem)
  return keyPairOf(seed)
}

/** The public half of a cluster key as people write it: base64 of its 32 bytes. */
export function publicKeyText(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString('base64')
}

/** The key that somebody gave as bytes, in base64 or in PEM. @throws E_QUIC_OPTION_INVALID */
export function readPublicKey(given: string | Uint8Array): Uint8Array {
  const bytes = typeof given === 'string' ? publicKeyFromText(given) : Uint8Array.from(given)
  const problem = checkPublicKey(bytes)
  if (problem !== undefined)
    throw invalid('clusterKeys', `each is the public key of a cluster; of one of them, ${problem}`)
  return bytes
}

function publicKeyFromText(text: string): Uint8Array {
  if (!text.includes('-----BEGIN PUBLIC KEY-----')) return Uint8Array.from(Buffer.from(text, 'base64'))
  try {
    const key = createPublicKey(text)
    if (key.asymmetricKeyType !== 'ed25519') return new Uint8Array(0)
    const { x } = key.export({ format: 'jwk' })
    return Uint8Array.from(Buffer.from(x ?? '', 'base64url'))
  } catch {
    return new Uint8Array(0)
  }
}

const certificateMark = 'BARREL ACTORS MEMBER CERTIFICATE'
const certificatePattern = new RegExp(
  `-----BEGIN ${certificateMark}-----([A-Za-z0-9+/=\\s]+)-----END ${certificateMark}-----`,
)

/** A member certificate as the text of its file. */
export function certificateText(bytes: Uint8Array): string {
  return pemOf(certificateMark, bytes)
}

/** @throws E_CLUSTER_CERTIFICATE_INVALID */
export async function readCertificate(disk: Disk, certificate: FileOrBytes): Promise<Uint8Array> {
  const source = sourceOf(certificate)
  const fail = (problem: string, cause?: unknown) => badCertificate(source, problem, cause)
  const text = Buffer.from(await bytesOf(disk, certificate, fail)).toString('latin1')
  const body = certificatePattern.exec(text)?.[1]
  if (body === undefined) throw fail('it is not all of a member certificate')
  return Uint8Array.from(Buffer.from(body, 'base64'))
}

type Fail = (problem: string, cause?: unknown) => Error

async function bytesOf(disk: Disk, given: FileOrBytes, fail: Fail, readers?: FileReaders): Promise<Uint8Array> {
  if (typeof given !== 'string' || isContent(given)) {
    if (given.length > limits.clusterFileBytesMax) throw fail(`it has more than ${limits.clusterFileBytesMax} bytes`)
    return Buffer.from(given)
  }
  let bytes: Uint8Array | undefined
  try {
    bytes = await disk.read(given, limits.clusterFileBytesMax, readers)
  } catch (error) {
    throw fail(problemOf(error), error)
  }
  if (bytes === undefined) throw fail('the file is missing')
  return bytes
}

// Who takes a variable of the environment for a path must not see a secret in an error.
function isContent(given: string): boolean {
  return given.includes('-----BEGIN') || given.includes('\n')
}

/** How errors name it. */
export function sourceOf(given: FileOrBytes): string {
  return typeof given === 'string' && !isContent(given) ? given : '(given as bytes)'
}

export function badCertificate(source: string, problem: string, cause?: unknown): Error {
  return quicError('E_CLUSTER_CERTIFICATE_INVALID', { source, problem }, cause)
}

function invalid(option: string, rule: string): Error {
  return quicError('E_QUIC_OPTION_INVALID', { option, rule })
}
