/**
 * Bugs that are planted on purpose, each into a copy: tests of the scenarios. `from` stands in its file exactly once.
 * `npm run simulate -- planted` shows which seed finds each.
 */

import { detector, extension, hyparview, plumtree } from './membership.ts'
import { processes, signals } from './runtime.ts'

export interface PlantedBug {
  readonly name: string
  readonly protocol: 'processes' | 'signals between nodes' | 'HyParView' | 'Plumtree' | 'failure detector' | 'extension'
  readonly scenario: 'processes' | 'membership'
  readonly file: string
  readonly from: string
  readonly to: string
}

export type Rows = readonly (readonly [name: string, file: string, from: string, to: string])[]

const folders = {
  processes: 'packages/runtime/src/process/',
  'signals between nodes': 'packages/runtime/src/remote/',
  HyParView: 'packages/membership/src/hyparview/',
  Plumtree: 'packages/membership/src/plumtree/',
  'failure detector': 'packages/membership/src/detector/',
  extension: 'packages/membership/src/',
} as const satisfies Record<PlantedBug['protocol'], string>

function bugsOf(protocol: PlantedBug['protocol'], scenario: PlantedBug['scenario'], rows: Rows): PlantedBug[] {
  return rows.map(([name, file, from, to]) => ({ name, protocol, scenario, file: folders[protocol] + file, from, to }))
}

export const plantedBugs: readonly PlantedBug[] = [
  ...bugsOf('processes', 'processes', processes),
  ...bugsOf('signals between nodes', 'processes', signals),
  ...bugsOf('HyParView', 'membership', hyparview),
  ...bugsOf('Plumtree', 'membership', plumtree),
  ...bugsOf('failure detector', 'membership', detector),
  ...bugsOf('extension', 'membership', extension),
]
