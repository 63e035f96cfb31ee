import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Clock, type Log, silentLog, systemDisk } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { type MemoryDisk, memoryDisk } from '../../test/memory-disk.ts'
import { keysFrom } from '../../test/two-ends.ts'
import { unfitKeys } from '../../test/weak-keys.ts'
import { limits } from '../limits.ts'
import { openTrustStore, type TrustStore } from './trust-store.ts'

const clock: Clock = {
  now: () => 0,
  wall: () => Date.UTC(2030, 0, 1),
  setTimer: () => ({ cancel() {}, keepAlive() {} }),
}
const one = (await keysFrom('one')).publicKey
const two = (await keysFrom('two')).publicKey
const three = (await keysFrom('three')).publicKey
const folder = join('keys', 'trusted')
const open = (disk: MemoryDisk, log: Log = silentLog) => openTrustStore(disk, clock, 'keys', log)

test('a pin is known at once, after a restart, and in no other case', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  expect(store.check('a@h', one)).toBe('unknown')
  await store.pin('a@h', one)
  for (const each of [store, await open(disk)]) {
    expect(each.check('a@h', one)).toBe('pinned')
    expect(each.check('a@h', two)).toBe('changed')
    expect(each.check('b@h', one)).toBe('unknown')
  }
})

test('it has settled when every pin is written, also those that cannot be', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const pinned = [store.pin('a@h', one), store.pin('b@h', two)]
  expect(disk.written).toHaveLength(0)
  await store.settled()
  expect(disk.written).toHaveLength(2)
  await Promise.all(pinned)
  const full = await openTrustStore(
    { ...disk, replace: async () => Promise.reject(new Error('full')) },
    clock,
    'keys',
    silentLog,
  )
  const failed = full.pin('c@h', three).catch(error => error.code)
  await full.settled()
  expect(await failed).toBe('E_FILE_UNWRITABLE')
})

test('pinning the same key again writes nothing', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  await Promise.all([store.pin('a@h', one), store.pin('a@h', one)])
  expect(disk.written).toHaveLength(1)
})

test('a pinned name never changes its key', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  await store.pin('a@h', one)
  await expect(store.pin('a@h', two)).rejects.toMatchObject({
    code: 'E_PEER_KEY_CHANGED',
    fields: { path: store.pathOf('a@h') },
  })
  expect(store.check('a@h', one)).toBe('pinned')
  expect(disk.written).toHaveLength(1)
})

test('of two keys for one new name at the same time one is pinned and one refused', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const results = await Promise.allSettled([store.pin('a@h', one), store.pin('a@h', two)])
  expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected'])
  expect((await open(disk)).check('a@h', one)).toBe('pinned')
})

test('a pin whose file cannot be written is taken back', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  disk.writesLeft = 0
  await expect(store.pin('a@h', one)).rejects.toMatchObject({ code: 'E_FILE_UNWRITABLE' })
  expect(store.check('a@h', one)).toBe('unknown')
})

test('checking names keeps nothing, however many there are', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  for (let count = 0; count < 10_000; count++) store.check(`n${count}@h`, one)
  expect(store.findByFingerprint(store.fingerprintOf('n1@h') ?? 'none')).toEqual([])
  expect(disk.files.size).toBe(0)
})

test('names that file systems confuse or forbid have files of their own inside the folder', async () => {
  const names = ['con@h', 'CON@h', 'Con@H', 'a@h', 'A@h', 'nul@h.', `${'x'.repeat(253)}@h`]
  const root = await mkdtemp(join(tmpdir(), 'barrel-trust-'))
  try {
    const store = await openTrustStore(systemDisk, clock, root)
    for (const name of names) await store.pin(name, one)
    const files = await readdir(join(root, 'trusted'))
    expect(new Set(files.map(file => file.toLowerCase())).size).toBe(names.length)
    expect((await openTrustStore(systemDisk, clock, root)).findByFingerprint(fingerprintIn(store)).sort()).toEqual(
      [...names].sort(),
    )
  } finally {
    await rm(root, { recursive: true })
  }
})

test('names that are not node names are refused, and touch no file', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  const names = ['../x@h', 'a/b@h', 'a\0@h', '..@h', 'C:\\x@h', 'é@h', '\u202ea@h', '', `${'x'.repeat(300)}@h`]
  for (const name of names) {
    await expect(store.pin(name, one)).rejects.toMatchObject({ code: 'E_NODE_NAME_INVALID' })
    expect(dirname(store.pathOf(name) ?? '')).toBe(folder)
  }
  expect(disk.files.size).toBe(0)
})

