/** The files of an identity and of its trust, whatever they hold: read, or refused with the code that names the file. */
import { hasCode, silentLog, systemEntropy } from '@barrel-actors/runtime'
import { changed, fuzz, type Outcome } from '@barrel-actors/simulation/fuzz-suite'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type MemoryDisk, memoryDisk } from '../../test/memory-disk.ts'
import { bytesFrom, clockAt, keysFrom, now } from '../../test/two-ends.ts'
import type { QuicCode } from '../errors.ts'
import { loadOrCreateCertificate } from './certificate.ts'
import { openCluster } from './cluster.ts'
import { certificateText, newClusterKey, readClusterKey } from './cluster-files.ts'
import { checkPublicKey, keyPairOf, loadOrCreateKeys } from './keys.ts'
import { signMember } from './member-certificate.ts'
import { pinPathOf, readPins } from './pin-file.ts'
import { openRevokedKeys } from './revoked-keys.ts'
import { finishJournal, journalPathOf } from './rotation.ts'
import { succeed } from './succession.ts'
import { encodeSuccession, loadSuccession } from './succession-file.ts'
import { openTrustStore } from './trust-store.ts'

const clock = clockAt(now)
const [one, two, three] = [await keysFrom('one'), await keysFrom('two'), await keysFrom('three')]

/** Runs it over a disk that holds nothing but that file. */
async function outcomeOf(
  path: string,
  bytes: Uint8Array,
  codes: readonly QuicCode[],
  load: (disk: MemoryDisk) => Promise<unknown>,
): Promise<Outcome> {
  const disk = memoryDisk()
  disk.files.set(path, bytes)
  try {
    await load(disk)
    return 'accepted'
  } catch (error) {
    if (!codes.some(code => hasCode(error, code))) throw error
    return 'refused'
  }
}

/** The recorded file, changed; or whatever else a disk may hold. */
function contents(...recordings: Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 6, arbitrary: changed(recordings) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  )
}

const json = (value: fc.Arbitrary<unknown>) => value.map(each => Buffer.from(JSON.stringify(each)))

async function writtenFile(path: string, write: (disk: MemoryDisk) => Promise<unknown>): Promise<Uint8Array> {
  const disk = memoryDisk()
  await write(disk)
  return disk.files.get(path) as Uint8Array
}

test('whatever the file of a pin holds, a key is only pinned where it is fit and the name is that of the file', async () => {
  const path = pinPathOf('/keys/trusted', 'a@host')
  const recorded = await writtenFile(path, async disk => {
    await (await openTrustStore(disk, clock, '/keys', silentLog)).pin('a@host', one.publicKey)
  })
  const pin = JSON.parse(Buffer.from(recorded).toString()) as Record<string, unknown>
  const others = ['b@host', two.fingerprint, Buffer.from(two.publicKey).toString('base64'), ...Object.values(pin)]
  const other = fc.oneof(fc.constantFrom(...others), fc.jsonValue({ maxDepth: 1 }))
  const nearly = (value: unknown) =>
    fc.oneof({ weight: 6, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other })
  const shaped = json(fc.record(Object.fromEntries(Object.entries(pin).map(([key, value]) => [key, nearly(value)]))))
  const files = fc.oneof(contents(recorded), shaped, json(fc.jsonValue({ maxDepth: 2 })))
  return fuzz('pin files', files, bytes =>
    outcomeOf(path, bytes, ['E_TRUST_STORE_DAMAGED'], async disk => {
      const pins = await readPins(disk, '/keys/trusted')
      expect(pins.map(({ node, publicKey }) => [node, checkPublicKey(publicKey)])).toEqual([['a@host', undefined]])
    }),
  )
})

test('whatever the file of revoked keys holds, it is a list of fingerprints or the node does not start', async () => {
  const path = '/keys/revoked.json'
  const recorded = await writtenFile(path, async disk => {
    const revoked = await openRevokedKeys(disk, clock, '/keys')
    await revoked.add(one.fingerprint, 'a@host')
    await revoked.add(two.fingerprint, undefined)
  })
  const files = fc.oneof(contents(recorded), json(fc.jsonValue({ maxDepth: 3 })))
  return fuzz('revoked keys', files, bytes =>
    outcomeOf(path, bytes, ['E_TRUST_STORE_DAMAGED'], async disk => {
      const keys = (await openRevokedKeys(disk, clock, '/keys')).list()
      for (const { fingerprint } of keys) expect(fingerprint).toMatch(/^([0-9a-f]{4}:){15}[0-9a-f]{4}$/)
    }),
  )
})

test('whatever the file of a succession holds, it is the one that leads to the key, or none, or refused', async () => {
  const path = '/keys/succession.json'
  const chain = succeed('a@host', succeed('a@host', [], one, two.publicKey), two, three.publicKey)
  const recorded = encodeSuccession('a@host', chain)
  const files = fc.oneof(contents(recorded), json(fc.jsonValue({ maxDepth: 3 })))
  return fuzz('successions', files, bytes =>
    outcomeOf(path, bytes, ['E_SUCCESSION_INVALID'], async disk => {
      const loaded = await loadSuccession(disk, '/keys', 'a@host', three.publicKey, silentLog)
      // Each statement signs the key that follows: what is left of the chain is its end.
      expect(loaded).toEqual(chain.slice(chain.length - loaded.length))
    }),
  )
})

