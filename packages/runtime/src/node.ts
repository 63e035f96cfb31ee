/** A node: one running runtime. An object, so that one OS process can hold several. */

import { type AddressResolver, ask } from './address-resolver.ts'
import type { Carrier } from './carrier.ts'
import type { Clock } from './clock/clock.ts'
import { Timeouts } from './clock/timeouts.ts'
import type { PidSource } from './codec/pid-source.ts'
import type { RegisteredName } from './destination.ts'
import { runtimeError } from './errors.ts'
import { describe, type ExitReason } from './exit-reason.ts'
import type { ExtensionKey, Installed } from './extension.ts'
import type { Log } from './log.ts'
import { Names } from './names/names.ts'
import { type Address, checkNodeName, type Endpoint, type NodeName, parseAddress } from './node-name.ts'
import type { NodeSeams } from './node-options.ts'
import { type AnyPid, Pid } from './pid.ts'
import { Actor } from './process/actor.ts'
import { Aliases } from './process/aliases.ts'
import { Exits } from './process/exits.ts'
import { functionBehavior, Self } from './process/function-process.ts'
import { type Behavior, Process, processOf } from './process/process.ts'
import { ProcessTable } from './process/process-table.ts'
import { Scheduler } from './process/scheduler.ts'
import { type Spawned, type SpawnOptions, spawnFrom } from './process/spawn.ts'
import { checkPid } from './process/verbs.ts'
import type { Entropy } from './random.ts'
import { AliasRef, Ref } from './ref.ts'
import type { RemoteNode } from './remote/remote-node.ts'
import { RemoteNodes } from './remote/remote-nodes.ts'
import { type ExposedFunctions, exposeOn, unexposeOn } from './rpc/serving.ts'
import type { Turns } from './turns.ts'
import { type ProcessInfo, processInfoOf } from './watching/process-info.ts'
import type { SystemEvents } from './watching/system-events.ts'
import { Watching } from './watching/watching.ts'

/**
 * One running runtime, made with `startNode`. Its own methods `send`, `call`, `spawn`, … act for its root process,
 * which traps exits and whose mailbox `receive` reads.
 */
export class Node extends Self implements PidSource {
  readonly name: NodeName
  /** Which life of this name it is: grows with every start. */
  readonly creation: number
  readonly clock: Clock
  readonly log: Log
  /** @internal */ readonly watching: Watching
  /** @internal */ readonly freezesMessages: boolean
  /** @internal */ readonly turns: Turns
  /** @internal */ readonly scheduler: Scheduler
  /** @internal */ readonly timeouts: Timeouts
  /** @internal */ readonly exits: Exits = new Exits()
  /** @internal */ readonly names: Names = new Names()
  /** @internal */ readonly aliases: Aliases = new Aliases()
  /** @internal */ readonly remotes: RemoteNodes = new RemoteNodes(this)
  /** @internal */ readonly root: Process
  /** @internal */ carrier: Carrier | undefined = undefined
  readonly #entropy: Entropy
  readonly #processes = new ProcessTable()
  readonly #endpoints = new Map<NodeName, Endpoint>()
  readonly #addressResolvers: AddressResolver[] = []
  readonly #apis = new Map<ExtensionKey<unknown>, unknown>()
  #nextSerial = 0
  #nextRef = 0
  #stopping: Promise<void> | undefined
  readonly #installed: Installed<unknown>[] = []

  /** @internal Use `startNode`. */
  constructor(name: NodeName, creation: number, seams: NodeSeams) {
    super(undefined, undefined)
    this.name = name
    this.creation = creation
    this.clock = seams.clock
    this.log = seams.log
    this.turns = seams.turns
    this.#entropy = seams.entropy
    this.timeouts = new Timeouts(seams.clock, seams.turns, seams.log)
    this.watching = new Watching(seams.clock, seams.log, seams.watching)
    this.freezesMessages = seams.freezeMessages
    this.scheduler = new Scheduler(seams.clock, seams.turns, seams.scheduler, this.watching)
    const root = this.addProcess(functionBehavior)
    this.root = root
    root.trapExit = true
    root.body = this
    Actor.bind(this, root)
    Self.rest(this)
  }

  /** The nodes that a channel is up to, sorted; without hidden ones, which are tools. */
  nodes(): NodeName[] {
    return this.remotes.up()
  }

