export type { VirtualClockOptions } from './clock.ts'
export { VirtualClock } from './clock.ts'
export type { DiskOperation } from './disk.ts'
export { MemoryDisk } from './disk.ts'
export { limits } from './limits.ts'
export type { MemoryCarrierOptions } from './memory-carrier.ts'
export { memoryCarrier, memoryCarrierKey } from './memory-carrier.ts'
export { MemoryNetwork } from './network.ts'
export type {
  Delay,
  NetworkOptions,
  NodeRef,
  SimulatedNodeOptions,
  SimulationOptions,
  WithinOptions,
} from './options.ts'
export { networkDefaults, simulationDefaults } from './options.ts'
export type { Seed } from './random.ts'
export { seededEntropy, seededRandom } from './random.ts'
export { createSimulation, type Simulation } from './simulation.ts'
export { VirtualTurns } from './turns.ts'
