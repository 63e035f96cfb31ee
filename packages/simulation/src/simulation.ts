/** A whole cluster in one OS process: its time, network, chance and disks come from one seed. */

import { type Log, type Node, type NodeName, type Random, silentLog, startNode } from '@barrel-actors/runtime'
import { VirtualClock } from './clock.ts'
import { MemoryDisk } from './disk.ts'
import { drainPromises } from './event-loop.ts'
import { limits } from './limits.ts'
import { memoryCarrier } from './memory-carrier.ts'
import { MemoryNetwork } from './network.ts'
import {
  type NodeRef,
  nameOf,
  type SimulatedNodeOptions,
  type SimulationOptions,
  simulationDefaults,
  type WithinOptions,
} from './options.ts'
import { OSProcess } from './os-process.ts'
import { seededEntropy, seededRandom } from './random.ts'
import { Trace } from './trace.ts'
import { VirtualTurns } from './turns.ts'

// A process that floods itself gives way soon, so that a livelock is found in moments.
const scheduler = { sliceMessagesMax: 256 }

/** What stays of a node when its OS process is gone. */
interface Machine {
  readonly disk: MemoryDisk
  skewMs: number
  lives: number
  /** The node that was started last, and what it runs in. */
  node: Node | undefined
  osProcess: OSProcess | undefined
}

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
  #instantMs = 0
  #instantTurns = 0

  /** Use `createSimulation`. */
  constructor({ seed = simulationDefaults.seed, wallMs, network, instantTurnsMax }: SimulationOptions) {
    this.seed = seed
    this.clock = new VirtualClock({ ...(wallMs !== undefined && { wallMs }), settle: () => this.settle() })
    this.random = seededRandom(`${seed} test`)
    this.#trace = new Trace(() => this.clock.now())
    this.#instantTurnsMax = instantTurnsMax ?? limits.instantTurnsMax
    const random = seededRandom(`${seed} network`)
    this.network = new MemoryNetwork({ ...network, clock: this.clock, random, note: this.#trace.note })
  }

  /** What happened so far, a line for each event: the same for the same seed. */
  get trace(): string[] {
    return this.#trace.lines()
  }

  /**
   * Starts a node of this simulation. A name that was killed or stopped starts again, with its disk and a greater
   * creation. Time passes while extensions wait.
   * @throws what `startNode` throws
   */
  async startNode({ hidden = false, ...options }: SimulatedNodeOptions): Promise<Node> {
    const { name } = options
    const machine = this.#machine(name)
    if (machine.osProcess?.isAlive === true && machine.node?.isStopping === false) {
      throw new Error(`${name} runs already: stop or kill it first`)
    }
    machine.node = undefined
    const life = ++machine.lives
    const osProcess = this.#startOSProcess(name, machine, options.log ?? silentLog)
    const starting = startNode({
      dataDir: `/${name}`,
      random: seededRandom(`${this.seed} ${name} ${life}`),
      entropy: seededEntropy(`${this.seed} ${name} ${life} entropy`),
      ...options,
      scheduler: { ...scheduler, ...options.scheduler },
      clock: osProcess.clock,
      turns: osProcess.turns,
      disk: osProcess.disk,
      log: osProcess.log,
      extensions: [memoryCarrier(this.network, { hidden }), ...(options.extensions ?? [])],
    })
    machine.node = await this.until(starting)
    this.#trace.note(name, `started, creation ${machine.node.creation}`)
    return machine.node
  }

  /** The disk of the node with that name, kept across its lives. */
  disk(node: NodeRef): MemoryDisk {
    return this.#machine(nameOf(node)).disk
  }

  /** Sets the wall clock of one machine forward, or back. It stays so across the lives of its node. */
  jumpWall(node: NodeRef, byMs: number): void {
    this.#machine(nameOf(node)).skewMs += byMs
  }

  /** Ends a node as SIGKILL does: nothing of it runs any more and nobody is told; others notice later. */
  kill(node: NodeRef): void {
    const name = nameOf(node)
    const machine = this.#machine(name)
    machine.osProcess?.kill()
    machine.disk.crash()
    this.network.kill(name)
  }

  /** Runs everything that is ready now, until nothing is. Time stands still. */
  async settle(): Promise<void> {
    do await drainPromises()
    while (this.#count(this.#turns.runRound()) > 0)
  }

  /** Lets that much time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.now() + ms
    await this.settle()
    while (this.#step(untilMs)) await this.settle()
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
        await this.settle()
        continue
      }
      this.clock.moveTo(untilMs)
      if (holds()) return
      throw new Error(`it ${failure} within ${withinMs} virtual ms, at ${this.clock.now()} ms, seed ${this.seed}`)
    }
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
      machine = { disk: new MemoryDisk(), skewMs: 0, lives: 0, node: undefined, osProcess: undefined }
      this.#machines.set(name, machine)
    }
    return machine
  }

  #startOSProcess(name: NodeName, machine: Machine, log: Log): OSProcess {
    const seams = { clock: this.clock, turns: this.#turns, disk: machine.disk, log: this.#trace.log(name, log) }
    machine.osProcess = new OSProcess(seams, () => machine.skewMs)
    return machine.osProcess
  }
}