test('whatever the key files hold, they are one pair or refused', async () => {
  const disk = memoryDisk()
  await loadOrCreateKeys(disk, { bytes: () => bytesFrom('seed') }, '/keys')
  const [secret, open] = [disk.files.get('/keys/node.key'), disk.files.get('/keys/node.pub')] as [
    Uint8Array,
    Uint8Array,
  ]
  const files = fc.record({ secret: fc.option(contents(secret)), open: fc.option(contents(open)) })
  return fuzz('key files', files, given => {
    const from = given.secret ?? secret
    return outcomeOf('/keys/node.key', from, ['E_KEY_INVALID', 'E_KEY_MISMATCH', 'E_KEY_UNREADABLE'], async disk => {
      if (given.open !== null) disk.files.set('/keys/node.pub', given.open)
      const { publicKey } = await loadOrCreateKeys(disk, systemEntropy, '/keys')
      expect(publicKey).toEqual(keyPairOf(from).publicKey)
      expect(Buffer.from(disk.files.get('/keys/node.pub') as Uint8Array).equals(publicKey)).toBe(true)
    })
  })
})

test('whatever the journal of a rotation holds, its key is the node’s or the start is refused', async () => {
  const path = journalPathOf('/keys')
  const recorded = Buffer.concat([bytesFrom('seed'), encodeSuccession('a@host', [])])
  return fuzz('journals', contents(recorded, recorded.subarray(0, 32)), bytes =>
    outcomeOf(path, bytes, ['E_KEY_INVALID', 'E_KEY_UNREADABLE'], async disk => {
      await finishJournal(disk, '/keys')
      expect(Buffer.from(disk.files.get('/keys/node.key') as Uint8Array).equals(bytes.slice(0, 32))).toBe(true)
      expect(disk.files.has(path)).toBe(false)
    }),
  )
})

test('whatever the certificate file holds, it is a certificate with its key, or refused', async () => {
  const path = '/quic/node.pem'
  const make = (disk: MemoryDisk) => loadOrCreateCertificate(disk, systemEntropy, clock, '/quic')
  const [first, second] = [await writtenPem(), await writtenPem()]
  async function writtenPem(): Promise<Uint8Array> {
    const disk = memoryDisk()
    const { privateKeyPem, certificatePem } = await make(disk)
    return Buffer.from(privateKeyPem + certificatePem)
  }
  const pem = (label: string) => (der: Uint8Array) =>
    `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`
  const derOf = (text: Uint8Array, label: string) =>
    Buffer.from(new RegExp(`BEGIN ${label}-----([^-]+)`).exec(Buffer.from(text).toString())?.[1] as string, 'base64')
  // Changes of the text hardly ever are base64: those of the bytes in it reach the parser of the certificate.
  const certificates = changed([derOf(first, 'CERTIFICATE')]).map(pem('CERTIFICATE'))
  const keys = fc.oneof(changed([derOf(first, 'PRIVATE KEY')]), fc.constant(derOf(first, 'PRIVATE KEY')))
  const inner = fc.tuple(keys.map(pem('PRIVATE KEY')), certificates).map(texts => Buffer.from(texts.join('')))
  return fuzz('certificate files', fc.oneof(contents(first, second), inner), async bytes => {
    // One that has expired is replaced, which takes a key: the clock stands before all dates.
    const old = { ...clock, wall: () => 0 }
    return outcomeOf(path, bytes, ['E_CERTIFICATE_INVALID'], async disk => {
      const { certificatePem, hash } = await loadOrCreateCertificate(disk, systemEntropy, old, '/quic')
      expect(certificatePem).toContain('BEGIN CERTIFICATE')
      expect(hash).toHaveLength(32)
    })
  })
})

test('whatever the file of a cluster key or of a member certificate holds, it is read or refused', async () => {
  const key = Buffer.from(newClusterKey({ bytes: () => bytesFrom('cluster') }))
  const cluster = await readClusterKey(memoryDisk(), key)
  const member = {
    node: 'a@host',
    publicKey: one.publicKey,
    role: 'node',
    serial: 1,
    notBefore: 0,
    notAfter: 2 * now,
  } as const
  const certificate = Buffer.from(certificateText(signMember(cluster, member)))
  const files = contents(key, certificate)
  const codes = ['E_CLUSTER_KEY_INVALID', 'E_CLUSTER_CERTIFICATE_INVALID'] as const
  const self = { node: 'a@host', hidden: false, timestampWindowMs: 30_000 }
  return fuzz('cluster files', fc.tuple(fc.boolean(), files), ([isKey, bytes]) =>
    outcomeOf('file', bytes, codes, async disk => {
      const given = isKey ? { clusterKey: 'file' } : { clusterCertificate: 'file', clusterKeys: [cluster.publicKey] }
      const options = { clusterKey: undefined, clusterCertificate: undefined, clusterKeys: [], ...given }
      const opened = await openCluster(options, self, { disk, clock, entropy: systemEntropy, log: silentLog })
      opened?.certificateFor(one)
    }),
  )
})
