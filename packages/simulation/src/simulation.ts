/** A whole cluster in one OS process: its time, network, chance and disks come from one seed. */

import {
  checkOptionNames,
  givenOptions,
  type Log,
  type Node,
  type NodeName,
  type Random,
  silentLog,
  startNode,
} from '@barrel-actors/runtime'
import { VirtualClock } from './clock.ts'
import { MemoryDisk } from './disk.ts'
import { drainPromises } from './event-loop.ts'
import { limits } from './limits.ts'
import type { Machine } from './machine.ts'
import { MachineClock } from './machine-clock.ts'
import { memoryCarrier } from './memory-carrier.ts'
import { MemoryNetwork } from './network.ts'
import {
  type NodeRef,
  nameOf,
  type SimulatedNodeOptions,
  type SimulationOptions,
  simulationDefaults,
  simulationOptionNames,
  type WithinOptions,
} from './options.ts'
import { OSProcess } from './os-process.ts'
import { seededEntropy, seededRandom } from './random.ts'
import { Trace } from './trace.ts'
import { VirtualTurns } from './turns.ts'

// A process that floods itself gives way soon, so that a livelock is found in moments.
const scheduler = { sliceMessagesMax: 256 }

export function createSimulation(options: SimulationOptions = {}): Simulation {
  return new Simulation(options)
}

export class Simulation implements AsyncDisposable {
  readonly seed: number
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  /** For the test itself: what nodes draw does not shift it. */
  readonly random: Random
  readonly #turns = new VirtualTurns()
  readonly #trace: Trace
  readonly #machines = new Map<NodeName, Machine>()
  readonly #instantTurnsMax: number
  readonly #check: (() => void) | undefined
  #instantMs = 0
  #instantTurns = 0