test('an unfit key is refused when it is pinned and when it is loaded', async () => {
  for (const key of unfitKeys) {
    const disk = memoryDisk()
    const store = await open(disk)
    await expect(store.pin('a@h', key)).rejects.toMatchObject({ code: 'E_PEER_KEY_INVALID' })
    const fingerprint = createHash('sha256').update(key).digest('hex')
    writePin(disk, 'a@h', { publicKey: Buffer.from(key).toString('base64'), fingerprint })
    await expect(open(disk)).rejects.toMatchObject({ code: 'E_TRUST_STORE_DAMAGED' })
  }
})

test('a damaged file stops the node and is named', async () => {
  const disk = memoryDisk()
  await (await open(disk)).pin('a@h', one)
  const path = [...disk.files.keys()][0] as string
  const whole = Buffer.from(disk.files.get(path) as Uint8Array).toString()
  const damages = ['', '{', 'null', '7', '"a"', '[]', '{}', whole.slice(0, -9), whole.replace('a@h', 'b@h')]
  const edits = [
    whole.replace('first-use', 'nobody'),
    whole.replace(/"pinnedAt": "[^"]+/, '"pinnedAt": "soon'),
    whole.replace(/"fingerprint": "./, '$&0'),
  ]
  for (const content of [...damages, ...edits, whole.padEnd(limits.pinFileBytesMax + 1)]) {
    disk.files.set(path, Buffer.from(content))
    await expect(open(disk)).rejects.toMatchObject({ code: 'E_TRUST_STORE_DAMAGED', fields: { path } })
  }
  disk.unreadable.add(path)
  await expect(open(disk)).rejects.toMatchObject({ code: 'E_TRUST_STORE_DAMAGED', fields: { path } })
})

test('what a crash left of a write that did not finish is passed over', async () => {
  const disk = memoryDisk()
  await (await open(disk)).pin('a@h', one)
  disk.files.set(join(folder, `${'0'.repeat(64)}.json.12-1.tmp`), Buffer.from('{ "no'))
  expect((await open(disk)).check('a@h', one)).toBe('pinned')
})

test('a full store refuses new names, says so once, and still knows the old ones', async () => {
  const warnings: string[] = []
  const disk = memoryDisk()
  const store = await open(disk, { ...silentLog, warn: event => void warnings.push(event) })
  for (let count = 0; count < limits.pinsMax; count++) await store.pin(`n${count}@h`, one)
  for (const name of ['x@h', 'y@h']) {
    await expect(store.pin(name, one)).rejects.toMatchObject({ code: 'E_TRUST_STORE_FULL' })
    expect(store.check(name, one)).toBe('unknown')
  }
  await store.pin('n0@h', one)
  expect(warnings).toHaveLength(1)
  disk.files.set(join(folder, 'one-more.json'), Buffer.from('{}'))
  await expect(open(disk)).rejects.toMatchObject({ code: 'E_TRUST_STORE_DAMAGED', fields: { path: folder } })
}, 30_000)

test('a folder that is not there any more unpins nobody', async () => {
  const disk = memoryDisk()
  const store = await open(disk)
  await store.pin('a@h', one)
  // As when it is unmounted: every file is gone at once.
  for (const path of [...disk.files.keys()]) await disk.remove(path)
  await store.refresh('a@h')
  expect(store.check('a@h', two)).toBe('changed')
})

test('a pin is forgotten when its file was removed, and not before', async () => {
  const disk = memoryDisk()
  await disk.replace('keys/node.pub', one)
  const store = await open(disk)
  const pinning = store.pin('a@h', one)
  await store.refresh('a@h')
  await pinning
  expect(store.check('a@h', two)).toBe('changed')
  await disk.remove(store.pathOf('a@h') as string)
  expect(store.check('a@h', two)).toBe('changed')
  await store.refresh('a@h')
  expect(store.check('a@h', two)).toBe('unknown')
  await store.refresh('never seen@h')
})

test('a store without a folder pins in memory', async () => {
  const disk = memoryDisk()
  const store = await openTrustStore(disk, clock, undefined)
  await store.pin('a@h', one)
  await store.refresh('a@h')
  expect(store.check('a@h', two)).toBe('changed')
  expect(store.pathOf('a@h')).toBeUndefined()
  expect(disk.written).toEqual([])
})

test('a fingerprint finds its names however it is written', async () => {
  const store = await open(memoryDisk())
  await store.pin('a@h', one)
  await store.pin('b@h', one)
  await store.pin('c@h', two)
  const fingerprint = store.fingerprintOf('a@h') as string
  for (const written of [fingerprint, fingerprint.toUpperCase(), fingerprint.replaceAll(':', ' ')]) {
    expect(store.findByFingerprint(written)).toEqual(['a@h', 'b@h'])
  }
  expect(store.findByFingerprint('')).toEqual([])
})

