/** One run of whole nodes under faults: everything in it comes from its seed. */

import type { Node, NodeName } from '@barrel-actors/runtime'
import { drawFaults } from './draw-faults.ts'
import { FaultDriver } from './fault-driver.ts'
import type { FaultRanges, Range } from './fault-ranges.ts'
import { type FaultPlan, noFaults } from './faults.ts'
import { type SimulatedNodeOptions, type SimulationOptions, simulationDefaults } from './options.ts'
import { seededRandom } from './random.ts'
import { createSimulation, type Simulation } from './simulation.ts'
import { InvariantBroken, SimulationFailure } from './simulation-failure.ts'
import { World } from './world.ts'

/** Which node is to be made. */
export interface Place {
  readonly name: NodeName
  readonly index: number
  /** 1 at first; greater by one after each crash. */
  readonly life: number
  /** All names of the run. */
  readonly names: readonly NodeName[]
  /** Of the run: options that differ from run to run are drawn from it. */
  readonly seed: number
}

/** A node of the user's making: its extensions and other options, and the actors that it starts. */
export interface NodePlan extends Omit<SimulatedNodeOptions, 'name'> {
  /** Starts its actors, at the moment when it is up. */
  readonly actors?: (node: Node) => void
}

export interface SimulateOptions {
  readonly seed?: number
  /** How many nodes, or from how many to how many. */
  readonly nodes?: number | Range
  /** Makes the nodes: called for every life of every one. Default: nodes without extensions. */
  readonly node?: (place: Place) => NodePlan
  /** A run takes at least so much virtual time. The first two thirds have faults. */
  readonly durationMs?: number
  /** What goes wrong. Default: what the seed draws from `ranges`. */
  readonly faults?: FaultPlan | 'none'
  readonly ranges?: Partial<FaultRanges>
  readonly simulation?: Omit<SimulationOptions, 'seed' | 'note' | 'arrived' | 'check'>
  /** What a failure tells to run: the command, to which `--seed` and the seed are added. */
  readonly command?: string
}

export type Scenario = (world: World) => void | Promise<void>

export interface RunResult {
  readonly seed: number
  /** The same for two runs that went the same way, event by event. */
  readonly traceHash: string
  readonly virtualMs: number
  readonly nodes: number
  /** How often each point was reached: those of the scenario, and every kind of fault. */
  readonly reached: ReadonlyMap<string, number>
}

export const simulateDefaults = {
  nodes: [3, 7] as Range, // chosen: enough for splits with three parts, and quick
  durationMs: 60_000, // chosen: longer than every default time-out of the runtime
  faultsShare: 2 / 3, // chosen: the calm after it is longer than the detection time
  command: 'npm run simulate --',
} as const

/**
 * Runs whole nodes under the faults of a seed. The scenario starts when all nodes run; faults come while it lets time
 * pass. Every invariant that it sets is checked after every event.
 * @throws SimulationFailure
 */
export async function simulate(options: SimulateOptions, scenario: Scenario): Promise<RunResult> {
  const run = new Run(options)
  try {
    await run.play(scenario)
  } catch (error) {
    throw run.failureOf(error)
  }
  return run.result
}

class Run {
  readonly #options: SimulateOptions
  readonly #seed: number
  readonly #simulation: Simulation
  readonly #world: World
  readonly #lives = new Map<NodeName, number>()
  #isChecked = true

  constructor(options: SimulateOptions) {
    this.#options = options
    this.#seed = options.seed ?? simulationDefaults.seed
    const random = seededRandom(`${this.#seed} faults`)
    const names = namesOf(options.nodes ?? simulateDefaults.nodes, random)
    const faultsMs = (options.durationMs ?? simulateDefaults.durationMs) * simulateDefaults.faultsShare
    const { faults = drawFaults(random, { names, withinMs: faultsMs, ranges: options.ranges ?? {} }) } = options
    this.#simulation = createSimulation({
      ...options.simulation,
      seed: this.#seed,
      note: (node, what) => this.#world.noted(node, what),
      arrived: (from, to, signal) => this.#world.arrived(from, to, signal),
      check: () => {
        if (this.#isChecked) this.#world.check()
      },
    })
    this.#world = new World({
      simulation: this.#simulation,
      names,
      random: seededRandom(`${this.#seed} scenario`),
      faults: faults === 'none' ? noFaults : faults,
      faultsMs,
    })
  }

  async play(scenario: Scenario): Promise<void> {
    const world = this.#world
    const driver = new FaultDriver(this.#simulation, world.names, {
      restart: name => this.#start(name),
      reached: name => world.reached(name),
    })
    world.drivenBy(driver)
    for (const name of world.names) await this.#simulation.until(this.#start(name))
    driver.start(world.faults)
    await scenario(world)
    const leftMs = (this.#options.durationMs ?? simulateDefaults.durationMs) - world.nowMs
    if (leftMs > 0) await this.#simulation.advance(leftMs)
    driver.end()
    world.check()
    // From here on nodes stop, and what held may not hold any more.
    this.#isChecked = false
    await this.#simulation[Symbol.asyncDispose]()
  }

  get result(): RunResult {
    const { traceHash, clock } = this.#simulation
    const { names, reachedCounts } = this.#world
    return { seed: this.#seed, traceHash, virtualMs: clock.now(), nodes: names.length, reached: reachedCounts }
  }

  failureOf(error: unknown): SimulationFailure {
    return new SimulationFailure(error, {
      seed: this.#seed,
      virtualMs: this.#simulation.clock.now(),
      invariant: error instanceof InvariantBroken ? error.invariant : undefined,
      command: `${this.#options.command ?? simulateDefaults.command} --seed ${this.#seed}`,
      trace: this.#simulation.trace,
    })
  }

  async #start(name: NodeName): Promise<void> {
    const { names } = this.#world
    const life = (this.#lives.get(name) ?? 0) + 1
    this.#lives.set(name, life)
    const place = { name, index: names.indexOf(name), life, names, seed: this.#seed }
    const plan = this.#options.node?.(place) ?? {}
    const { actors, ...options } = plan
    const node = await this.#simulation.launchNode({ ...options, name })
    actors?.(node)
    this.#world.started(node)
  }
}

function namesOf(nodes: number | Range, random: { next(): number }): NodeName[] {
  const [min, max] = typeof nodes === 'number' ? [nodes, nodes] : nodes
  const count = min + Math.floor(random.next() * (max - min + 1))
  return Array.from({ length: count }, (_, index) => `n${index + 1}@sim`)
}
