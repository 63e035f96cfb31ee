/**
 * Many overlays in one place, of the cores and the driver that ship: whole milliseconds, one bucket of events for each. A
 * way between two nodes has a latency of its own, so that what goes over it keeps its order.
 */
import { type Delivery, Overlay, type OverlayMessage, type OverlayOptions } from '@barrel-actors/membership'
import type { NodeName, Random, Timer } from '@barrel-actors/runtime'
import type { Latency } from './latency.ts'

interface Happening {
  run(): void
}

class Message implements Happening {
  readonly #network: OverlayNetwork
  readonly #from: OverlayNode
  readonly #to: NodeName
  readonly #message: OverlayMessage

  constructor(network: OverlayNetwork, from: OverlayNode, to: NodeName, message: OverlayMessage) {
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
  #expire: (() => void) | undefined

  constructor(expire: () => void) {
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

export interface OverlayNode {
  readonly name: NodeName
  readonly number: number
  readonly overlay: Overlay
  isAlive: boolean
}

/** What is counted while it is wanted. */
export interface Traffic {
  payloads: number
  control: number
}

export class OverlayNetwork {
  readonly random: Random
  readonly nodes: OverlayNode[] = []
  readonly traffic: Traffic = { payloads: 0, control: 0 }
  /** Is told of every delivery. */
  delivered: (node: OverlayNode, delivery: Delivery) => void = () => {}
  readonly #latency: Latency
  readonly #byName = new Map<NodeName, OverlayNode>()
  readonly #buckets = new Map<number, Happening[]>()
  readonly #cut = new Map<OverlayNode, number>()
  #nowMs = 0

  constructor(random: Random, latency: Latency) {
    this.random = random
    this.#latency = latency
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get living(): OverlayNode[] {
    return this.nodes.filter(({ isAlive }) => isAlive)
  }

  nodeOf(name: NodeName): OverlayNode | undefined {
    return this.#byName.get(name)
  }

  start(name: NodeName, options: OverlayOptions): OverlayNode {
    const number = this.nodes.length
    const clock = {
      now: () => this.#nowMs,
      setTimer: (delayMs: number, expire: () => void): Timer => this.#setTimer(delayMs, expire),
    }
    const overlay: Overlay = new Overlay(
      { node: name, creation: 1, endpoints: [] },
      { detector: false, ...options },
      {
        clock,
        random: this.random,
        send: (to, message) => this.#send(node, to, message),
        sendLinked: (to, message) => this.#send(node, [to], message),
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
    const untilMs = this.#nowMs + forMs
    for (; this.#nowMs <= untilMs; this.#nowMs++) this.#runBucket()
    this.#nowMs = untilMs
  }

  arrive(from: OverlayNode, to: NodeName, message: OverlayMessage): void {
    const target = this.#byName.get(to)
    if (target?.isAlive === true && !this.#isCut(from, target)) target.overlay.receive(from.name, 1, message)
  }

  #runBucket(): void {
    const bucket = this.#buckets.get(this.#nowMs)
    if (bucket === undefined) return
    // What is for now joins the end.
    for (let at = 0; at < bucket.length; at++) (bucket[at] as Happening).run()
    this.#buckets.delete(this.#nowMs)
  }

  #send(from: OverlayNode, to: readonly NodeName[], message: OverlayMessage): void {
    if (!from.isAlive) return
    const { traffic } = this
    if (message.kind === 'gossip') traffic.payloads += to.length
    else if (message.kind === 'ihave' || message.kind === 'graft' || message.kind === 'prune')
      traffic.control += to.length
    for (const name of to) {
      const target = this.#byName.get(name)
      if (target === undefined) continue
      if (!target.isAlive || this.#isCut(from, target)) this.#lose(from, target)
      else this.#at(this.#latency(from.number, target.number), new Message(this, from, name, message))
    }
  }

  #lose(node: OverlayNode, other: OverlayNode): void {
    const delayMs = this.#latency(node.number, other.number)
    this.#at(delayMs, { run: () => node.overlay.lost(other.name) })
  }

  #isCut(one: OverlayNode, other: OverlayNode): boolean {
    return this.#cut.size > 0 && this.#cut.get(one) !== this.#cut.get(other)
  }

  #setTimer(delayMs: number, expire: () => void): Timer {
    const timer = new VirtualTimer(expire)
    this.#at(Math.max(0, Math.ceil(delayMs)), timer)
    return timer
  }

  #at(delayMs: number, happening: Happening): void {
    const atMs = this.#nowMs + delayMs
    const bucket = this.#buckets.get(atMs)
    if (bucket === undefined) this.#buckets.set(atMs, [happening])
    else bucket.push(happening)
  }
}