  /**
   * Gives a process of this node a name: a text, by which it is reached here, and as `{ name, node }` elsewhere; or
   * `{ via, name }` or `{ global: name }`, where an extension looks after such names. The name is free again when the
   * process ends.
   * @throws E_NAME_TAKEN, E_NAME_INVALID, E_PROCESS_NAMED, E_PROCESS_DEAD, E_VIA_UNKNOWN, E_VIA_READ_ONLY
   */
  register(name: RegisteredName, pid: AnyPid): void {
    checkPid(pid)
    this.names.register(name, pid, this.processOf(pid))
  }

  /**
   * Frees a name that a process of this node holds; whether it was held.
   * @throws E_VIA_UNKNOWN, E_NAME_INVALID
   */
  unregister(name: RegisteredName): boolean {
    return this.names.unregister(name)
  }

  /**
   * The process that holds the name, as far as this node knows.
   * @throws E_VIA_UNKNOWN, E_NAME_INVALID
   */
  whereis(name: RegisteredName): Pid | undefined {
    return this.names.whereis(name)
  }

  /**
   * Lets other nodes call these functions with `rpc.call`, by their names here: all of them, or none. What they are
   * given comes from other nodes unchecked.
   * @throws E_EXPOSE_INVALID, E_NODE_STOPPED
   */
  expose(functions: ExposedFunctions): void {
    exposeOn(this, functions)
  }

  /** Takes an exposed function away; calls that run go on. Whether it was exposed. */
  unexpose(name: string): boolean {
    return unexposeOn(this, name)
  }

  /** Crashes, long callbacks, long mailboxes and dead letters of this node, for whoever listens. */
  get events(): SystemEvents {
    return this.watching.events
  }

  /** The processes of this node, in the order they were started; the root comes first. */
  processes(): AnyPid[] {
    return this.#processes
      .newestFirst()
      .reverse()
      .map(process => process.pid)
  }

  /**
   * What is known of a process of this node at this moment; undefined where it has ended.
   * @throws E_DESTINATION_INVALID, E_PID_NOT_LOCAL
   */
  processInfo(pid: AnyPid): ProcessInfo | undefined {
    return processInfoOf(this, pid)
  }

  /** The names held on this node, sorted. */
  registeredNames(): string[] {
    return this.names.list()
  }

  /**
   * Opens the channel to a node, given as `name@host` or `name@host:port`, and waits until it is up. Sends need no
   * `connect`: they open channels by themselves.
   * @throws E_ADDRESS_INVALID, E_ADDRESS_OWN, E_NODE_NAME_INVALID, E_NO_CARRIER; what kept the channel from opening, with its own code
   */
  async connect(address: string): Promise<NodeName> {
    const { node, endpoint } = this.addAddress(address)
    if (node === this.name) {
      if (endpoint === undefined) return node
      throw runtimeError('E_ADDRESS_OWN', { address })
    }
    if (this.carrier === undefined) throw runtimeError('E_NO_CARRIER', { node: this.name, target: node })
    this.#assertRunning()
    await this.remotes.connect(node)
    return node
  }

  /**
   * Notes where a node can be reached: `name@host:port`.
   * @throws E_ADDRESS_INVALID, E_NODE_NAME_INVALID
   */
  addAddress(address: string): Address {
    const parsed = parseAddress(address)
    if (parsed.endpoint !== undefined) this.#endpoints.set(parsed.node, parsed.endpoint)
    return parsed
  }

  /**
   * Closes the channel to a node: links, monitors and calls across it end with `'noconnection'`. Nothing where there
   * is none.
   * @throws E_NODE_NAME_INVALID
   */
  disconnect(node: NodeName): void {
    this.remotes.disconnect(checkNodeName(node))
  }

  /**
   * What an installed extension offers.
   * @throws E_EXTENSION_MISSING, E_OPTION_INVALID for what is no key
   */
  extension<Api>(key: ExtensionKey<Api>): Api {
    if (typeof key?.name !== 'string') {
      throw runtimeError('E_OPTION_INVALID', { option: 'key', problem: `${describe(key)} is not that of an extension` })
    }
    if (!this.#apis.has(key)) throw runtimeError('E_EXTENSION_MISSING', { extension: 'the caller', needs: key.name })
    return this.#apis.get(key) as Api
  }

  /**
   * Stops the node: its processes exit with `'shutdown'`, then its extensions stop, last installed first, each
   * whatever became of the others.
   * @throws what the first extension threw that could not stop
   */
  stop(): Promise<void> {
    if (this.#stopping === undefined) {
      let settle!: (stopped: Promise<void>) => void
      // Known before the first process ends: what runs at its end starts nothing any more.
      this.#stopping = new Promise(resolve => {
        settle = resolve
      })
      settle(this.#stop())
    }
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Whether `stop` has been called. */
  get isStopping(): boolean {
    return this.#stopping !== undefined
  }

