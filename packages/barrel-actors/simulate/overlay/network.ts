/**
 * Many overlays in one place, of the cores and the driver that ship, in whole milliseconds. A way between two nodes has a
 * latency of its own, so that what goes over it keeps its order.
 */
import { type Delivery, Overlay, type OverlayMessage, type OverlayOptions } from '@barrel-actors/membership'
import type { NodeName, Random, Timer } from '@barrel-actors/runtime'
import { Agenda, type Happening } from './agenda.ts'
import type { Latency } from './latency.ts'

class Message implements Happening {
  readonly atMs: number
  readonly #network: OverlayNetwork
  readonly #from: OverlayNode
  readonly #to: OverlayNode
  readonly #message: OverlayMessage

  constructor(atMs: number, network: OverlayNetwork, from: OverlayNode, to: OverlayNode, message: OverlayMessage) {
    this.atMs = atMs
    this.#network = network
    this.#from = from
    this.#to = to
    this.#message = message
  }

  run(): void {
    this.#network.arrive(this.#from, this.#to, this.#message)
  }
}

class VirtualTimer implements Happening, Timer {
  readonly atMs: number
  #expire: (() => void) | undefined

  constructor(atMs: number, expire: () => void) {
    this.atMs = atMs
    this.#expire = expire
  }

  cancel(): void {
    this.#expire = undefined
  }

  keepAlive(): void {}

  run(): void {
    const expire = this.#expire
    this.#expire = undefined
    expire?.()
  }
}

const clockSpreadMs = 1_000_000

export interface OverlayNode {
  readonly name: NodeName
  readonly number: number
  readonly overlay: Overlay
  isAlive: boolean
}

/** What is counted while it is wanted. */
export interface Traffic {
  /** Announcements, requests and prunes of Plumtree. */
  control: number
  /** Of every kind but the detector's. */
  messages: number
  /** Of the failure detector: probes, and comparisons of the lists of members. */
  detector: number
}

export class OverlayNetwork {
  readonly random: Random
  readonly nodes: OverlayNode[] = []
  readonly traffic: Traffic = { control: 0, messages: 0, detector: 0 }
  /** Is told of every delivery. */
  delivered: (node: OverlayNode, delivery: Delivery) => void = () => {}
  /** Is told of every payload that is sent, and to how many. */
  pushed: (payload: Uint8Array, receivers: number) => void = () => {}
  readonly #latency: Latency
  readonly #byName = new Map<NodeName, OverlayNode>()
  readonly #agenda = new Agenda()
  readonly #cut = new Map<OverlayNode, number>()

  constructor(random: Random, latency: Latency) {
    this.random = random
    this.#latency = latency
  }

  get nowMs(): number {
    return this.#agenda.nowMs
  }

  get living(): OverlayNode[] {
    return this.nodes.filter(({ isAlive }) => isAlive)
  }

  start(name: NodeName, options: OverlayOptions): OverlayNode {
    const number = this.nodes.length
    // Clocks of different nodes begin at different times.
    const startMs = Math.floor(this.random.next() * clockSpreadMs)
    const clock = {
      now: () => startMs + this.nowMs,
      setTimer: (delayMs: number, expire: () => void): Timer => this.#setTimer(delayMs, expire),
    }
    const overlay: Overlay = new Overlay(
      { node: name, creation: 1, endpoints: [] },
      { detector: false, ...options },
      {
        clock,
        random: this.random,
        send: (to, message) => this.#tell(node, to, message),
        sendLinked: (to, message) => {
          this.traffic.detector++
          this.#send(node, [to], message)
        },
        deliver: delivery => this.delivered(node, delivery),
        missed: () => {},
        tell: () => {},
      },
    )
    const node: OverlayNode = { name, number, overlay, isAlive: true }
    this.nodes.push(node)
    this.#byName.set(name, node)
    return node
  }

  /** Ends nodes at once; whoever holds a link to them, or asks for one, learns it after the delay of the way. */
  kill(dead: readonly OverlayNode[]): void {
    for (const node of dead) {
      node.isAlive = false
      node.overlay.stop()
    }
    for (const node of this.living) {
      const { active, pending } = node.overlay.views
      for (const name of [...active.keys(), ...pending.keys()]) {
        const other = this.#byName.get(name)
        if (other !== undefined && !other.isAlive) this.#lose(node, other)
      }
    }
  }

  /** Splits the network: nodes in different halves lose their links, and reach each other again after `heal`. */
  split(halfOf: (node: OverlayNode) => number): void {
    for (const node of this.living) this.#cut.set(node, halfOf(node))
    for (const node of this.living) {
      for (const name of node.overlay.views.active.keys()) {
        const other = this.#byName.get(name) as OverlayNode
        if (this.#isCut(node, other)) this.#lose(node, other)
      }
    }
  }

  heal(): void {
    this.#cut.clear()
  }

  /** Runs all that happens within so many milliseconds. */
  run(forMs: number): void {
    this.#agenda.runUntil(this.nowMs + forMs)
  }

  arrive(from: OverlayNode, to: OverlayNode, message: OverlayMessage): void {
    if (to.isAlive && !this.#isCut(from, to)) to.overlay.receive(from.name, 1, message)
  }

  #tell(from: OverlayNode, to: readonly NodeName[], message: OverlayMessage): void {
    const { traffic } = this
    traffic.messages += to.length
    if (message.kind === 'gossip') {
      this.pushed(message.payload, to.length)
    } else if (message.kind === 'ihave' || message.kind === 'graft' || message.kind === 'prune') {
      traffic.control += to.length
    }
    this.#send(from, to, message)
  }

  #send(from: OverlayNode, to: readonly NodeName[], message: OverlayMessage): void {
    if (!from.isAlive) return
    for (const name of to) {
      const target = this.#byName.get(name)
      if (target === undefined) continue
      if (!target.isAlive || this.#isCut(from, target)) this.#lose(from, target)
      else this.#agenda.add(new Message(this.#arrivalMs(from, target), this, from, target, message))
    }
  }

  #lose(node: OverlayNode, other: OverlayNode): void {
    this.#agenda.add(new VirtualTimer(this.#arrivalMs(node, other), () => node.overlay.lost(other.name)))
  }

  #arrivalMs(from: OverlayNode, to: OverlayNode): number {
    return this.nowMs + this.#latency(from.number, to.number)
  }

  #isCut(one: OverlayNode, other: OverlayNode): boolean {
    return this.#cut.size > 0 && this.#cut.get(one) !== this.#cut.get(other)
  }

  #setTimer(delayMs: number, expire: () => void): Timer {
    const timer = new VirtualTimer(this.nowMs + Math.max(0, Math.ceil(delayMs)), expire)
    this.#agenda.add(timer)
    return timer
  }
}
