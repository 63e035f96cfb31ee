/** How bad it may get: each run draws from these what goes wrong in it. */

import type { FaultKind } from './faults.ts'

/** From one number to another. */
export type Range = readonly [min: number, max: number]

export interface FaultRanges {
  /** How often each kind of fault happens in a run. Where the least is 0, half of all runs have none of that kind. */
  readonly count: Readonly<Record<FaultKind, Range>>
  /** How long each kind lasts. */
  readonly forMs: Readonly<Record<Exclude<FaultKind, 'clockJump'>, Range>>
  /** Rates of packets; half of all runs have none of duplicationRate and reorderRate. */
  readonly lossRate: Range
  readonly duplicationRate: Range
  readonly reorderRate: Range
  readonly reorderMs: Range
  /** The median delay of the packets of a run. */
  readonly delayMs: Range
  /** For each thing that a slow node does. */
  readonly stepMs: Range
  readonly clockJumpMs: Range
  readonly drift: Range
  readonly syncFailureRate: Range
  readonly diskDelayMs: Range
}

/** Every run has loss, at least one split, and at least one crash with a restart. */
export const faultRangesDefaults: FaultRanges = {
  count: {
    split: [1, 3],
    crash: [1, 3],
    oneWayCut: [0, 3],
    clog: [0, 3],
    pause: [0, 2],
    slow: [0, 2],
    clockJump: [0, 2],
  },
  forMs: {
    split: [500, 15_000], // chosen: shorter and longer than the detection time
    crash: [10, 10_000],
    oneWayCut: [500, 15_000],
    clog: [100, 5_000], // TigerBeetle's range
    pause: [100, 12_000], // chosen: shorter than TigerBeetle's two minutes, so that a run of one minute has calm after it
    slow: [500, 10_000],
  },
  lossRate: [0.001, 0.3], // TigerBeetle's range; never none
  duplicationRate: [0, 0.5], // TigerBeetle's range
  reorderRate: [0, 0.2],
  reorderMs: [1, 500], // TigerBeetle's range
  delayMs: [0.2, 50], // chosen: from one rack to one continent
  stepMs: [0.1, 5], // chosen: 100 times what a turn takes, and more
  clockJumpMs: [-3_600_000, 3_600_000], // an hour either way
  drift: [-0.05, 0.05],
  syncFailureRate: [0, 0.05], // as lost syncs in our plan
  diskDelayMs: [0, 50],
}
