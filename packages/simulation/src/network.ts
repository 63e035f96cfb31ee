import {
  type Clock,
  checkOptionNames,
  givenOptions,
  type NodeName,
  type Random,
  systemClock,
} from '@barrel-actors/runtime'
import type { Connection } from './connection.ts'
import {
  type Arrived,
  type CutOptions,
  type NetworkOptions,
  type NodeRef,
  nameOf,
  networkDefaults,
  networkOptionNames,
  type WayOptions,
  wayDefaults,
} from './options.ts'
import { seededRandom } from './random.ts'
import { drawTransit, type Transit, Way } from './way.ts'

/** A node on the network: its carrier. */
export interface Port {
  readonly name: NodeName
  /** Another node dials. */
  dialed(connection: Connection): void
  /** Its OS process is gone: it says nothing any more, to nobody. */
  kill(): void
}

/**
 * What lies between nodes of one OS process: packets arrive after a delay, those of one flow from one node to another
 * in the order sent, unless the way is cut. Nodes join it with `memoryCarrier(network)`.
 */
export class MemoryNetwork {
  readonly clock: Clock
  readonly dialTimeoutMs: number
  readonly detectionMs: number
  readonly queueBytesHigh: number
  readonly queueBytesMax: number
  readonly note: (node: NodeName, what: string) => void
  /** @internal */
  readonly arrived: Arrived
  /** @internal Has something done by a node: now, or when it can. */
  readonly admit: Admit
  #options: WayOptions
  readonly #random: Random
  readonly #ports = new Map<NodeName, Port>()
  readonly #connections = new Set<Connection>()
  readonly #ways = new Map<string, Way>()

  constructor(options: NetworkOptions = {}, admit: Admit = (_, run) => run()) {
    checkOptionNames(options, networkOptionNames)
    this.clock = options.clock ?? systemClock
    this.dialTimeoutMs = options.dialTimeoutMs ?? networkDefaults.dialTimeoutMs
    this.detectionMs = options.detectionMs ?? networkDefaults.detectionMs
    this.queueBytesHigh = options.queueBytesHigh ?? networkDefaults.queueBytesHigh
    this.queueBytesMax = options.queueBytesMax ?? networkDefaults.queueBytesMax
    this.note = options.note ?? (() => {})
    this.arrived = options.arrived ?? (() => {})
    this.admit = admit
    this.#options = { ...networkDefaults, ...givenOptions(options) }
    this.#random = options.random ?? seededRandom(1)
  }

  /** Changes what happens to packets sent from now on: all of them, or those from one node to another. */
  change(options: Partial<WayOptions>, way?: { readonly from: NodeRef; readonly to: NodeRef }): void {
    checkOptionNames(options, Object.keys(wayDefaults))
    if (way === undefined) {
      this.#options = { ...this.#options, ...givenOptions(options) }
      return
    }
    const there = this.#way(nameOf(way.from), nameOf(way.to))
    there.options = { ...there.options, ...givenOptions(options) }
  }

  /**
   * Loses what is under way between two nodes, and everything after it until `heal`. A channel between them is lost
   * for good: both sides notice after the detection time. One way: what the second node says still arrives until it
   * notices that it hears nothing; the first notices as long after it.
   */
  cut(one: NodeRef, other: NodeRef, { oneWay = false }: CutOptions = {}): void {
    const [a, b] = [nameOf(one), nameOf(other)]
    this.#way(a, b).isCut = true
    if (!oneWay) this.#way(b, a).isCut = true
    this.note(a, oneWay ? `cut towards ${b}` : `cut from ${b}`)
    for (const connection of this.#between(a, b)) {
      if (oneWay) connection.breakTowards(b)
      else connection.break()
    }
  }

  /** Cuts every two nodes that are in different groups. */
  split(groups: readonly (readonly NodeRef[])[]): void {
    for (const [index, group] of groups.entries()) {
      for (const other of groups.slice(index + 1).flat()) for (const one of group) this.cut(one, other)
    }
  }

