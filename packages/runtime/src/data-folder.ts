/** The data folder of a node, which one OS process at a time uses: two of them would have one name, key and creation. */

import { join } from 'node:path'
import type { Clock } from './clock/clock.ts'
import type { Disk, FolderLock } from './disk/disk.ts'
import { runtimeError } from './errors.ts'
import type { NodeName } from './node-name.ts'

/** How long a node that shares its folder waits while another one starts in it. */
const sharedWaitMs = 5_000
const sharedStepMs = 50

export interface DataFolder {
  readonly dataDir: string
  readonly isShared: boolean
}

/**
 * Holds the folder for a node of that name.
 * @throws E_DATA_IN_USE, E_CREATION_UNREADABLE
 */
export async function holdDataFolder(
  { dataDir, isShared }: DataFolder,
  name: NodeName,
  { clock, disk }: { clock: Clock; disk: Disk },
): Promise<FolderLock> {
  const folder = join(dataDir, 'lock')
  const holder = `${name}, started ${new Date(clock.wall()).toISOString()}`
  const untilMs = isShared ? clock.now() + sharedWaitMs : 0
  for (;;) {
    try {
      return await disk.lock(folder, holder)
    } catch (error) {
      const { code, message: problem } = error as NodeJS.ErrnoException
      if (code !== 'EBUSY') throw runtimeError('E_CREATION_UNREADABLE', { path: folder, problem }, error)
      if (clock.now() >= untilMs) throw runtimeError('E_DATA_IN_USE', { folder: dataDir, problem }, error)
      await new Promise<void>(resolve => clock.setTimer(sharedStepMs, resolve).keepAlive(true))
    }
  }
}
