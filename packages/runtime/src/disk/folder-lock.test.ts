import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FolderLock } from './disk.ts'
import { lockBySockets } from './socket-lock.ts'
import { systemDisk } from './system-disk.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'barrel-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const lock = (path = folder) => systemDisk.lock(path, 'a test')
/** The lock, or the code of the error. */
const tried = (locking: Promise<FolderLock>) => locking.catch(error => error.code as string)

test('a folder has one holder, who is named to others, and is free when it is released', async () => {
  const held = await lock()
  await expect(lock()).rejects.toMatchObject({
    code: 'EBUSY',
    message: `a test, OS process ${process.pid} holds ${folder}`,
  })
  await held.release()
  await (await lock()).release()
})

test('a folder is one by whatever path, and however long it is', async () => {
  const long = join(folder, ...Array.from({ length: 4 }, () => 'long'.repeat(20)))
  const held = await lock(long)
  await symlink(long, join(folder, 'link'))
  expect(await tried(lock(join(folder, 'link')))).toBe('EBUSY')
  await held.release()
})

test('a folder that cannot be made is an error of the disk', async () => {
  await systemDisk.replace(join(folder, 'file'), new Uint8Array(1))
  expect(await tried(lock(join(folder, 'file', 'folder')))).toBe('ENOTDIR')
})

test.skipIf(process.platform === 'win32')(
  'of many who take a folder at the same moment one has it, again and again (Windows has pipes)',
  async () => {
    for (let round = 0; round < 30; round++) {
      const all = await Promise.all(Array.from({ length: 10 }, () => tried(lockBySockets(folder))))
      const holders = all.filter(each => typeof each === 'object')
      expect(holders).toHaveLength(1)
      expect(all.filter(each => each === 'EBUSY')).toHaveLength(9)
      await (holders[0] as FolderLock).release()
    }
    expect((await readdir(folder)).length).toBeLessThan(12)
  },
)

test.skipIf(process.platform === 'win32')(
  'while holders come and go there are never two (Windows has pipes)',
  async () => {
    let holders = 0
    let taken = 0
    const comesAndGoes = async () => {
      for (let tries = 0; tries < 60; tries++) {
        const held = await tried(lockBySockets(folder))
        if (typeof held === 'string') continue
        taken++
        expect(++holders).toBe(1)
        await new Promise(resolve => setImmediate(resolve))
        holders--
        await held.release()
      }
    }
    await Promise.all(Array.from({ length: 6 }, comesAndGoes))
    expect(taken).toBeGreaterThan(10)
  },
)
