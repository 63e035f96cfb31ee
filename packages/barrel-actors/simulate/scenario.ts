/** A scenario that `npm run simulate` plays with one seed after another. */

import type { FaultRanges, NodePlan, Place, Range, World } from '@barrel-actors/simulation'

export interface Scenario {
  readonly nodes: number | Range
  /** Makes the nodes; default: nodes without extensions. */
  readonly node?: (place: Place) => NodePlan
  readonly ranges?: Partial<FaultRanges>
  /** What must be reached by some seed. */
  readonly sometimes: readonly string[]
  play(world: World): Promise<void>
}