test('a key given to pin may change afterwards without changing the pin', async () => {
  const store = await open(memoryDisk())
  const given = Uint8Array.from(one)
  const pinning = store.pin('a@h', given)
  given.fill(9)
  await pinning
  expect(store.check('a@h', one)).toBe('pinned')
})

function fingerprintIn(store: TrustStore): string {
  return store.fingerprintOf('a@h') as string
}

function writePin(disk: MemoryDisk, node: string, fields: { publicKey: string; fingerprint: string }): void {
  const name = `${createHash('sha256').update(node).digest('hex')}.json`
  const pinnedAt = new Date(0).toISOString()
  const fingerprint = (fields.fingerprint.match(/.{4}/g) as string[]).join(':')
  disk.files.set(
    join(folder, name),
    Buffer.from(JSON.stringify({ node, ...fields, fingerprint, pinnedAt, pinnedBy: 'operator' })),
  )
}

/** A disk whose reads and writes wait until they are let go, in order. */
function slowDisk() {
  const disk = memoryDisk()
  const waiting: (() => void)[] = []
  const turn = () => new Promise<void>(resolve => waiting.push(resolve))
  const slow: MemoryDisk = Object.assign(Object.create(disk), {
    async replace(path: string, bytes: Uint8Array, mode?: number) {
      await turn()
      await disk.replace(path, bytes, mode)
    },
    async read(path: string, bytesMax: number) {
      if (path.endsWith('.json') && !path.endsWith('revoked.json')) await turn()
      return disk.read(path, bytesMax)
    },
  })
  const moment = () => new Promise<void>(resolve => setImmediate(resolve))
  return {
    disk,
    slow,
    moment,
    async letGo() {
      await moment()
      const count = waiting.length
      for (const go of waiting.splice(0)) go()
      await moment()
      return count
    },
  }
}

test('who pins a key that is being written waits for the same file', async () => {
  const { disk, slow, moment, letGo } = slowDisk()
  const store = await open(slow)
  const settled: string[] = []
  const first = store.pin('a@h', one).then(() => settled.push('first'))
  const second = store.pin('a@h', one).then(() => settled.push('second'))
  await moment()
  expect(settled).toEqual([])
  expect(await letGo()).toBe(1)
  await Promise.all([first, second])
  const failing = Promise.allSettled([store.pin('b@h', one), store.pin('b@h', one)])
  disk.writesLeft = 0
  await letGo()
  expect((await failing).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('a pin that is replaced or forgotten while it is written stays replaced or forgotten', async () => {
  const { disk, slow, letGo } = slowDisk()
  const store = await open(slow)
  const pinning = store.pin('a@h', one)
  const replacing = store.replace('a@h', two, 'operator')
  // One after the other, so that the file of the last one stays.
  expect([await letGo(), await letGo()]).toEqual([1, 1])
  await Promise.all([pinning, replacing])
  expect((await open(disk)).check('a@h', two)).toBe('pinned')
  const again = store.pin('b@h', one)
  const forgetting = store.forget('b@h')
  await letGo()
  await Promise.all([again, forgetting])
  expect((await open(disk)).check('b@h', one)).toBe('unknown')
})

test('a pin that comes while a removed file is looked for is not forgotten', async () => {
  const { disk, slow, letGo } = slowDisk()
  const store = await open(slow)
  const pinning = store.pin('a@h', one)
  await letGo()
  await pinning
  await disk.remove(store.pathOf('a@h') as string)
  const looking = store.refresh('a@h')
  const replacing = store.replace('a@h', two, 'operator')
  await new Promise(setImmediate)
  expect(store.check('a@h', two)).toBe('pinned')
  await letGo()
  await Promise.all([looking, replacing])
  expect(store.check('a@h', two)).toBe('pinned')
})

test('two handshakes may bring the same new key at the same time, and none in place of an operator’s', async () => {
  const store = await open(memoryDisk())
  await store.pin('a@h', one)
  await Promise.all([store.replace('a@h', two, 'succession', one), store.replace('a@h', two, 'succession', one)])
  expect(store.check('a@h', two)).toBe('pinned')
  await expect(store.replace('a@h', one, 'succession', three)).rejects.toMatchObject({ code: 'E_PEER_KEY_CHANGED' })
  await expect(store.replace('new@h', one, 'succession', three)).rejects.toMatchObject({ code: 'E_PEER_KEY_CHANGED' })
})
