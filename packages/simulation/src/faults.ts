/** What goes wrong in one run, as plain data: drawn from the seed, or written by hand. */

import type { NodeName } from '@barrel-actors/runtime'
import type { DiskFaults } from './disk-faults.ts'
import type { WayOptions } from './options.ts'

/** Something that begins at a time, and ends after `forMs`. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'split'; readonly groups: readonly (readonly NodeName[])[]; readonly forMs: number }
  | { readonly kind: 'oneWayCut' | 'clog'; readonly from: NodeName; readonly to: NodeName; readonly forMs: number }
  /** The node is killed, and started again on the same disk. */
  | { readonly kind: 'crash'; readonly node: NodeName; readonly forMs: number }
  | { readonly kind: 'pause'; readonly node: NodeName; readonly forMs: number }
  | { readonly kind: 'slow'; readonly node: NodeName; readonly stepMs: number; readonly forMs: number }
  | { readonly kind: 'clockJump'; readonly node: NodeName; readonly byMs: number }
)

export type FaultKind = Fault['kind']

export interface FaultPlan {
  /** What happens to packets until the faults end. */
  readonly network: Partial<WayOptions>
  /** What is wrong with the disks until the faults end. */
  readonly disk: Partial<DiskFaults>
  /** How much faster than true time the clocks of each node run. */
  readonly drift: Readonly<Record<NodeName, number>>
  /** In the order of their times. */
  readonly schedule: readonly Fault[]
}

/** Nothing goes wrong. */
export const noFaults: FaultPlan = { network: {}, disk: {}, drift: {}, schedule: [] }
