import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, type Log, silentLog, systemDisk, systemEntropy } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { memoryDisk } from '../../test/memory-disk.ts'
import { type Certificate, loadOrCreateCertificate } from './certificate.ts'

const dayMs = 86_400_000
const start = Date.UTC(2030, 0, 15, 12)
const path = join('certs', 'node.pem')

const clockAt = (wallMs: number): Clock => ({
  now: () => 0,
  wall: () => wallMs,
  setTimer: () => ({ cancel() {}, keepAlive() {} }),
})
const make = (wallMs = start) => loadOrCreateCertificate(memoryDisk(), systemEntropy, clockAt(wallMs), undefined)
const load = (disk: ReturnType<typeof memoryDisk>, wallMs = start, log: Log = silentLog) =>
  loadOrCreateCertificate(disk, systemEntropy, clockAt(wallMs), 'certs', log)
const read = (certificate: Certificate) => new X509Certificate(certificate.certificatePem)

test('a certificate is self-signed, names no node, and is not that of an authority', async () => {
  const x509 = read(await make())
  expect(x509.subject).toBe('CN=barrel-actors')
  expect(x509.issuer).toBe('CN=barrel-actors')
  expect(x509.verify(x509.publicKey)).toBe(true)
  expect(x509.ca).toBe(false)
  expect(x509.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
  // The extended key usages: server and client authentication.
  expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
})

test('it is good from a day ago and for ten years', async () => {
  const x509 = read(await make())
  expect(Date.parse(x509.validFrom)).toBe(start - dayMs)
  expect(Date.parse(x509.validTo)).toBe(Date.UTC(2040, 0, 15, 12))
})

test('its end is right when it lies after 2049, where another encoding of time begins', async () => {
  const x509 = read(await make(Date.UTC(2045, 5, 1)))
  expect(Date.parse(x509.validTo)).toBe(Date.UTC(2055, 5, 1))
})

test('the hash is that of the certificate as it goes over the wire', async () => {
  const made = await make()
  expect(Buffer.from(made.hash)).toEqual(createHash('sha256').update(read(made).raw).digest())
})

test('serial numbers are positive, of 127 bits, and differ, whatever the random bytes are', async () => {
  const serials = new Set<string>()
  for (const fill of [0x00, 0x7f, 0x80, 0xff]) {
    const entropy = { bytes: (length: number) => new Uint8Array(length).fill(fill) }
    const x509 = read(await loadOrCreateCertificate(memoryDisk(), entropy, clockAt(start), undefined))
    expect(x509.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/)
    serials.add(x509.serialNumber)
  }
  serials.add(read(await make()).serialNumber)
  expect(serials.size).toBeGreaterThanOrEqual(3)
})

test('certificate and key are kept in one file that only its owner can read', async () => {
  const disk = memoryDisk()
  const made = await load(disk)
  expect(disk.written).toEqual([path])
  expect(disk.modes.get(path)).toBe(0o600)
  expect(await load(disk)).toEqual(made)
  expect(disk.written).toHaveLength(1)
})

test('an expired certificate is replaced, with a warning', async () => {
  const disk = memoryDisk()
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: event => void warnings.push(event) }
  const old = await load(disk)
  const later = start + 11 * 365 * dayMs
  const renewed = await load(disk, later, log)
  expect(warnings).toEqual(['certificate expired, making a new one'])
  expect(renewed.hash).not.toEqual(old.hash)
  expect(await load(disk, later)).toEqual(renewed)
})

test('a file that is damaged, unreadable, or holds halves of two pairs is refused by name', async () => {
  const disk = memoryDisk()
  const one = await load(disk)
  const other = await make()
  const wrong = ['', 'garbage', one.certificatePem, one.privateKeyPem, one.certificatePem + other.privateKeyPem]
  const cut = one.privateKeyPem + one.certificatePem.replace(/[A-Za-z0-9+/]{40}/, 'AAAA')
  for (const content of [...wrong, cut, 'x'.repeat(100_000)]) {
    disk.files.set(path, Buffer.from(content))
    await expect(load(disk)).rejects.toMatchObject({ code: 'E_CERTIFICATE_INVALID', fields: { path } })
  }
  disk.unreadable.add(path)
  await expect(load(disk)).rejects.toMatchObject({ code: 'E_CERTIFICATE_INVALID', fields: { path } })
  expect(disk.written).toHaveLength(1)
})

test('a certificate that cannot be written stops the node', async () => {
  const disk = memoryDisk()
  disk.writesLeft = 0
  await expect(load(disk)).rejects.toMatchObject({ code: 'E_FILE_UNWRITABLE', fields: { path } })
  expect(disk.files.size).toBe(0)
})

const noOpenssl = spawnSync('openssl', ['version']).status !== 0
const why = noOpenssl ? ' (skipped: there is no openssl on this machine)' : ''

test.skipIf(noOpenssl)(`openssl reads the file, its dates and its key, and verifies it${why}`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-certificate-'))
  try {
    for (const wallMs of [start, Date.UTC(2045, 5, 1)]) {
      await systemDisk.remove(join(folder, 'node.pem'))
      await loadOrCreateCertificate(systemDisk, systemEntropy, clockAt(wallMs), folder)
      checkWithOpenssl(join(folder, 'node.pem'), wallMs)
    }
    if (process.platform !== 'win32') expect((await stat(join(folder, 'node.pem'))).mode & 0o777).toBe(0o600)
  } finally {
    await rm(folder, { recursive: true })
  }
})

function checkWithOpenssl(file: string, wallMs: number): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' })
  const text = openssl('x509', '-in', file, '-noout', '-text')
  expect(text).toContain('Signature Algorithm: ecdsa-with-SHA256')
  expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/)
  expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/)
  expect(text).toContain('TLS Web Server Authentication, TLS Web Client Authentication')
  const attime = String(Math.floor(wallMs / 1000))
  expect(openssl('verify', '-attime', attime, '-CAfile', file, file)).toContain('OK')
  expect(openssl('x509', '-in', file, '-noout', '-pubkey')).toBe(openssl('pkey', '-in', file, '-pubout'))
}

test('a file says which half of the pair it lacks, and that its dates are none', async () => {
  const disk = memoryDisk()
  const { certificatePem, privateKeyPem } = await load(disk)
  const der = Buffer.from(read({ certificatePem } as Certificate).raw)
  // The thirteenth month of 2040.
  const at = der.indexOf('4001151200')
  der.write('13', at + 2, 'latin1')
  const undated = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
  for (const [content, problem] of [
    [certificatePem, 'it holds no private key'],
    [privateKeyPem, 'it holds no certificate'],
    [privateKeyPem + undated, 'its dates cannot be read'],
  ] as const) {
    disk.files.set(path, Buffer.from(content))
    await expect(load(disk)).rejects.toMatchObject({ code: 'E_CERTIFICATE_INVALID', fields: { problem } })
  }
})
