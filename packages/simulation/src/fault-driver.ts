/** Brings about what a plan says, while time passes. */

import { givenOptions, type NodeName } from '@barrel-actors/runtime'
import { diskFaultsDefaults } from './disk-faults.ts'
import type { Fault, FaultPlan } from './faults.ts'
import type { Simulation } from './simulation.ts'

export interface FaultHooks {
  /** Starts a node again that was killed; rejects where its disk does not let it. */
  restart(name: NodeName): Promise<unknown>
  reached(name: string): void
}

// A machine whose disk fails while its node starts is started again by whoever looks after it.
const restartAgainMs = 250

export class FaultDriver {
  readonly #simulation: Simulation
  readonly #names: readonly NodeName[]
  readonly #hooks: FaultHooks
  readonly #down = new Set<NodeName>()
  /** How many faults are under way of what can have several at once. */
  readonly #held = new Map<string, number>()
  #isOver = false

  constructor(simulation: Simulation, names: readonly NodeName[], hooks: FaultHooks) {
    this.#simulation = simulation
    this.#names = names
    this.#hooks = hooks
  }

  /** Whether a node is killed and has not come back. */
  isDown(name: NodeName): boolean {
    return this.#down.has(name)
  }

  /** It has come back. */
  started(name: NodeName): void {
    this.#down.delete(name)
  }

  start(plan: FaultPlan): void {
    const { clock, network } = this.#simulation
    network.change(plan.network)
    for (const name of this.#names) {
      this.#simulation.disk(name).faults = { ...diskFaultsDefaults, ...givenOptions(plan.disk ?? {}) }
      this.#drift(name, plan.drift[name] ?? 0)
    }
    for (const fault of plan.schedule) {
      clock.setTimer(fault.atMs - clock.now(), () => {
        if (!this.#isOver) this.#begin(fault)
      })
    }
  }

  /** Ends every fault: all ways are open, all nodes run or are about to, packets are lost no more. Clocks drift no more. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#simulation.network.healAll()
    this.#simulation.network.change({ lossRate: 0, duplicationRate: 0, reorderRate: 0 })
    for (const name of this.#names) {
      this.#simulation.disk(name).faults = diskFaultsDefaults
      this.#drift(name, 0)
      this.#simulation.slow(name, 0)
      this.#simulation.resume(name)
    }
  }

  #drift(name: NodeName, rate: number): void {
    this.#simulation.drift(name, rate)
  }

  #begin(fault: Fault): void {
    const { network } = this.#simulation
    this.#hooks.reached(`fault: ${fault.kind}`)
    switch (fault.kind) {
      case 'split':
        network.split(fault.groups)
        return this.#holdSplit(fault.groups, fault.forMs)
      case 'oneWayCut':
        network.cut(fault.from, fault.to, { oneWay: true })
        return this.#holdCut(fault.from, fault.to, fault.forMs)
      case 'clog':
        return network.clog(fault.from, fault.to, fault.forMs)
      case 'crash':
        return this.#crash(fault.node, fault.forMs)
      case 'pause':
        this.#simulation.pause(fault.node)
        return this.#hold(`pause ${fault.node}`, fault.forMs, () => this.#simulation.resume(fault.node))
      case 'slow':
        this.#simulation.slow(fault.node, fault.stepMs)
        return this.#hold(`slow ${fault.node}`, fault.forMs, () => this.#simulation.slow(fault.node, 0))
      case 'clockJump':
        return this.#simulation.jumpWall(fault.node, fault.byMs)
      default:
        return fault satisfies never
    }
  }

  #holdSplit(groups: readonly (readonly NodeName[])[], forMs: number): void {
    for (const [index, group] of groups.entries()) {
      for (const other of groups.slice(index + 1).flat()) {
        for (const one of group) {
          this.#holdCut(one, other, forMs)
          this.#holdCut(other, one, forMs)
        }
      }
    }
  }

  #holdCut(from: NodeName, to: NodeName, forMs: number): void {
    this.#hold(`cut ${from} ${to}`, forMs, () => this.#simulation.network.heal(from, to, { oneWay: true }))
  }

  #crash(name: NodeName, forMs: number): void {
    if (this.#down.has(name)) return
    this.#down.add(name)
    this.#simulation.kill(name)
    // Also when the faults have ended meanwhile.
    this.#simulation.clock.setTimer(forMs, () => this.#restart(name))
  }

  #restart(name: NodeName): void {
    this.#hooks.restart(name).then(
      () => this.#hooks.reached('fault: restart'),
      () => {
        this.#hooks.reached('fault: restart failed')
        // What has started of it goes with it.
        this.#simulation.kill(name)
        this.#simulation.clock.setTimer(restartAgainMs, () => this.#restart(name))
      },
    )
  }

  /** What two faults bring about at once lasts until the later one is over. */
  #hold(what: string, forMs: number, end: () => void): void {
    this.#held.set(what, (this.#held.get(what) ?? 0) + 1)
    this.#simulation.clock.setTimer(forMs, () => {
      const left = (this.#held.get(what) as number) - 1
      this.#held.set(what, left)
      if (left === 0 && !this.#isOver) end()
    })
  }
}
