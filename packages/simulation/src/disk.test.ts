import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Disk, systemDisk } from '@barrel-actors/runtime'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from './clock.ts'
import { MemoryDisk } from './disk.ts'
import { type DiskFaults, diskFaultsDefaults } from './disk-faults.ts'
import { seededRandom } from './random.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

/** What a disk does, in a folder: the same story for the disk in memory and for the machine's own. */
async function story(disk: Disk, folder: string, modeOf: (path: string) => unknown): Promise<unknown[]> {
  const path = join(folder, 'deep', 'file')
  const seen: unknown[] = [await disk.read(path, 10), await disk.list(join(folder, 'deep'))]
  await disk.remove(path)
  const written = bytes('old')
  await disk.replace(path, written)
  written[0] = 0
  seen.push(await disk.read(path, 3), await modeOf(path), await modeOf(join(folder, 'deep')))
  seen.push(await disk.read(path, 2).catch(error => error.code))
  const read = await disk.read(path, 10)
  read?.fill(0)
  await disk.replace(path, bytes('new'), 0o644)
  await disk.replace(join(folder, 'deep', 'b'), bytes(''))
  await disk.replace(join(folder, 'deep', 'inner', 'c'), bytes(''))
  seen.push(
    await disk.read(path, 10),
    await modeOf(path),
    await disk.list(join(folder, 'deep')),
    await disk.list(folder),
  )
  await disk.remove(path)
  seen.push(await disk.read(path, 10), await disk.list(join(folder, 'deep')))
  return seen
}

describe('the disk in memory', () => {
  test.skipIf(process.platform === 'win32')(
    'does what the disk of the machine does (but on Windows, without modes)',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'barrel-actors-disk-'))
      try {
        const real = await story(systemDisk, folder, async path => (await stat(path)).mode & 0o777)
        const disk = new MemoryDisk()
        expect(await story(disk, '/data', async path => disk.modeOf(path))).toEqual(real)
      } finally {
        await rm(folder, { recursive: true })
      }
    },
  )

  test('fails when told to, once for each time it was told, and changes nothing then', async () => {
    const disk = new MemoryDisk()
    await disk.replace('/file', bytes('old'))
    const [full, broken] = [new Error('disk full'), new Error('broken')]
    disk.failNext('replace', full)
    disk.failNext('replace', broken)
    disk.failNext('read', broken)
    await expect(disk.replace('/file', bytes('new'))).rejects.toBe(full)
    await expect(disk.replace('/file', bytes('new'))).rejects.toBe(broken)
    await expect(disk.read('/file', 10)).rejects.toBe(broken)
    expect(await disk.read('/file', 10)).toEqual(bytes('old'))
    await disk.replace('/file', bytes('new'))
    expect(await disk.read('/file', 10)).toEqual(bytes('new'))
  })

  test('loses nothing in a crash that was synced', async () => {
    const disk = new MemoryDisk()
    await disk.replace('/file', bytes('synced'))
    disk.crash()
    expect(await disk.read('/file', 10)).toEqual(bytes('synced'))
  })
})

/** A disk whose operations take 10 ms each, and what comes of a story over many seeds. */
async function outcomes(
  story: (disk: MemoryDisk, clock: VirtualClock) => Promise<unknown>,
  faults: Partial<DiskFaults> = {},
): Promise<Set<unknown>> {
  const seen = new Set<unknown>()
  for (let seed = 0; seed < 100; seed++) {
    const clock = new VirtualClock()
    const disk = new MemoryDisk({ clock, random: seededRandom(seed) })
    disk.faults = { ...diskFaultsDefaults, delayMs: 10, ...faults }
    seen.add(await story(disk, clock))
  }
  return seen
}

async function done<Value>(clock: VirtualClock, promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {})
  await clock.advance(10)
  return promise
}

const textAt = async (disk: MemoryDisk, clock: VirtualClock, path: string) =>
  new TextDecoder().decode((await done(clock, disk.read(path, 100))) ?? bytes('nothing'))

