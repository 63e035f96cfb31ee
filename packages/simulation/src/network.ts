import { type Clock, type NodeName, type Random, systemClock } from '@barrel-actors/runtime'
import type { Connection } from './connection.ts'
import { type Delay, type NetworkOptions, type NodeRef, nameOf, networkDefaults } from './options.ts'
import { seededRandom } from './random.ts'

/** When the last packets from one node to another arrive. */
class Way {
  /** The last one without a flow. */
  #fence = 0
  readonly #flows = new Map<number, number>()

  arrivalOf(earliest: number, flow: number | undefined): number {
    if (flow !== undefined) {
      const arrival = Math.max(earliest, this.#fence, this.#flows.get(flow) ?? 0)
      this.#flows.set(flow, arrival)
      return arrival
    }
    this.#fence = Math.max(earliest, this.#fence, ...this.#flows.values())
    return this.#fence
  }
}

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
  readonly #delayMs: Delay
  readonly #random: Random
  readonly #ports = new Map<NodeName, Port>()
  readonly #connections = new Set<Connection>()
  readonly #cuts = new Set<string>()
  readonly #ways = new Map<string, Way>()

  constructor(options: NetworkOptions = {}) {
    this.clock = options.clock ?? systemClock
    this.dialTimeoutMs = options.dialTimeoutMs ?? networkDefaults.dialTimeoutMs
    this.detectionMs = options.detectionMs ?? networkDefaults.detectionMs
    this.queueBytesHigh = options.queueBytesHigh ?? networkDefaults.queueBytesHigh
    this.queueBytesMax = options.queueBytesMax ?? networkDefaults.queueBytesMax
    this.note = options.note ?? (() => {})
    this.#delayMs = options.delayMs ?? networkDefaults.delayMs
    this.#random = options.random ?? seededRandom(1)
  }

  /**
   * Loses what is under way between two nodes, and everything after it until `heal`. A channel between them is lost
   * for good: both sides notice after the detection time.
   */
  cut(one: NodeRef, other: NodeRef): void {
    const [a, b] = [nameOf(one), nameOf(other)]
    this.#cuts.add(pair(a, b)).add(pair(b, a))
    this.note(a, `cut from ${b}`)
    for (const connection of [...this.#connections]) if (connection.joins(a) && connection.joins(b)) connection.break()
  }

  /** Lets packets through again. */
  heal(one: NodeRef, other: NodeRef): void {
    const [a, b] = [nameOf(one), nameOf(other)]
    this.#cuts.delete(pair(a, b))
    this.#cuts.delete(pair(b, a))
    this.note(a, `healed with ${b}`)
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
    const name = pair(from, to)
    if (this.#cuts.has(name)) return connection.break()
    const now = this.clock.now()
    const delayMs = typeof this.#delayMs === 'number' ? this.#delayMs : this.#delayMs(this.#random)
    const way = this.#ways.get(name) ?? new Way()
    this.#ways.set(name, way)
    const arrival = way.arrivalOf(now + delayMs, flow)
    this.clock.setTimer(arrival - now, () => {
      if (!connection.isBroken) arrive()
    })
  }
}

function pair(from: NodeName, to: NodeName): string {
  return `${from} ${to}`
}
