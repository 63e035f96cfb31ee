import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemDisk } from './system-disk.ts'

let folder: string
let umask: number
const bytes = (text: string) => new TextEncoder().encode(text)
const modeOf = async (path: string) => (await stat(path)).mode & 0o777

beforeEach(async () => {
  umask = process.umask()
  folder = await mkdtemp(join(tmpdir(), 'barrel-disk-'))
})

afterEach(async () => {
  process.umask(umask)
  await rm(folder, { recursive: true, force: true })
})

/** Every mode that the temporary file had while it was written, seen from outside. */
async function modesWhileWriting(write: Promise<void>): Promise<Set<number>> {
  const modes = new Set<number>()
  let done = false
  const watching = (async () => {
    while (!done) {
      for (const name of await readdir(folder)) {
        const { mode, size } = await stat(join(folder, name)).catch(() => ({ mode: 0o600, size: 0 }))
        if (size > 0) modes.add(mode & 0o777)
      }
    }
  })()
  await write
  done = true
  await watching
  return modes
}

test.each([0o000, 0o022, 0o077])('a file has mode 0600 from its first byte on under umask %i', async mask => {
  process.umask(mask)
  const path = join(folder, 'secret')
  const modes = await modesWhileWriting(systemDisk.replace(path, new Uint8Array(8 * 1024 * 1024)))
  expect([...modes].filter(mode => mode !== 0o600)).toEqual([])
  expect(await modeOf(path)).toBe(0o600)
})

test('another mode holds whatever the umask', async () => {
  process.umask(0o077)
  await systemDisk.replace(join(folder, 'public'), bytes('x'), 0o644)
  expect(await modeOf(join(folder, 'public'))).toBe(0o644)
})

test('folders that are missing are made for the owner alone', async () => {
  process.umask(0)
  await systemDisk.replace(join(folder, 'a', 'b', 'file'), bytes('x'))
  expect([await modeOf(join(folder, 'a')), await modeOf(join(folder, 'a', 'b'))]).toEqual([0o700, 0o700])
})

test('replace replaces the whole file and leaves no other', async () => {
  const path = join(folder, 'file')
  await systemDisk.replace(path, bytes('a long first content'))
  await systemDisk.replace(path, bytes('short'))
  expect(await readFile(path, 'utf8')).toBe('short')
  expect(await readdir(folder)).toEqual(['file'])
})

test('a reader never sees half of a file', async () => {
  const path = join(folder, 'file')
  const contents = ['a', 'b'].map(letter => bytes(letter.repeat(300_000)))
  await systemDisk.replace(path, contents[0] as Uint8Array)
  let done = false
  const seen = new Set<string>()
  const reading = (async () => {
    while (!done) {
      const text = await readFile(path, 'utf8')
      seen.add(`${text.length} ${[...new Set(text)].join('')}`)
    }
  })()
  for (let round = 0; round < 10; round++) await systemDisk.replace(path, contents[round % 2] as Uint8Array)
  done = true
  await reading
  expect([...seen].sort()).toEqual(expect.arrayContaining(['300000 a']))
  expect([...seen].filter(content => !/^300000 [ab]$/.test(content))).toEqual([])
})

test('replaces at the same time each leave a whole file', async () => {
  const path = join(folder, 'file')
  await Promise.all(Array.from({ length: 20 }, (_, index) => systemDisk.replace(path, bytes(`content ${index}`))))
  expect(await readFile(path, 'utf8')).toMatch(/^content \d+$/)
  expect(await readdir(folder)).toEqual(['file'])
})

test('a replace that fails says so, keeps the old and leaves nothing half-written', async () => {
  await mkdir(join(folder, 'taken', 'by a folder'), { recursive: true })
  await expect(systemDisk.replace(join(folder, 'taken'), bytes('x'))).rejects.toMatchObject({
    code: expect.any(String),
  })
  await writeFile(join(folder, 'file'), 'old')
  await expect(systemDisk.replace(join(folder, 'file', 'below a file'), bytes('x'))).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['file', 'taken'])
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('old')
})

