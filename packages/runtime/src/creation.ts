/** Which life of its name a node is: a number that grows with every start. */

import { join } from 'node:path'
import type { Clock } from './clock/clock.ts'
import type { Disk } from './disk/disk.ts'
import { runtimeError } from './errors.ts'
import type { NodeName } from './node-name.ts'

const creationBytesMax = 64

const lastCreations = new Map<NodeName, number>()

/**
 * Above every earlier one on this disk, and above the seconds of the wall clock at earlier starts.
 * @throws E_CREATION_UNREADABLE as a rejection
 */
export async function nextCreation(clock: Clock, disk: Disk, dataDir: string): Promise<number> {
  const path = join(dataDir, 'creation')
  try {
    const stored = await disk.read(path, creationBytesMax)
    const creation = Math.max(secondsOf(clock), stored === undefined ? 0 : parseCreation(stored) + 1)
    await disk.replace(path, new TextEncoder().encode(`${creation}\n`), 0o600)
    return creation
  } catch (error) {
    throw runtimeError('E_CREATION_UNREADABLE', { path, problem: (error as Error).message }, error)
  }
}

/** Without a disk: two lives within one second of one OS process are told apart all the same. */
export function creationWithoutDisk(name: NodeName, clock: Clock): number {
  const creation = Math.max(secondsOf(clock), (lastCreations.get(name) ?? 0) + 1)
  lastCreations.set(name, creation)
  return creation
}

function secondsOf(clock: Clock): number {
  return Math.floor(clock.wall() / 1000)
}

function parseCreation(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes).trim()
  if (!/^\d{1,15}$/.test(text)) throw new Error('it is not a number')
  return Number(text)
}
