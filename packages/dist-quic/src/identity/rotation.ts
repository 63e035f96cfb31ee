/**
 * New keys and new certificates on disk. What consists of several files goes through a journal, `node.next`: once
 * that is written the new key is the node's, and whoever comes next, this run or the next start, finishes the files.
 *
 *   backup -> node.next (from here on new) -> node.key -> node.pub -> succession.json -> node.next removed
 */
import { join } from 'node:path'
import type { Clock, Disk, Entropy } from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import { keyBytes, keyFilesOf, keyPairOf, seedProblem } from './keys.ts'
import { successionPathOf } from './succession-file.ts'

/** Where a folder keeps its journal. */
export function journalPathOf(keyDir: string): string {
  return join(keyDir, 'node.next')
}

/**
 * Copies those of the files that are there into a new folder under `backups`, each for its owner only. The folder, or
 * undefined where there was nothing to copy.
 * @throws E_FILE_UNWRITABLE
 */
export async function backUp(
  { disk, clock, entropy }: { disk: Disk; clock: Clock; entropy: Entropy },
  folder: string,
  names: readonly string[],
): Promise<string | undefined> {
  const time = new Date(clock.wall()).toISOString().replace(/[-:]|\.\d+/g, '')
  // Two rotations in one second, or after the clock was set back, must not meet.
  const backup = join(folder, 'backups', `${time}-${Buffer.from(entropy.bytes(8)).toString('hex')}`)
  let isEmpty = true
  for (const name of names) {
    const bytes = await guarded(join(folder, name), () => disk.read(join(folder, name), limits.certificateFileBytesMax))
    if (bytes === undefined) continue
    isEmpty = false
    await guarded(join(backup, name), () => disk.replace(join(backup, name), bytes, 0o600))
  }
  return isEmpty ? undefined : backup
}

/**
 * Writes the journal: the new private key, then the new succession file.
 * @throws E_FILE_UNWRITABLE; everything is as before then
 */
export async function writeJournal(
  disk: Disk,
  keyDir: string,
  seed: Uint8Array,
  succession: Uint8Array,
): Promise<void> {
  const path = journalPathOf(keyDir)
  await guarded(path, () => disk.replace(path, Buffer.concat([seed, succession]), 0o600))
}

/**
 * Finishes what the journal says, where there is one; may be done again after a crash at any point of it.
 * @throws E_KEY_UNREADABLE, E_KEY_INVALID, E_FILE_UNWRITABLE
 */
export async function finishJournal(disk: Disk, keyDir: string): Promise<void> {
  const path = journalPathOf(keyDir)
  const journal = await readJournal(disk, path)
  if (journal === undefined) return
  const seed = journal.slice(0, keyBytes)
  const problem = seedProblem(seed)
  if (problem !== undefined) throw quicError('E_KEY_INVALID', { path, problem })
  const files = keyFilesOf(keyDir)
  const succession = successionPathOf(keyDir)
  await guarded(files.secret, () => disk.replace(files.secret, seed, 0o600))
  await guarded(files.open, () => disk.replace(files.open, keyPairOf(seed).publicKey, 0o644))
  await guarded(succession, () => disk.replace(succession, journal.slice(keyBytes), 0o644))
  await guarded(path, () => disk.remove(path))
}

async function readJournal(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  try {
    return await disk.read(path, keyBytes + limits.successionFileBytesMax)
  } catch (error) {
    throw quicError('E_KEY_UNREADABLE', { path, problem: problemOf(error) }, error)
  }
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw quicError('E_FILE_UNWRITABLE', { path, problem: problemOf(error) }, error)
  }
}