  /** Lets packets through again. */
  heal(one: NodeRef, other: NodeRef, { oneWay = false }: CutOptions = {}): void {
    const [a, b] = [nameOf(one), nameOf(other)]
    this.#way(a, b).isCut = false
    if (!oneWay) this.#way(b, a).isCut = false
    this.note(a, oneWay ? `healed towards ${b}` : `healed with ${b}`)
  }

  /** Lets all packets through again: no cut and no clog is left. */
  healAll(): void {
    for (const [name, way] of this.#ways) {
      if (way.isCut) this.note(name.split(' ')[0] as NodeName, `healed towards ${name.split(' ')[1]}`)
      way.isCut = false
      way.unclog()
    }
  }

  /**
   * Holds up what goes from one node to another for so long; then it arrives, in order. Past the detection time the
   * channel is lost.
   */
  clog(from: NodeRef, to: NodeRef, forMs: number): void {
    const [a, b] = [nameOf(from), nameOf(to)]
    this.#way(a, b).clog(forMs)
    this.note(a, `clogged towards ${b} for ${forMs} ms`)
    if (forMs >= this.detectionMs) for (const connection of this.#between(a, b)) connection.breakTowards(b)
  }

  /** @internal Nothing has been heard of a node for the detection time: the others give it up. */
  silent(name: NodeName): void {
    for (const connection of [...this.#connections]) if (connection.joins(name)) connection.giveUp(name)
  }

  /** Ends a node without a goodbye: what it has under way is lost, the others notice after the detection time. */
  kill(node: NodeRef): void {
    const name = nameOf(node)
    const port = this.#ports.get(name)
    if (port === undefined) return
    this.#ports.delete(name)
    this.note(name, 'killed')
    port.kill()
    for (const connection of [...this.#connections]) if (connection.joins(name)) connection.break()
  }

  /** @internal */
  join(port: Port): void {
    if (this.#ports.has(port.name)) throw new Error(`${port.name} is on this network already: stop or kill it first`)
    this.#ports.set(port.name, port)
  }

  /** @internal */
  leave(port: Port): void {
    if (this.#ports.get(port.name) === port) this.#ports.delete(port.name)
  }

  /** @internal */
  port(name: NodeName): Port | undefined {
    return this.#ports.get(name)
  }

  /** @internal A connection counts from its dial until both ends have closed it. */
  opened(connection: Connection): void {
    this.#connections.add(connection)
  }

  /** @internal */
  ended(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /**
   * @internal Runs `arrive` when a packet sent now is there; never, if it is lost on the way. Packets of one flow keep
   * their order; one without a flow comes after all before it and before all after it.
   */
  carry(connection: Connection, from: NodeName, to: NodeName, arrive: () => void, flow?: number): void {
    const way = this.#way(from, to)
    if (way.isCut) return connection.breakTowards(to)
    const transit = drawTransit({ ...this.#options, ...way.options }, this.#random, this.detectionMs)
    this.#tell(from, to, transit)
    if (transit.ms === Infinity) return connection.breakTowards(to)
    const now = this.clock.now()
    const arriveAlive = () => {
      if (connection.reaches(to)) arrive()
    }
    const there = () => way.gate.enter(() => this.admit(to, arriveAlive))
    this.clock.setTimer(way.arrivalOf(now + transit.ms, flow) - now, there)
  }

  #tell(from: NodeName, to: NodeName, { losses, isDoubled, isLate, ms }: Transit): void {
    if (isDoubled) this.note(from, `sent a packet twice to ${to}`)
    if (isLate) this.note(from, `a packet to ${to} is held up`)
    if (ms === Infinity) this.note(from, `lost the way to ${to}, with ${losses} packets`)
    else if (losses > 0) this.note(from, `lost ${losses} packets to ${to}`)
  }

  #between(a: NodeName, b: NodeName): Connection[] {
    return [...this.#connections].filter(connection => connection.joins(a) && connection.joins(b))
  }

  #way(from: NodeName, to: NodeName): Way {
    const name = `${from} ${to}`
    let way = this.#ways.get(name)
    if (way === undefined) {
      way = new Way(this.clock)
      this.#ways.set(name, way)
    }
    return way
  }
}

/** Has something done by a node. */
export type Admit = (node: NodeName, run: () => void) => void
