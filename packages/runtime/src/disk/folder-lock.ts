/** A folder that one OS process at a time holds. The system frees it when its holder ends, in whatever way. */

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { FolderLock } from './disk.ts'
import { listenAt } from './lock-socket.ts'
import { busy, lockBySockets } from './socket-lock.ts'

/**
 * Takes the folder, which is made where it is missing.
 * @throws an error with the code EBUSY where another holder lives
 */
export async function takeFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (process.platform === 'win32') return lockByPipe(folder)
  const exclusive = exclusiveFlags[process.platform]
  return exclusive === undefined ? lockBySockets(folder) : lockByOpening(folder, exclusive)
}

/** O_EXLOCK, which Node does not list: the file is opened and locked in one step. open(2) of macOS and the BSDs. */
const exclusiveFlags: { readonly [Platform in NodeJS.Platform]?: number } = {
  darwin: 0x20,
  freebsd: 0x20,
  openbsd: 0x20,
  netbsd: 0x20,
}

async function lockByOpening(folder: string, exclusive: number): Promise<FolderLock> {
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | exclusive
    const file = await open(join(folder, 'held'), flags, 0o600)
    return { release: () => file.close() }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EAGAIN' ? busy(folder) : error
  }
}

// The first instance of a pipe's name is the only one, and goes with its OS process.
async function lockByPipe(folder: string): Promise<FolderLock> {
  const hash = createHash('sha256')
    .update((await realpath(folder)).toLowerCase())
    .digest('hex')
  try {
    return { release: await listenAt(`\\\\.\\pipe\\barrel-actors-${hash}`) }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? busy(folder) : error
  }
}
