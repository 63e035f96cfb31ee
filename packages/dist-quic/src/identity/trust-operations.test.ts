/** What an operator does with pins and revoked keys, and what a crash leaves of it. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type MemoryDisk, memoryDisk } from '../../test/memory-disk.ts'
import { bytesFrom, clockAt, keysFrom, now } from '../../test/two-ends.ts'
import { unfitKeys } from '../../test/weak-keys.ts'
import { limits } from '../limits.ts'
import { fingerprintOf } from './keys.ts'
import { createTrust } from './trust.ts'
import { openTrustStore, type TrustStore } from './trust-store.ts'

const one = (await keysFrom('one')).publicKey
const two = (await keysFrom('two')).publicKey
const revokedPath = join('keys', 'revoked.json')
const open = (disk: MemoryDisk) => openTrustStore(disk, clockAt(now), 'keys')
const trustOf = (store: TrustStore, closed: string[] = []) =>
  createTrust(store, fingerprint => void closed.push(fingerprint))
const code = (code: string) => expect.objectContaining({ code })

test('pins are listed by name, with their keys, and what is listed is a copy', async () => {
  const store = await open(memoryDisk())
  const trust = trustOf(store)
  await store.pin('b@h', two)
  await trust.pin('a@h', one)
  const listed = trust.list()
  const pinnedAt = new Date(now).toISOString()
  expect(listed).toEqual([
    { node: 'a@h', publicKey: one, fingerprint: fingerprintOf(one), pinnedAt, pinnedBy: 'operator' },
    { node: 'b@h', publicKey: two, fingerprint: fingerprintOf(two), pinnedAt, pinnedBy: 'first-use' },
  ])
  listed[0]?.publicKey.fill(0)
  expect(store.check('a@h', one)).toBe('pinned')
  expect(trust.find(fingerprintOf(two))).toEqual(['b@h'])
})

test('an operator pins in place of what is pinned, with bytes or in base64', async () => {
  const disk = memoryDisk()
  const trust = trustOf(await open(disk))
  await trust.pin('a@h', one)
  await trust.pin('a@h', Buffer.from(two).toString('base64'))
  expect((await open(disk)).check('a@h', two)).toBe('pinned')
  expect(trust.find(fingerprintOf(one))).toEqual([])
})

test('an operator cannot pin an unfit key, a revoked key, a key that is no key or a name that is none', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const trust = trustOf(store)
  for (const key of unfitKeys) await expect(trust.pin('a@h', key)).rejects.toThrow(code('E_PEER_KEY_INVALID'))
  for (const text of ['', 'no key', `${Buffer.from(one).toString('base64')}!`, Buffer.from(one).toString('hex')]) {
    await expect(trust.pin('a@h', text)).rejects.toThrow(code('E_PEER_KEY_INVALID'))
  }
  for (const name of ['../a@h', '__proto__', 'a', '', 'a@h\n', `${'x'.repeat(254)}@h`]) {
    await expect(trust.pin(name, one)).rejects.toThrow(code('E_NODE_NAME_INVALID'))
  }
  await trust.revoke(fingerprintOf(one))
  await expect(trust.pin('a@h', one)).rejects.toThrow(code('E_PEER_KEY_REVOKED'))
  await expect(store.pin('a@h', one)).rejects.toThrow(code('E_PEER_KEY_REVOKED'))
  expect([...disk.files.keys()]).toEqual([revokedPath])
})

test('a name that is forgotten is anybody’s, now and after a restart', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const trust = trustOf(store)
  await trust.pin('a@h', one)
  expect([await trust.forget('a@h'), await trust.forget('a@h')]).toEqual([true, false])
  for (const each of [store, await open(disk)]) expect(each.check('a@h', two)).toBe('unknown')
})

test('what the disk refuses is not done: the old pin stays', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const trust = trustOf(store)
  await trust.pin('a@h', one)
  disk.writesLeft = 0
  await expect(trust.pin('a@h', two)).rejects.toThrow(code('E_FILE_UNWRITABLE'))
  await expect(trust.forget('a@h')).rejects.toThrow(code('E_FILE_UNWRITABLE'))
  await expect(trust.pin('b@h', two)).rejects.toThrow(code('E_FILE_UNWRITABLE'))
  disk.writesLeft = 99
  for (const each of [store, await open(disk)]) {
    expect([each.check('a@h', one), each.check('b@h', two)]).toEqual(['pinned', 'unknown'])
  }
})

test('operators at the same time, and a first use among them, leave disk and memory alike', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const trust = trustOf(store)
  await Promise.allSettled([
    store.pin('a@h', one),
    trust.pin('a@h', two),
    trust.forget('a@h'),
    trust.pin('a@h', one),
    store.replace('a@h', two, 'succession', one),
    store.replace('a@h', one, 'succession', bytesFrom('x')),
  ])
  expect((await open(disk)).list()).toEqual(store.list())
  expect(store.check('a@h', two)).toBe('pinned')
})

test('a revoked key stays revoked over a restart, and its channels are closed', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const closed: string[] = []
  const trust = trustOf(store, closed)
  await trust.pin('a@h', one)
  await trust.pin('b@h', one)
  await trust.pin('c@h', two)
  expect(await trust.revoke('a@h')).toEqual({ fingerprint: fingerprintOf(one), nodes: ['a@h', 'b@h'] })
  expect(closed).toEqual([fingerprintOf(one)])
  const after = await open(disk)
  expect([after.isRevoked(one), after.isRevoked(two)]).toEqual([true, false])
  const revokedAt = new Date(now).toISOString()
  expect(trustOf(after).revoked()).toEqual([{ fingerprint: fingerprintOf(one), node: 'a@h', revokedAt }])
  // The pin stays: nobody else can take the name.
  expect(after.check('a@h', two)).toBe('changed')
})

test('revoking twice writes once, and revoking what is neither name nor fingerprint says so', async () => {
  const disk = memoryDisk()
  const trust = trustOf(await open(disk))
  await Promise.all([trust.revoke(fingerprintOf(one)), trust.revoke(fingerprintOf(one))])
  expect(disk.written).toEqual([revokedPath])
  for (const nothing of ['a@h', '', 'abcd', '__proto__', fingerprintOf(one).slice(2)]) {
    await expect(trust.revoke(nothing)).rejects.toThrow(code('E_TRUST_NOT_FOUND'))
  }
  await expect(trust.revoke(7 as unknown as string)).rejects.toThrow(code('E_TRUST_NOT_FOUND'))
})

test('a revoked key that the disk does not take is refused all the same, and the next try writes it', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const trust = trustOf(store)
  disk.writesLeft = 0
  await expect(trust.revoke(fingerprintOf(one))).rejects.toThrow(code('E_FILE_UNWRITABLE'))
  expect([store.isRevoked(one), (await open(disk)).isRevoked(one)]).toEqual([true, false])
  disk.writesLeft = 9
  await trust.revoke(fingerprintOf(one))
  expect((await open(disk)).isRevoked(one)).toBe(true)
})

test('the list of revoked keys is bounded: what does not fit is an error, and nothing is dropped for it', async () => {
  const disk = memoryDisk()
  const fingerprint = (index: number) => fingerprintOf(Buffer.from(String(index)))
  const revokedAt = new Date(now).toISOString()
  const revoked = Array.from({ length: limits.revokedMax }, (_, index) => {
    return { fingerprint: fingerprint(index), node: `${'x'.repeat(253)}@h`, revokedAt }
  })
  disk.files.set(revokedPath, Buffer.from(JSON.stringify({ revoked }, undefined, 2)))
  const trust = trustOf(await open(disk))
  await expect(trust.revoke(fingerprintOf(one))).rejects.toThrow(code('E_REVOCATIONS_FULL'))
  await trust.revoke(fingerprint(0))
  expect(trust.revoked()).toHaveLength(limits.revokedMax)
})

test('a damaged list of revoked keys stops the node', async () => {
  const good = { fingerprint: fingerprintOf(one), revokedAt: new Date(now).toISOString() }
  const wrong = [{}, { revoked: 7 }, { revoked: [7] }, { revoked: [{ ...good, fingerprint: 'ab' }] }]
  const more = [{ revoked: [{ ...good, node: '../x@h' }] }, { revoked: [{ ...good, revokedAt: 'soon' }] }]
  const many = { revoked: Array(limits.revokedMax + 1).fill(good) }
  for (const content of [...wrong, ...more, many, undefined]) {
    const disk = memoryDisk()
    disk.files.set(revokedPath, Buffer.from(content === undefined ? '{"revo' : JSON.stringify(content)))
    await expect(open(disk)).rejects.toThrow(
      expect.objectContaining({
        code: 'E_TRUST_STORE_DAMAGED',
        fields: expect.objectContaining({ path: revokedPath }),
      }),
    )
  }
})

test('a crash in a pin, a forgetting or a revocation leaves what was or what was wanted', async () => {
  const works: ((trust: ReturnType<typeof trustOf>) => Promise<unknown>)[] = [
    trust => trust.pin('a@h', two),
    trust => trust.forget('a@h'),
    trust => trust.revoke('a@h'),
  ]
  const states = new Set<string>()
  for (const [index, work] of works.entries()) {
    for (let changes = 0; changes <= 2; changes++) {
      const disk = memoryDisk()
      const trust = trustOf(await open(disk))
      await trust.pin('a@h', one)
      await trust.revoke(fingerprintOf(bytesFrom('long ago')))
      disk.writesLeft = changes
      await work(trust).catch(() => undefined)
      const after = await open(disk)
      states.add(
        `${index} ${after.list().map(pin => (pin.fingerprint === fingerprintOf(one) ? 'one' : 'two'))} ${after.revoked().length}`,
      )
    }
  }
  expect([...states].sort()).toEqual(['0 one 1', '0 two 1', '1  1', '1 one 1', '2 one 1', '2 one 2'])
})

test('a full store takes no new name from an operator, and still lets a pinned one change', async () => {
  const store = await open(memoryDisk())
  for (let count = 0; count < limits.pinsMax; count++) await store.pin(`n${count}@h`, one)
  const trust = trustOf(store)
  await expect(trust.pin('new@h', one)).rejects.toThrow(code('E_TRUST_STORE_FULL'))
  await trust.pin('n0@h', two)
  await trust.forget('n1@h')
  await trust.pin('new@h', one)
  expect(trust.list()).toHaveLength(limits.pinsMax)
}, 30_000)
