import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasCode, systemDisk, systemEntropy } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { memoryDisk } from '../../test/memory-disk.ts'
import { bytesFrom } from '../../test/two-ends.ts'
import { smallOrderKeys, smallOrderSpellings, unfitKeys, unreducedKeys } from '../../test/weak-keys.ts'
import { checkPublicKey, fingerprintOf, loadOrCreateKeys, verifySignature } from './keys.ts'

const folder = join('data', 'keys')
const secretPath = join(folder, 'node.key')
const publicPath = join(folder, 'node.pub')

const load = (disk: ReturnType<typeof memoryDisk>) => loadOrCreateKeys(disk, systemEntropy, folder)
const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'no error',
    error => (hasCode(error, error.code) ? error.code : String(error)),
  )

test('the first use makes a pair, the private half first and for its owner only', async () => {
  const disk = memoryDisk()
  const keys = await load(disk)
  expect(disk.written).toEqual([secretPath, publicPath])
  expect([disk.modes.get(secretPath), disk.modes.get(publicPath)]).toEqual([0o600, 0o644])
  expect(disk.files.get(secretPath)).toHaveLength(32)
  expect(disk.files.get(publicPath)).toEqual(keys.publicKey)
})

test('the next use loads the same pair and writes nothing', async () => {
  const disk = memoryDisk()
  const made = await load(disk)
  const loaded = await load(disk)
  expect(loaded.publicKey).toEqual(made.publicKey)
  expect(disk.written).toHaveLength(2)
})

test('without a folder each pair is new and nothing is written', async () => {
  const disk = memoryDisk()
  const one = await loadOrCreateKeys(disk, systemEntropy, undefined)
  const other = await loadOrCreateKeys(disk, systemEntropy, undefined)
  expect(one.fingerprint).not.toBe(other.fingerprint)
  expect(disk.written).toEqual([])
})

test('a crash between the two files is completed at the next start', async () => {
  const disk = memoryDisk()
  disk.writesLeft = 1
  expect(await codeOf(load(disk))).toBe('E_FILE_UNWRITABLE')
  disk.writesLeft = 9
  const keys = await load(disk)
  expect(disk.files.get(publicPath)).toEqual(keys.publicKey)
  expect(disk.written).toEqual([secretPath, publicPath])
})

test('a public key without its private key is refused, and no new key is made over it', async () => {
  const disk = memoryDisk()
  await load(disk)
  await disk.remove(secretPath)
  expect(await codeOf(load(disk))).toBe('E_KEY_MISMATCH')
  expect(disk.files.has(secretPath)).toBe(false)
})

test('two halves that do not belong together are refused', async () => {
  const disk = memoryDisk()
  await load(disk)
  disk.files.set(secretPath, bytesFrom('another seed'))
  expect(await codeOf(load(disk))).toBe('E_KEY_MISMATCH')
})

test('a key file that cannot be read is named, and nothing is written', async () => {
  for (const path of [secretPath, publicPath]) {
    const disk = memoryDisk()
    disk.unreadable.add(path)
    await expect(load(disk)).rejects.toThrow(path)
    expect(await codeOf(load(disk))).toBe('E_KEY_UNREADABLE')
    expect(disk.written).toEqual([])
  }
})

test.skipIf(process.platform === 'win32')(
  'a private key that others may read is refused, and made good by chmod 600 (Windows has no modes)',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'barrel-keys-'))
    try {
      const { fingerprint } = await loadOrCreateKeys(systemDisk, systemEntropy, folder)
      await chmod(join(folder, 'node.key'), 0o640)
      await expect(loadOrCreateKeys(systemDisk, systemEntropy, folder)).rejects.toMatchObject({
        code: 'E_KEY_UNREADABLE',
        message: expect.stringMatching(/open to others than its owner \(mode 640\).*chmod 600 .*node\.key/),
      })
      await chmod(join(folder, 'node.key'), 0o600)
      expect(await loadOrCreateKeys(systemDisk, systemEntropy, folder)).toMatchObject({ fingerprint })
    } finally {
      await rm(folder, { recursive: true })
    }
  },
)

test('a private key of the wrong size or of zeros is refused', async () => {
  for (const seed of [new Uint8Array(0), new Uint8Array(31).fill(1), new Uint8Array(33).fill(1), new Uint8Array(32)]) {
    const disk = memoryDisk()
    disk.files.set(secretPath, seed)
    expect(await codeOf(load(disk))).toBe('E_KEY_INVALID')
  }
})

test('an unfit public key on disk is refused', async () => {
  for (const key of unfitKeys) {
    const disk = memoryDisk()
    disk.files.set(secretPath, bytesFrom('seed'))
    disk.files.set(publicPath, key)
    expect(await codeOf(load(disk))).toBe('E_KEY_MISMATCH')
  }
})

test('public keys of small order are refused in all their spellings', () => {
  expect(smallOrderKeys).toHaveLength(8)
  for (const key of [...smallOrderKeys, ...smallOrderSpellings]) expect(checkPublicKey(key)).toBeDefined()
})

test('public keys that are not reduced, all zero or of the wrong length are refused', () => {
  for (const key of unreducedKeys) expect(checkPublicKey(key)).toBe('it is not the canonical form of a point')
  expect(checkPublicKey(new Uint8Array(32))).toBe('it is all zeros')
  for (const length of [0, 31, 33, 64]) expect(checkPublicKey(bytesFrom('x').slice(0, length))).toBeDefined()
})

test('the check is needed: a signature that nobody made passes for a key of small order', () => {
  const identity = smallOrderKeys[0] as Uint8Array
  const forged = new Uint8Array(64)
  forged[0] = 1
  expect(verifySignature(identity, bytesFrom('anything'), forged)).toBe(true)
  expect(checkPublicKey(identity)).toBe('it is a point of small order')
})

test('a fingerprint is the hash of the public key in groups that people can compare', () => {
  const fingerprint = fingerprintOf(new Uint8Array(32).fill(1))
  expect(fingerprint).toBe('72cd:6e84:22c4:07fb:6d09:8690:f113:0b7d:ed7e:c2f7:f5e1:d30b:d9d5:21f0:1536:3793')
})

test('a key or a signature with something behind it fits nothing, whatever the library makes of it', async () => {
  const keys = await load(memoryDisk())
  const message = bytesFrom('message')
  const signature = keys.sign(message)
  const longer = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.of(0)])
  expect(verifySignature(keys.publicKey, message, signature)).toBe(true)
  expect(verifySignature(longer(keys.publicKey), message, signature)).toBe(false)
  expect(verifySignature(keys.publicKey, message, longer(signature))).toBe(false)
})
