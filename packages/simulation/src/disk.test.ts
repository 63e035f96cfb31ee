import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Disk, systemDisk } from '@barrel-actors/runtime'
import { describe, expect, test } from 'vitest'
import { MemoryDisk } from './disk.ts'

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

  test('loses nothing in a crash', async () => {
    const disk = new MemoryDisk()
    await disk.replace('/file', bytes('synced'))
    disk.crash()
    expect(await disk.read('/file', 10)).toEqual(bytes('synced'))
  })
})
