/**
 * A lock for systems that Node offers none on. Its holder listens on a socket in the folder, which the kernel closes
 * with the OS process, also for OS processes in other containers that share the folder.
 *
 * Removing the socket of a dead holder would be a race: it may have a new holder by then. So each holder takes the next
 * number. Its socket listens under another name first and is linked to `held-<number>`, which only one can do. The
 * newest number stays when its holder goes, so numbers only grow, and the holder of the newest one is the holder:
 *
 *   newest listens?  yes -> busy
 *                    no  -> link newest + 1 -- there already, or a newer one is there now -> look again
 *                                            `- otherwise -> held
 */

import { randomBytes } from 'node:crypto'
import { type FileHandle, link, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FolderLock } from './disk.ts'
import { isListening, listenAt } from './lock-socket.ts'

/** One round is lost for each other holder that came and went meanwhile. */
const roundsMax = 100
/** So many older numbers stay: whoever lists the folder while they change always sees a new one. */
const numbersKept = 8

/** The error of a folder that has a holder. */
export function busy(folder: string): Error {
  return Object.assign(new Error(`${folder} is held`), { code: 'EBUSY' })
}

/** @throws an error with the code EBUSY where another holder lives */
export async function lockBySockets(folder: string): Promise<FolderLock> {
  const directory = await open(folder, 'r')
  try {
    const close = await holdSocket(folder, shortPath(folder, directory))
    return {
      release: async () => {
        await close()
        await directory.close()
      },
    }
  } catch (error) {
    await directory.close()
    throw error
  }
}

// The path of a socket has at most 107 bytes.
function shortPath(folder: string, directory: FileHandle): string {
  return process.platform === 'linux' ? `/proc/self/fd/${directory.fd}` : folder
}

/** Gives what ends the hold. */
async function holdSocket(folder: string, path: string): Promise<() => Promise<void>> {
  const listening = join(path, `new-${randomBytes(8).toString('hex')}`)
  const close = await listenAt(listening)
  try {
    await takeNumber(folder, path, listening)
    return close
  } catch (error) {
    await close()
    throw error
  } finally {
    await rm(listening, { force: true })
  }
}

async function takeNumber(folder: string, path: string, listening: string): Promise<void> {
  for (let round = 0; round < roundsMax; round++) {
    const newest = await newestNumber(folder)
    if (newest > 0 && (await isListening(nameOf(path, newest)))) throw busy(folder)
    const own = newest + 1
    if (!(await isLinked(listening, nameOf(path, own)))) continue
    if ((await newestNumber(folder)) === own) return forgetBefore(folder, own - numbersKept)
    await rm(nameOf(path, own), { force: true })
  }
  throw busy(folder)
}

async function isLinked(listening: string, path: string): Promise<boolean> {
  try {
    await link(listening, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function newestNumber(folder: string): Promise<number> {
  return Math.max(0, ...(await numbers(folder)))
}

async function forgetBefore(folder: string, number: number): Promise<void> {
  for (const each of await numbers(folder)) if (each < number) await rm(nameOf(folder, each), { force: true })
}

async function numbers(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names.flatMap(name => /^held-(\d{1,15})$/.exec(name)?.[1] ?? []).map(Number)
}

function nameOf(folder: string, number: number): string {
  return join(folder, `held-${number}`)
}
