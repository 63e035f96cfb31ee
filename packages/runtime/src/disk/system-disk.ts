import { constants, type Stats } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Disk } from './disk.ts'
import { takeFolder } from './folder-lock.ts'

let tempSerial = 0

/** The machine's own files. */
export const systemDisk: Disk = {
  async read(path, bytesMax, readers = 'anyone') {
    const file = await openExisting(path)
    if (file === undefined) return undefined
    await using _ = file
    const stats = await file.stat()
    checkKind(path, stats)
    if (readers === 'owner') checkReaders(path, stats)
    if (stats.size > bytesMax) throw tooLarge(path, bytesMax)
    return await readBounded(file, path, bytesMax)
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

  async lock(folder, holder) {
    const path = join(folder, 'holder')
    try {
      const lock = await takeFolder(folder)
      await noteHolder(path, holder)
      return lock
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
      throw errorOf('EBUSY', `${await readHolder(path)} holds ${folder}`)
    }
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

// Without O_NONBLOCK a FIFO keeps a thread until somebody writes, and Node has four of them. Windows has no such flag.
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)
const chunkBytes = 64 * 1024

// It is there for the error of others only.
async function noteHolder(path: string, holder: string): Promise<void> {
  await systemDisk.replace(path, Buffer.from(`${holder}, OS process ${process.pid}\n`)).catch(() => {})
}

const holderBytesMax = 1024

async function readHolder(path: string): Promise<string> {
  const bytes = await systemDisk.read(path, holderBytesMax).catch(() => undefined)
  return bytes === undefined ? 'another OS process' : Buffer.from(bytes).toString().trim()
}

async function openExisting(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, readFlags)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function checkKind(path: string, stats: Stats): void {
  if (stats.isDirectory()) throw errorOf('EISDIR', `${path} is a folder`)
  if (!stats.isFile()) throw errorOf('EINVAL', `${path} is not a regular file`)
}

/** The rights of everybody but the owner. */
const othersMask = 0o077

function checkReaders(path: string, { mode }: Stats): void {
  // Windows says nothing here about who may read.
  if (process.platform === 'win32' || (mode & othersMask) === 0) return
  throw errorOf('EPERM', `${path} is open to others than its owner (mode ${(mode & 0o777).toString(8)})`)
}

// The size that a file states may be wrong: it grows meanwhile, or is made as it is read.
async function readBounded(file: FileHandle, path: string, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const chunk = new Uint8Array(Math.min(chunkBytes, bytesMax + 1 - length))
    const { bytesRead } = await file.read(chunk, 0, chunk.length, length)
    if (bytesRead === 0) break
    length += bytesRead
    if (length > bytesMax) throw tooLarge(path, bytesMax)
    chunks.push(chunk.subarray(0, bytesRead))
  }
  return new Uint8Array(Buffer.concat(chunks))
}

function tooLarge(path: string, bytesMax: number): Error {
  return errorOf('EFBIG', `${path} is larger than ${bytesMax} bytes`)
}

function errorOf(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
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
