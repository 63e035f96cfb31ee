/** Rotation of keys and certificates, and what a crash leaves of it. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Log, silentLog, systemDisk, systemEntropy } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { type MemoryDisk, memoryDisk } from '../../test/memory-disk.ts'
import { clockAt } from '../../test/two-ends.ts'
import { limits } from '../limits.ts'
import type { Certificate } from './certificate.ts'
import { IdentityKeeper } from './identity.ts'
import { shapeProblem, signatureProblem } from './succession.ts'

const start = Date.UTC(2030, 0, 15, 12, 30, 5)
const secret = join('keys', 'node.key')
const succession = join('keys', 'succession.json')
const journal = join('keys', 'node.next')

const load = (disk: MemoryDisk, changes: { node?: string; log?: Log } = {}) =>
  IdentityKeeper.load({
    node: 'a@host',
    keyDir: 'keys',
    certDir: 'certs',
    disk,
    entropy: systemEntropy,
    clock: clockAt(start),
    log: silentLog,
    ...changes,
  })

test('a rotated key is signed by the old one, and is still there after a restart', async () => {
  const disk = memoryDisk()
  const keeper = await load(disk)
  const old = keeper.current.keys
  const { fingerprint, restartRequired } = await keeper.rotateIdentity()
  for (const { current } of [keeper, await load(disk)]) {
    expect([current.keys.fingerprint, restartRequired]).toEqual([fingerprint, false])
    expect(current.keys.fingerprint).not.toBe(old.fingerprint)
    expect(current.succession).toMatchObject([{ serial: 1, oldKey: old.publicKey }])
    expect(signatureProblem('a@host', current.succession, current.keys.publicKey)).toBeUndefined()
  }
  expect(disk.files.has(journal)).toBe(false)
  expect(disk.modes.get(secret)).toBe(0o600)
})

test('many rotations, some at the same time, keep one chain of the newest keys', async () => {
  const disk = memoryDisk()
  const keeper = await load(disk)
  for (let round = 0; round < 4; round++) await Promise.all([keeper.rotateIdentity(), keeper.rotateIdentity()])
  await keeper.rotateIdentity()
  const { keys, succession: chain } = (await load(disk)).current
  expect(chain.map(statement => statement.serial)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  expect(chain).toHaveLength(limits.successionsMax)
  expect(shapeProblem(chain, keys.publicKey) ?? signatureProblem('a@host', chain, keys.publicKey)).toBeUndefined()
})

test('backups hold what was replaced, for its owner only, each in a folder of its own', async () => {
  const disk = memoryDisk()
  const keeper = await load(disk)
  const old = disk.files.get(secret)
  const first = await keeper.rotateIdentity()
  const second = await keeper.rotateIdentity()
  // Both in the same second of the clock.
  expect(first.backup).toMatch(/^keys[\\/]backups[\\/]20300115T123005Z-[0-9a-f]{16}$/)
  expect(second.backup).not.toBe(first.backup)
  expect(disk.files.get(join(first.backup as string, 'node.key'))).toEqual(old)
  expect(disk.files.get(join(second.backup as string, 'succession.json'))).toBeDefined()
  const backups = [...disk.files.keys()].filter(path => path.includes('backups'))
  expect(backups).toHaveLength(2 + 3)
  expect(backups.map(path => disk.modes.get(path))).toEqual(backups.map(() => 0o600))
})

test('a crash at any moment of a rotation leaves the old identity or the new one, whole', async () => {
  const seen = new Set<string>()
  for (let changes = 0; changes <= 12; changes++) {
    const disk = memoryDisk()
    const keeper = await load(disk)
    await keeper.rotateIdentity()
    const before = keeper.current
    disk.writesLeft = changes
    const rotated = await keeper.rotateIdentity().catch(() => undefined)
    disk.writesLeft = Number.POSITIVE_INFINITY
    const after = (await load(disk)).current
    const isNew = after.keys.fingerprint !== before.keys.fingerprint
    seen.add(`${isNew ? 'new' : 'old'}, ${rotated === undefined ? 'refused' : 'told'}`)
    // What this run believes is what the next start believes.
    expect(after.keys.fingerprint).toBe(keeper.current.keys.fingerprint)
    expect(after.succession).toHaveLength(isNew ? 2 : 1)
    expect(disk.files.has(journal)).toBe(false)
  }
  expect([...seen].sort()).toEqual(['new, told', 'old, refused'])
})

test('a start that crashes while it finishes a rotation can be done again', async () => {
  for (let changes = 0; changes <= 4; changes++) {
    const disk = memoryDisk()
    const keeper = await load(disk)
    // The backup of both halves and the journal, and no more.
    disk.writesLeft = 3
    const { fingerprint } = await keeper.rotateIdentity()
    expect(disk.files.has(journal)).toBe(true)
    disk.writesLeft = changes
    await load(disk).catch(() => undefined)
    disk.writesLeft = Number.POSITIVE_INFINITY
    expect((await load(disk)).current.keys.fingerprint).toBe(fingerprint)
  }
})

test('a journal that is damaged stops the node', async () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(31).fill(1), new Uint8Array(40)]) {
    const disk = memoryDisk()
    await load(disk)
    disk.files.set(journal, bytes)
    await expect(load(disk)).rejects.toMatchObject({ code: 'E_KEY_INVALID', fields: { path: journal } })
  }
})

test('a succession that does not lead to the key stops the node, one of another name is left aside', async () => {
  const disk = memoryDisk()
  const keeper = await load(disk)
  await keeper.rotateIdentity()
  const good = Buffer.from(disk.files.get(succession) as Uint8Array).toString()
  const warned: string[] = []
  const log = { ...silentLog, warn: (event: string) => void warned.push(event) }
  expect((await load(disk, { node: 'other@host', log })).current.succession).toEqual([])
  expect(warned).toEqual(['the succession of keys is that of another node name and is not used'])
  const wrong = [
    '',
    '{',
    'null',
    '{}',
    '{"node":"a@host","statements":[7]}',
    good.replace('"serial": 1', '"serial": 2'),
  ]
  const spoiled = good.replace(/"signature": "../, '"signature": "AA')
  for (const content of [...wrong, spoiled, good.padEnd(limits.successionFileBytesMax + 1)]) {
    disk.files.set(succession, Buffer.from(content))
    await expect(load(disk)).rejects.toMatchObject({ code: 'E_SUCCESSION_INVALID', fields: { path: succession } })
  }
})

test('a new certificate is for those who show it, at once', async () => {
  const disk = memoryDisk()
  const keeper = await load(disk)
  const before = keeper.current
  const used: Certificate[] = []
  keeper.onCertificate(certificate => void used.push(certificate))
  const { fingerprint, backup, restartRequired } = await keeper.rotateCert()
  expect(used).toEqual([keeper.current.certificate])
  expect(restartRequired).toBe(false)
  expect(fingerprint.replaceAll(':', '')).toBe(Buffer.from(keeper.current.certificate.hash).toString('hex'))
  expect(keeper.current.keys).toBe(before.keys)
  expect((await load(disk)).current.certificate).toEqual(keeper.current.certificate)
  const kept = Buffer.from(disk.files.get(join(backup as string, 'node.pem')) as Uint8Array).toString()
  expect(kept).toContain(before.certificate.certificatePem)
  expect(disk.modes.get(join(backup as string, 'node.pem'))).toBe(0o600)
  // A session that began before keeps what its connection shows.
  expect(before.certificate.hash).not.toEqual(keeper.current.certificate.hash)
})

test('where nobody can show it yet, a new certificate waits for the restart', async () => {
  const disk = memoryDisk()
  const keeper = await load(disk)
  const before = keeper.current.certificate
  expect(await keeper.rotateCert()).toMatchObject({ restartRequired: true })
  expect(keeper.current.certificate).toBe(before)
  expect((await load(disk)).current.certificate).not.toEqual(before)
})

test('a crash in a rotation of the certificate leaves a pair that belongs together', async () => {
  for (let changes = 0; changes <= 2; changes++) {
    const disk = memoryDisk()
    const keeper = await load(disk)
    const before = keeper.current.certificate
    disk.writesLeft = changes
    const rotated = await keeper.rotateCert().catch(() => undefined)
    expect(rotated === undefined).toBe(changes < 2)
    // Loading checks that certificate and key belong together.
    expect(Buffer.from((await load(disk)).current.certificate.hash).equals(before.hash)).toBe(changes < 2)
  }
})

test('an identity in memory rotates without a backup', async () => {
  const disk = memoryDisk()
  const options = { node: 'a@host', keyDir: undefined, certDir: undefined, disk, log: silentLog }
  const keeper = await IdentityKeeper.load({ ...options, entropy: systemEntropy, clock: clockAt(start) })
  expect(await keeper.rotateIdentity()).toMatchObject({ backup: undefined })
  expect(await keeper.rotateCert()).toMatchObject({ backup: undefined })
  expect(keeper.current.succession).toHaveLength(1)
  expect(disk.written).toEqual([])
})

test('on a real disk keys and backups are for their owner only', async () => {
  const root = await mkdtemp(join(tmpdir(), 'barrel-identity-'))
  try {
    const options = { node: 'a@host', keyDir: join(root, 'keys'), certDir: join(root, 'certs'), log: silentLog }
    const seams = { disk: systemDisk, entropy: systemEntropy, clock: clockAt(start) }
    const keeper = await IdentityKeeper.load({ ...options, ...seams })
    const old = await readFile(join(root, 'keys', 'node.key'))
    const { backup } = await keeper.rotateIdentity()
    const certificate = await keeper.rotateCert()
    expect(await readFile(join(backup as string, 'node.key'))).toEqual(old)
    expect((await readdir(join(root, 'keys'))).sort()).toEqual(['backups', 'node.key', 'node.pub', 'succession.json'])
    if (process.platform === 'win32') return
    const mine = [join(root, 'keys', 'node.key'), join(root, 'certs', 'node.pem')]
    for (const folder of [backup as string, certificate.backup as string]) {
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
      for (const name of await readdir(folder)) mine.push(join(folder, name))
    }
    for (const path of mine) expect([path, (await stat(path)).mode & 0o777]).toEqual([path, 0o600])
  } finally {
    await rm(root, { recursive: true })
  }
})

test('the journal, which holds the new key, is for its owner only', async () => {
  const disk = memoryDisk()
  await (await load(disk)).rotateIdentity()
  expect(disk.modes.get(journal)).toBe(0o600)
})

test('where nothing was on disk there is no backup', async () => {
  const disk = memoryDisk()
  const keeper = await load(disk)
  disk.files.clear()
  expect([(await keeper.rotateCert()).backup, (await keeper.rotateIdentity()).backup]).toEqual([undefined, undefined])
})