describe('the faults of the disk in memory', () => {
  test('a slow operation has happened when its time is over', async () => {
    const clock = new VirtualClock()
    const disk = new MemoryDisk({ clock })
    disk.faults = { ...diskFaultsDefaults, delayMs: 10 }
    let isDone = false
    void disk.replace('/file', bytes('new')).then(() => {
      isDone = true
    })
    await clock.advance(9)
    expect([isDone, disk.bytesUsed]).toEqual([false, 0])
    await clock.advance(1)
    expect([isDone, disk.bytesUsed]).toEqual([true, 3])
  })

  test('a crash leaves the old or the new bytes of what is being replaced, never half of them', async () => {
    const files = new Set<string>()
    const story = async (disk: MemoryDisk, clock: VirtualClock) => {
      await done(clock, disk.replace('/data/file', bytes('old')))
      let isSettled = false
      const settled = () => {
        isSettled = true
      }
      disk.replace('/data/file', bytes('new and longer')).then(settled, settled)
      disk.crash()
      const listed = await done(clock, disk.list('/data'))
      for (const name of listed)
        files.add(`${name} ${name === 'file' ? '' : await textAt(disk, clock, `/data/${name}`)}`)
      await clock.advance(100)
      // Nobody is there any more who could be told.
      expect(isSettled).toBe(false)
      return textAt(disk, clock, '/data/file')
    }
    expect(await outcomes(story)).toEqual(new Set(['old', 'new and longer']))
    expect(files).toContain('file.crash-1.tmp new')
    files.clear()
    await outcomes(story, { temporaryRate: 0 })
    expect([...files]).toEqual(['file '])
  })

  test('a removal may come back after a crash, unless a later replace has synced its folder', async () => {
    const removed = (after: string | undefined) => async (disk: MemoryDisk, clock: VirtualClock) => {
      await done(clock, disk.replace('/data/file', bytes('old')))
      await done(clock, disk.remove('/data/file'))
      if (after !== undefined) await done(clock, disk.replace(after, bytes('x')))
      disk.crash()
      return textAt(disk, clock, '/data/file')
    }
    expect(await outcomes(removed(undefined))).toEqual(new Set(['old', 'nothing']))
    expect(await outcomes(removed('/elsewhere/x'))).toEqual(new Set(['old', 'nothing']))
    expect(await outcomes(removed('/data/x'))).toEqual(new Set(['nothing']))
  })

  test('a sync that fails leaves the old bytes, or new ones that a crash may take away', async () => {
    const failed = (crashes: boolean) => async (disk: MemoryDisk, clock: VirtualClock) => {
      disk.faults = { ...disk.faults, syncFailureRate: 0 }
      await done(clock, disk.replace('/file', bytes('old')))
      disk.faults = { ...disk.faults, syncFailureRate: 1 }
      await expect(done(clock, disk.replace('/file', bytes('new')))).rejects.toMatchObject({ code: 'EIO' })
      const before = await textAt(disk, clock, '/file')
      if (crashes) disk.crash()
      return `${before} ${await textAt(disk, clock, '/file')}`
    }
    expect(await outcomes(failed(false))).toEqual(new Set(['old old', 'new new']))
    expect(await outcomes(failed(true))).toEqual(new Set(['old old', 'new new', 'new old']))
  })

  test('a full disk takes no more, and keeps what it has', async () => {
    const disk = new MemoryDisk()
    disk.faults = { ...diskFaultsDefaults, bytesMax: 10 }
    await disk.replace('/file', bytes('12345'))
    await disk.replace('/file', bytes('54321'))
    await disk.replace('/other', bytes('1'))
    await expect(disk.replace('/file', bytes('12345'))).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await disk.read('/file', 10)).toEqual(bytes('54321'))
    await disk.remove('/other')
    await disk.replace('/file', bytes('12345'))
  })
})
