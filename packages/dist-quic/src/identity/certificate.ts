/**
 * The TLS certificate that the node shows on every connection. Nobody trusts it by itself: the handshake signs
 * its hash with the node's Ed25519 key. It may therefore be lost or replaced at any start.
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { type Clock, type Disk, type Entropy, type Log, silentLog } from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'

export interface Certificate {
  readonly certificatePem: string
  readonly privateKeyPem: string
  /** SHA-256 of the certificate's DER: what the handshake binds to. */
  readonly hash: Uint8Array
}

/**
 * The certificate of a folder, made on first use and again when it has expired; one that lives in memory only
 * where there is no folder.
 * @throws E_CERTIFICATE_INVALID, E_FILE_UNWRITABLE
 */
export async function loadOrCreateCertificate(
  disk: Disk,
  entropy: Entropy,
  clock: Clock,
  certDir: string | undefined,
  log: Log = silentLog,
): Promise<Certificate> {
  if (certDir === undefined) return makeCertificate(entropy, clock)
  const path = join(certDir, 'node.pem')
  const bytes = await read(disk, path)
  if (bytes !== undefined) {
    const { certificate, expiresMs } = parse(path, bytes)
    if (expiresMs > clock.wall()) return certificate
    log.warn('certificate expired, making a new one', { path, expired: new Date(expiresMs).toISOString() })
  }
  const made = await makeCertificate(entropy, clock)
  await writeCertificate(disk, certDir, made)
  return made
}

/**
 * Keeps a certificate in place of the one in that folder.
 * @throws E_FILE_UNWRITABLE
 */
export function writeCertificate(disk: Disk, certDir: string, made: Certificate): Promise<void> {
  // One file for both, so that no crash can leave a certificate with the key of another.
  return write(disk, join(certDir, 'node.pem'), Buffer.from(made.privateKeyPem + made.certificatePem))
}

/** A new certificate with a new key, kept nowhere. */
export async function makeCertificate(entropy: Entropy, clock: Clock): Promise<Certificate> {
  const { makeSelfSigned } = await import('./self-signed.ts')
  return makeSelfSigned(entropy, clock.wall())
}

function parse(path: string, bytes: Uint8Array): { certificate: Certificate; expiresMs: number } {
  const text = Buffer.from(bytes).toString('latin1')
  const certificatePem = pemBlock(text, 'CERTIFICATE')
  const privateKeyPem = pemBlock(text, 'PRIVATE KEY')
  const invalid = (problem: string, cause?: unknown) => quicError('E_CERTIFICATE_INVALID', { path, problem }, cause)
  if (certificatePem === undefined) throw invalid('it holds no certificate')
  if (privateKeyPem === undefined) throw invalid('it holds no private key')
  let x509: X509Certificate
  let belong: boolean
  try {
    x509 = new X509Certificate(certificatePem)
    belong = x509.checkPrivateKey(createPrivateKey(privateKeyPem))
  } catch (error) {
    throw invalid(problemOf(error), error)
  }
  if (!belong) throw invalid('the certificate and the private key do not belong together')
  const expiresMs = Date.parse(x509.validTo)
  if (Number.isNaN(expiresMs)) throw invalid('its dates cannot be read')
  const hash = new Uint8Array(createHash('sha256').update(x509.raw).digest())
  return { certificate: { certificatePem, privateKeyPem, hash }, expiresMs }
}

function pemBlock(text: string, label: string): string | undefined {
  const start = text.indexOf(`-----BEGIN ${label}-----`)
  const endMark = `-----END ${label}-----`
  const end = text.indexOf(endMark, start)
  return start < 0 || end < 0 ? undefined : `${text.slice(start, end + endMark.length)}\n`
}

async function read(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  try {
    return await disk.read(path, limits.certificateFileBytesMax)
  } catch (error) {
    throw quicError('E_CERTIFICATE_INVALID', { path, problem: problemOf(error) }, error)
  }
}

async function write(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await disk.replace(path, bytes, 0o600)
  } catch (error) {
    throw quicError('E_FILE_UNWRITABLE', { path, problem: problemOf(error) }, error)
  }
}