test('what a crash left behind under the name of a temporary file does not get in the way', async () => {
  // In a container every run has the same process id, so a crashed one leaves just the names that this one takes.
  for (let serial = 0; serial < 500; serial++)
    await writeFile(join(folder, `file.${process.pid}-${serial}.tmp`), 'left')
  await systemDisk.replace(join(folder, 'file'), bytes('new'))
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('new')
})

test('a file that is not there is undefined, one that cannot be read is an error', async () => {
  expect(await systemDisk.read(join(folder, 'none'), 100)).toBeUndefined()
  await expect(systemDisk.read(folder, 100_000)).rejects.toMatchObject({ code: 'EISDIR' })
})

test('a file is read up to its bound and refused past it', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'x'.repeat(100))
  expect(await systemDisk.read(path, 100)).toEqual(new Uint8Array(100).fill(120))
  await expect(systemDisk.read(path, 99)).rejects.toMatchObject({ code: 'EFBIG' })
})

test.skipIf(process.platform === 'win32')(
  'what is not a regular file is refused, and keeps nobody waiting (not on Windows)',
  async () => {
    const fifos = Array.from({ length: 8 }, (_, index) => join(folder, `fifo ${index}`))
    execFileSync('mkfifo', fifos)
    await symlink('/dev/zero', join(folder, 'endless'))
    await using server = createServer().listen(join(folder, 'socket'))
    await once(server, 'listening')
    const problems = [...fifos, join(folder, 'endless')].map(path =>
      expect(systemDisk.read(path, 100)).rejects.toThrow(`${path} is not a regular file`),
    )
    await Promise.all(problems)
    await expect(systemDisk.read(join(folder, 'socket'), 100)).rejects.toMatchObject({ code: 'ENXIO' })
  },
)

test.skipIf(process.platform !== 'linux')(
  'a file that states no size is read up to its bound (of Linux, in proc)',
  async () => {
    const path = '/proc/self/maps'
    expect((await systemDisk.read(path, 16 * 1024 * 1024))?.length).toBeGreaterThan(1000)
    await expect(systemDisk.read(path, 1000)).rejects.toMatchObject({ code: 'EFBIG' })
  },
)

test('a file of several chunks is read whole', async () => {
  const content = new Uint8Array(200_000).map((_, index) => index)
  await writeFile(join(folder, 'file'), content)
  expect(await systemDisk.read(join(folder, 'file'), 200_000)).toEqual(content)
})

test.skipIf(process.platform === 'win32')(
  'a secret that its group or others have rights to is refused (Windows has no modes)',
  async () => {
    const path = join(folder, 'secret')
    await writeFile(path, 'x')
    for (const mode of [0o600, 0o400, 0o700]) {
      await chmod(path, mode)
      expect(await systemDisk.read(path, 1, 'owner')).toEqual(bytes('x'))
    }
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o601]) {
      await chmod(path, mode)
      await expect(systemDisk.read(path, 1, 'owner')).rejects.toMatchObject({ code: 'EPERM' })
      expect(await systemDisk.read(path, 1)).toEqual(bytes('x'))
    }
  },
)

test('names are listed sorted, and none where there is no folder', async () => {
  for (const name of ['b', 'a', 'c']) await writeFile(join(folder, name), '')
  expect(await systemDisk.list(folder)).toEqual(['a', 'b', 'c'])
  expect(await systemDisk.list(join(folder, 'none'))).toEqual([])
})

test('remove removes, and is harmless where there is nothing', async () => {
  await writeFile(join(folder, 'file'), '')
  await systemDisk.remove(join(folder, 'file'))
  await systemDisk.remove(join(folder, 'file'))
  expect(await readdir(folder)).toEqual([])
})
