/** Brings about what a plan says, while time passes. */

import type { NodeName } from '@barrel-actors/runtime'
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
      this.#simulation.disk(name).faults = { ...diskFaultsDefaults, ...plan.disk }
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
        return this.#after(fault.forMs, () => this.#heal(fault.groups))
      case 'oneWayCut':
        network.cut(fault.from, fault.to, { oneWay: true })
        return this.#after(fault.forMs, () => network.heal(fault.from, fault.to))
      case 'clog':
        return network.clog(fault.from, fault.to, fault.forMs)
      case 'crash':
        return this.#crash(fault.node, fault.forMs)
      case 'pause':
        this.#simulation.pause(fault.node)
        return this.#after(fault.forMs, () => this.#simulation.resume(fault.node))
      case 'slow':
        this.#simulation.slow(fault.node, fault.stepMs)
        return this.#after(fault.forMs, () => this.#simulation.slow(fault.node, 0))
      case 'clockJump':
        return this.#simulation.jumpWall(fault.node, fault.byMs)
      default:
        return fault satisfies never
    }
  }

  #heal(groups: readonly (readonly NodeName[])[]): void {
    for (const [index, group] of groups.entries()) {
      for (const other of groups.slice(index + 1).flat()) {
        for (const one of group) this.#simulation.network.heal(one, other)
      }
    }
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

  #after(ms: number, run: () => void): void {
    this.#simulation.clock.setTimer(ms, () => {
      if (!this.#isOver) run()
    })
  }
}