  /** Use `createSimulation`. */
  constructor(given: SimulationOptions) {
    checkOptionNames(given, simulationOptionNames)
    const { seed = simulationDefaults.seed, wallMs, network, note, arrived, check, instantTurnsMax } = given
    this.seed = seed
    this.#check = check
    this.clock = new VirtualClock({ ...(wallMs !== undefined && { wallMs }), settle: () => this.settle() })
    this.random = seededRandom(`${seed} test`)
    this.#trace = new Trace(() => this.clock.now(), note)
    this.#instantTurnsMax = instantTurnsMax ?? limits.instantTurnsMax
    const random = seededRandom(`${seed} network`)
    const told = { note: this.#trace.note, ...(arrived !== undefined && { arrived }) }
    const options = { ...network, clock: this.clock, random, ...told }
    this.network = new MemoryNetwork(options, (name, run) => this.#admit(name, run))
  }

  /** What happened so far, a line for each event: the same for the same seed. */
  get trace(): string[] {
    return this.#trace.lines()
  }

  /** A short text for the whole trace: two runs with the same one are the same, line by line. */
  get traceHash(): string {
    return this.#trace.hash
  }

  /**
   * Starts a node of this simulation. A name that was killed or stopped starts again, with its disk and a greater
   * creation. Time passes while extensions wait.
   * @throws what `startNode` throws
   */
  async startNode(options: SimulatedNodeOptions): Promise<Node> {
    return this.until(this.launchNode(options))
  }

  /** As `startNode`, but lets no time pass by itself: for what happens while time passes already. */
  async launchNode({ hidden = false, ...options }: SimulatedNodeOptions): Promise<Node> {
    const { name } = options
    const machine = this.#machine(name)
    if (machine.osProcess?.isAlive === true && machine.node?.isStopping === false) {
      throw new Error(`${name} runs already: stop or kill it first`)
    }
    machine.node = undefined
    const life = ++machine.lives
    const osProcess = this.#startOSProcess(name, machine, options.log ?? silentLog)
    const node = await startNode({
      dataDir: `/${name}`,
      random: seededRandom(`${this.seed} ${name} ${life}`),
      entropy: seededEntropy(`${this.seed} ${name} ${life} entropy`),
      ...givenOptions(options),
      scheduler: { ...scheduler, ...givenOptions(options.scheduler ?? {}) },
      clock: osProcess.clock,
      turns: osProcess.turns,
      disk: osProcess.disk,
      log: osProcess.log,
      extensions: [memoryCarrier(this.network, { hidden }), ...(options.extensions ?? [])],
    })
    machine.node = node
    this.#trace.note(name, `started, creation ${node.creation}`)
    return node
  }

  /** The disk of the node with that name, kept across its lives. */
  disk(node: NodeRef): MemoryDisk {
    return this.#machine(nameOf(node)).disk
  }

  /** Sets the wall clock of one machine forward, or back. It stays so across the lives of its node. */
  jumpWall(node: NodeRef, byMs: number): void {
    this.#trace.note(nameOf(node), `its wall clock jumps by ${byMs} ms`)
    this.#machine(nameOf(node)).clock.jumpWall(byMs)
  }

  /**
   * Lets the clocks of one machine run faster than true time from now on, or slower: 0.05 gains three seconds a
   * minute. Timers that are set already stay when they are due.
   */
  drift(node: NodeRef, rate: number): void {
    this.#trace.note(nameOf(node), `its clocks drift by ${rate}`)
    this.#machine(nameOf(node)).clock.drift(rate)
  }

  /** Each thing that a node does takes so long from now on, one after the other: a turn, a timer, a packet. 0 ends it. */
  slow(node: NodeRef, stepMs: number): void {
    const machine = this.#machine(nameOf(node))
    this.#trace.note(nameOf(node), `takes ${stepMs} ms for each thing it does`)
    machine.stepMs = stepMs
    if (machine.osProcess !== undefined) machine.osProcess.gate.stepMs = stepMs
  }

  /**
   * Stops a node as SIGSTOP does: nothing of it runs until `resume`, and then everything that was due meanwhile, in
   * order. The others hear nothing of it, and lose their channels after the detection time.
   */
  pause(node: NodeRef): void {
    const name = nameOf(node)
    const machine = this.#machine(name)
    const gate = machine.osProcess?.gate
    if (gate === undefined || gate.isShut) return
    this.#trace.note(name, 'paused')
    gate.shut()
    const pauses = ++machine.pauses
    this.clock.setTimer(this.network.detectionMs, () => {
      if (machine.osProcess?.gate === gate && gate.isShut && pauses === machine.pauses) this.network.silent(name)
    })
  }

  /** Lets a paused node go on. */
  resume(node: NodeRef): void {
    const gate = this.#machine(nameOf(node)).osProcess?.gate
    if (gate?.isShut !== true) return
    this.#trace.note(nameOf(node), 'goes on')
    gate.open()
  }

  /** Whether a node runs: not while it is paused. */
  runs(node: NodeRef): boolean {
    const { osProcess } = this.#machine(nameOf(node))
    return osProcess?.isAlive === true && !osProcess.gate.isShut
  }

  /**
   * How many things this life of a node has done so far: turns, timers, packets taken. While the number stays, the node
   * is what it was, for whoever looks at it after every event.
   */
  stepsOf(node: NodeRef): number {
    return this.#machine(nameOf(node)).osProcess?.gate.steps ?? 0
  }

  /**
   * Ends a node as SIGKILL and the loss of power do: nothing of it runs any more and nobody is told; others notice
   * later. Of its disk, what was not synced may be lost.
   */
  kill(node: NodeRef): void {
    const name = nameOf(node)
    const machine = this.#machine(name)
    machine.osProcess?.kill()
    this.network.kill(name)
    machine.disk.crash()
  }

  /** Runs everything that is ready now, until nothing is. Time stands still. */
  async settle(): Promise<void> {
    await drainPromises()
    while (this.#count(this.#turns.runRound()) > 0) {
      await drainPromises()
      this.#check?.()
    }
  }

  /** Lets that much time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.now() + ms
    await this.settle()
    while (this.#step(untilMs)) await this.#settleStep()
    this.clock.moveTo(untilMs)
  }

  /** Lets time pass until the predicate holds. @throws where it does not in time */
  async eventually(predicate: () => boolean, options: WithinOptions = {}): Promise<void> {
    await this.#passUntil(predicate, options, 'did not come true')
  }

  /** Lets time pass until the promise has settled, and gives what it gives. @throws where it does not in time */
  async until<Value>(promise: Promise<Value>, options: WithinOptions = {}): Promise<Value> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    promise.then(settled, settled)
    await this.#passUntil(() => isSettled, options, 'did not settle')
    return promise
  }

  /** Stops every node. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { node, osProcess } of this.#machines.values()) {
      if (node === undefined) continue
      osProcess?.gate.open()
      const stopping = node.stop()
      // A killed node may wait for its disk for ever: nothing of it runs.
      if (osProcess?.isAlive === true) await this.until(stopping)
      else stopping.catch(() => {})
      osProcess?.kill()
    }
  }

  async #passUntil(holds: () => boolean, { withinMs = simulationDefaults.withinMs }: WithinOptions, failure: string) {
    const untilMs = this.clock.now() + withinMs
    await this.settle()
    while (!holds()) {
      if (this.#step(untilMs)) {
        await this.#settleStep()
        continue
      }
      this.clock.moveTo(untilMs)
      if (holds()) return
      throw new Error(`it ${failure} within ${withinMs} virtual ms, at ${this.clock.now()} ms, seed ${this.seed}`)
    }
  }

  async #settleStep(): Promise<void> {
    await this.settle()
    this.#check?.()
  }

  #step(untilMs: number): boolean {
    const fired = this.clock.step(untilMs)
    if (fired) this.#count(1)
    return fired
  }

  #count(turns: number): number {
    const nowMs = this.clock.now()
    if (nowMs !== this.#instantMs) this.#instantTurns = 0
    this.#instantMs = nowMs
    this.#instantTurns += turns
    if (this.#instantTurns > this.#instantTurnsMax) {
      this.#instantTurns = 0
      const text = `more than ${this.#instantTurnsMax} turns at ${nowMs} virtual ms, seed ${this.seed}`
      throw new Error(`${text}: something goes round in circles`)
    }
    return turns
  }

  #machine(name: NodeName): Machine {
    let machine = this.#machines.get(name)
    if (machine === undefined) {
      machine = this.#createMachine(name)
      this.#machines.set(name, machine)
    }
    return machine
  }

  #createMachine(name: NodeName): Machine {
    const { clock } = this
    const random = seededRandom(`${this.seed} ${name} disk`)
    const disk = new MemoryDisk({ clock, random, note: what => this.#trace.note(name, `disk: ${what}`) })
    const machineClock = new MachineClock(clock)
    return { disk, clock: machineClock, stepMs: 0, lives: 0, pauses: 0, node: undefined, osProcess: undefined }
  }

  #startOSProcess(name: NodeName, machine: Machine, log: Log): OSProcess {
    const seams = { clock: this.clock, turns: this.#turns, disk: machine.disk, log: this.#trace.log(name, log) }
    machine.osProcess = new OSProcess(seams, machine.clock)
    machine.osProcess.gate.stepMs = machine.stepMs
    return machine.osProcess
  }

  // What comes for a node that is gone finds nobody, which is its own affair.
  #admit(name: NodeName, run: () => void): void {
    const osProcess = this.#machines.get(name)?.osProcess
    if (osProcess?.isAlive === true) osProcess.gate.enter(run)
    else run()
  }
}
