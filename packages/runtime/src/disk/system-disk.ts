import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Disk } from './disk.ts'

let tempSerial = 0

/** The machine's own files. */
export const systemDisk: Disk = {
  async read(path, bytesMax) {
    const file = await openExisting(path)
    if (file === undefined) return undefined
    await using _ = file
    const { size } = await file.stat()
    if (size > bytesMax) throw Object.assign(new Error(`${path} is larger than ${bytesMax} bytes`), { code: 'EFBIG' })
    return new Uint8Array(await file.readFile())
  },

  async replace(path, bytes, mode = 0o600) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const temporary = `${path}.${process.pid}-${++tempSerial}.tmp`
    try {
      await writeSynced(temporary, bytes, mode)
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await syncFolder(dirname(path))
  },

  async remove(path) {
    await rm(path, { force: true })
  },

  async list(folder) {
    try {
      return (await readdir(folder)).sort()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  },
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function writeSynced(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  // A crash may have left it: in a container every run has the same process id.
  await rm(path, { force: true })
  await using file = await open(path, 'wx', mode)
  // The mode given to open() is cut by the umask; this one is not.
  await file.chmod(mode)
  await file.writeFile(bytes)
  await file.sync()
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder; there the rename itself is what is kept.
  if (process.platform === 'win32') return
  await using handle = await open(folder, 'r')
  await handle.sync()
}
