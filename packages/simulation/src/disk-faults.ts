/** What is wrong with a disk in memory. */

import { constantDelay, type Delay } from './delays.ts'

export interface DiskFaults {
  /** How long each operation takes, in virtual time. Default 0: it has happened when it is asked for. */
  readonly delayMs: Delay
  /** Files take no more than this together, and a `replace` needs room for the new bytes beside the old. Default: no end. */
  readonly bytesMax: number
  /**
   * How many `replace` fail because a sync does, from 0 to 1. Half of them change nothing; of the others the file has
   * the new bytes until a crash, and after it the old or the new ones.
   */
  readonly syncFailureRate: number
  /** In a crash, how many removals come back that no later `replace` in their folder has synced. */
  readonly lostRemovalRate: number
  /** In a crash, how many of the `replace` under way leave a temporary file, with some of the bytes. */
  readonly temporaryRate: number
}

export const diskFaultsDefaults: DiskFaults = {
  delayMs: constantDelay(0),
  bytesMax: Infinity,
  syncFailureRate: 0,
  // A removal is not synced: the contract of Disk does not say so.
  lostRemovalRate: 0.5,
  temporaryRate: 0.5,
}
