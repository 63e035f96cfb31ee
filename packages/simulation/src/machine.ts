/** What stays of a node when its OS process is gone: its disk and its clocks. */

import type { Node } from '@barrel-actors/runtime'
import type { MemoryDisk } from './disk.ts'
import type { MachineClock } from './machine-clock.ts'
import type { OSProcess } from './os-process.ts'

export interface Machine {
  readonly disk: MemoryDisk
  readonly clock: MachineClock
  lives: number
  /** How long each thing takes that its node does. */
  stepMs: number
  /** Counts the times that it was paused and went on again. */
  pauses: number
  /** The node that was started last, and what it runs in. */
  node: Node | undefined
  osProcess: OSProcess | undefined
}
