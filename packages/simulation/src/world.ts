/** What a scenario sees of its run: the nodes, chance, and what must hold. */

import type { Node, NodeName, Random, Signal } from '@barrel-actors/runtime'
import type { FaultDriver } from './fault-driver.ts'
import type { FaultPlan } from './faults.ts'
import type { Arrived } from './options.ts'
import type { Simulation } from './simulation.ts'
import { InvariantBroken } from './simulation-failure.ts'
import type { Note } from './trace.ts'

/** Says what is wrong: by a text that it returns, or by an error. Must be quick, and change nothing. */
export type Invariant = () => string | undefined | void

export interface WorldParts {
  readonly simulation: Simulation
  readonly names: readonly NodeName[]
  readonly random: Random
  readonly faults: FaultPlan
  readonly faultsMs: number
}

export class World {
  readonly simulation: Simulation
  /** The names of all nodes, whether they run or not. */
  readonly names: readonly NodeName[]
  /** For the scenario: what nodes and faults draw does not shift it. */
  readonly random: Random
  /** What goes wrong in this run. */
  readonly faults: FaultPlan
  /** When the last fault is over, in virtual time. */
  readonly faultsMs: number
  readonly #nodes = new Map<NodeName, Node>()
  readonly #invariants = new Map<string, Invariant>()
  readonly #reached = new Map<string, number>()
  readonly #listeners: Note[] = []
  readonly #onSignal: Arrived[] = []
  readonly #starters: ((node: Node) => void)[] = []
  #driver: FaultDriver | undefined

  /** Use `simulate`. */
  constructor({ simulation, names, random, faults, faultsMs }: WorldParts) {
    this.simulation = simulation
    this.names = names
    this.random = random
    this.faults = faults
    this.faultsMs = faultsMs
  }

  get seed(): number {
    return this.simulation.seed
  }

  /** Virtual time, in milliseconds since the start. */
  get nowMs(): number {
    return this.simulation.clock.now()
  }

  /** The nodes that are not killed, in the order of their names; some may be paused. */
  get nodes(): Node[] {
    return this.names.flatMap(name => this.node(name) ?? [])
  }

  /** The node of that name; undefined while it is killed. */
  node(name: NodeName): Node | undefined {
    return this.#driver?.isDown(name) === true ? undefined : this.#nodes.get(name)
  }

  /** Starts the actors of the scenario: on every node that runs now, and on each that starts later, in every life. */
  eachNode(start: (node: Node) => void): void {
    this.#starters.push(start)
    for (const node of this.nodes) start(node)
  }

  /** From now on this must hold: it is checked after every event, and the run fails where it does not. */
  invariant(name: string, check: Invariant): void {
    this.#invariants.set(name, check)
  }

  /** Counts that a rare thing has happened. A report over many seeds says what never did. */
  reached(name: string): void {
    this.#reached.set(name, (this.#reached.get(name) ?? 0) + 1)
  }

  /** Is told every line of the trace from now on, at the moment when it is written. */
  onNote(listener: Note): void {
    this.#listeners.push(listener)
  }

  /** Is told of each signal that arrives at a node from now on, before the node takes it: what went over the wire. */
  onSignal(listener: Arrived): void {
    this.#onSignal.push(listener)
  }

  /** One of them, by chance; undefined where there is none. */
  pick<Value>(values: readonly Value[]): Value | undefined {
    return values[Math.floor(this.random.next() * values.length)]
  }

  /** One of them by the seed, each as likely as its weight is large; undefined where there is none. */
  pickWeighted<Value>(weighted: readonly (readonly [weight: number, value: Value])[]): Value | undefined {
    let at = this.random.next() * weighted.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, value] of weighted) {
      at -= weight
      if (at < 0) return value
    }
    // Sums of fractions may come out a little short.
    return weighted.at(-1)?.[1]
  }

  /** Lets that much time pass. */
  async pass(ms: number): Promise<void> {
    await this.simulation.advance(ms)
  }

  /** Ends the faults, waits until every node runs, and lets that much time pass in which nothing goes wrong. */
  async calm(ms: number): Promise<void> {
    this.#driver?.end()
    await this.simulation.eventually(() => this.nodes.length === this.names.length)
    this.simulation.network.note('simulation', 'calm')
    await this.simulation.advance(ms)
  }

  /** @internal */
  get reachedCounts(): ReadonlyMap<string, number> {
    return this.#reached
  }

  /** @internal */
  drivenBy(driver: FaultDriver): void {
    this.#driver = driver
  }

  /** @internal */
  started(node: Node): void {
    this.#nodes.set(node.name, node)
    this.#driver?.started(node.name)
    for (const start of this.#starters) start(node)
  }

  /** @internal */
  noted(node: NodeName, what: string): void {
    for (const listener of this.#listeners) listener(node, what)
  }

  /** @internal */
  arrived(from: NodeName, to: NodeName, signal: Signal): void {
    for (const listener of this.#onSignal) listener(from, to, signal)
  }

  /** @internal @throws InvariantBroken */
  check(): void {
    for (const [name, check] of this.#invariants) {
      let problem: string | undefined | void
      try {
        problem = check()
      } catch (error) {
        throw new InvariantBroken(name, (error as Error).message, error)
      }
      if (problem !== undefined) throw new InvariantBroken(name, problem, undefined)
    }
  }
}
