export type { VirtualClockOptions } from './clock.ts'
export { VirtualClock } from './clock.ts'
export type { Delay } from './delays.ts'
export { constantDelay, exponentialDelay, lognormalDelay, uniformDelay } from './delays.ts'
export type { DiskOperation, MemoryDiskOptions } from './disk.ts'
export { MemoryDisk } from './disk.ts'
export type { DiskFaults } from './disk-faults.ts'
export { diskFaultsDefaults } from './disk-faults.ts'
export { drawFaults } from './draw-faults.ts'
export type { FaultRanges, Range } from './fault-ranges.ts'
export { faultRangesDefaults } from './fault-ranges.ts'
export type { Fault, FaultKind, FaultPlan } from './faults.ts'
export { noFaults } from './faults.ts'
export { limits } from './limits.ts'
export type { MemoryCarrierOptions } from './memory-carrier.ts'
export { memoryCarrier, memoryCarrierKey } from './memory-carrier.ts'
export { MemoryNetwork } from './network.ts'
export type {
  Arrived,
  CutOptions,
  NetworkOptions,
  NodeRef,
  SimulatedNodeOptions,
  SimulationOptions,
  WayOptions,
  WithinOptions,
} from './options.ts'
export { networkDefaults, simulationDefaults, wayDefaults } from './options.ts'
export type { Seed } from './random.ts'
export { seededEntropy, seededRandom } from './random.ts'
export type { SeedsOptions, SeedsReport } from './seeds.ts'
export { seedsFrom, simulateSeeds } from './seeds.ts'
export type { NodePlan, Place, RunResult, Scenario, SimulateOptions } from './simulate.ts'
export { simulate, simulateDefaults } from './simulate.ts'
export { createSimulation, type Simulation } from './simulation.ts'
export { SimulationFailure } from './simulation-failure.ts'
export { VirtualTurns } from './turns.ts'
export type { Invariant, World } from './world.ts'