  async #stop(): Promise<void> {
    const { root } = this
    const problems: unknown[] = []
    const installed = this.#installed.splice(0).reverse()
    for (const extension of installed) {
      try {
        extension.stopping?.()
      } catch (error) {
        problems.push(error)
      }
    }
    for (const process of this.#processes.newestFirst()) {
      if (process !== root) process.end('shutdown')
    }
    for (const extension of installed) {
      try {
        await extension.stop?.()
      } catch (error) {
        problems.push(error)
      }
    }
    root.end('shutdown')
    this.timeouts.close()
    if (problems.length > 0) throw problems[0]
  }

  #assertRunning(): void {
    if (this.isStopping) throw runtimeError('E_NODE_STOPPED', { node: this.name })
  }

  /** @internal */
  addProcess(behavior: Behavior): Process {
    this.#nextSerial++
    const process = new Process(this, this.#nextSerial, behavior)
    this.#processes.add(process)
    return process
  }

  /** @internal */
  spawnFor(parent: Process, body: unknown, args: unknown[], options: SpawnOptions): Spawned {
    this.#assertRunning()
    if (typeof body !== 'function') throw runtimeError('E_SPAWN_INVALID', { body: describe(body) })
    return spawnFrom(parent, body, args, options)
  }

  /** @internal Removes an ended process from the tables. */
  forget(process: Process): void {
    this.#processes.remove(process)
    this.names.forget(process)
    this.aliases.forget(process)
    this.remotes.subscribers.remove(process)
  }

  /** @internal The live process of this node behind a pid. */
  processOf(pid: AnyPid): Process | undefined {
    const known = processOf(pid)
    if (known !== undefined) return known.node === this && known.alive ? known : undefined
    if (pid.node !== this.name || pid.creation !== this.creation) return undefined
    return this.#processes.bySerial(pid.serial)
  }

  /** @internal */
  registered(name: string): Process | undefined {
    return this.names.get(name)
  }

  /** @internal */
  newRef(): Ref {
    this.#nextRef++
    return new Ref(this.name, this.creation, this.#nextRef)
  }

  /** @internal */
  newAlias(): AliasRef {
    this.#nextRef++
    return new AliasRef(this.name, this.creation, this.#nextRef, this.#entropy)
  }

  /** @internal The process that an alias leads to, which a message to it is for; undefined where it vanishes. */
  aliasOf(ref: Ref): Process | undefined {
    return this.isRefOfThisLife(ref) ? this.aliases.take(ref) : undefined
  }

  /** @internal */
  isRefOfThisLife(ref: Ref): boolean {
    return ref.creation === this.creation && ref.node === this.name
  }

  /** @internal A pid that came over a channel: the very pid of a live process of this node, else one that leads away. */
  pidOf(node: NodeName, creation: number, serial: number): Pid {
    if (node === this.name && creation === this.creation) {
      const process = this.#processes.bySerial(serial)
      if (process !== undefined) return process.pid
    }
    return new Pid(node, creation, serial, this)
  }

  /** @internal The pid of this process leaves the node: from now on it is found by its serial. */
  export(process: Process): void {
    this.#processes.export(process)
  }

  /** @internal */
  exitAlongLink(process: Process, to: Pid, reason: ExitReason): void {
    const remote = this.remote(to.node)
    remote.links.ended(process.pid, to)
    remote.sendExit(process.pid, to, reason)
  }

  /** @internal */
  remote(name: NodeName): RemoteNode {
    return this.remotes.get(name)
  }

  /** @internal */
  async resolveAddress(node: NodeName): Promise<readonly Endpoint[]> {
    const known = this.#endpoints.get(node)
    if (known !== undefined) return [known]
    for (const resolver of this.#addressResolvers) {
      const endpoints = await ask(resolver, node)
      if (endpoints !== undefined && endpoints.length > 0) return endpoints
    }
    return []
  }

  /** @internal */
  addAddressResolver(resolver: AddressResolver): void {
    this.#addressResolvers.push(resolver)
  }

  /** @internal */
  addExtension(key: ExtensionKey<unknown>, installed: Installed<unknown>): void {
    this.#apis.set(key, installed.api)
    this.#installed.push(installed)
  }

  /** @internal */
  hasExtension(key: ExtensionKey<unknown>): boolean {
    return this.#apis.has(key)
  }
}
