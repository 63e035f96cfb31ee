/** The other nodes, as one node knows them: those that a channel is up or opening to, and who wants to be told. */

import type { CarrierEvents, Channel } from '../carrier.ts'
import type { Node } from '../node.ts'
import { checkNodeName, type NodeName } from '../node-name.ts'
import { NodeSubscribers } from './node-subscribers.ts'
import { Backlog } from './origin.ts'
import { receiveSignal } from './receive.ts'
import { RemoteNode } from './remote-node.ts'

export class RemoteNodes {
  readonly #node: Node
  readonly #known = new Map<NodeName, RemoteNode>()
  readonly #keepers = new Map<NodeName, Set<object>>()
  readonly subscribers: NodeSubscribers = new NodeSubscribers()
  /** The undelivered messages of other nodes, by the key that they have proved. */
  readonly #backlogs = new Map<string, Backlog>()
  readonly #waitingForUp = new Map<NodeName, Set<(problem?: Error) => void>>()

  constructor(node: Node) {
    this.#node = node
  }

  /** What is kept of a node, from the first signal to it on. */
  get(name: NodeName): RemoteNode {
    let remote = this.#known.get(name)
    if (remote === undefined) {
      checkNodeName(name)
      remote = new RemoteNode(this.#node, name)
      // Without a carrier nothing is ever kept of it.
      if (this.#node.carrier !== undefined) this.#known.set(name, remote)
    }
    return remote
  }

  /** The undelivered messages of that key. */
  backlogOf(fingerprint: string): Backlog {
    let backlog = this.#backlogs.get(fingerprint)
    if (backlog === undefined) {
      backlog = new Backlog(() => this.#backlogs.delete(fingerprint))
      this.#backlogs.set(fingerprint, backlog)
    }
    return backlog
  }

  /** Those that a channel is up to, sorted; without hidden ones. */
  up(): NodeName[] {
    const up = [...this.#known.values()].filter(({ channel }) => channel?.life !== undefined && channel.role === 'node')
    return up.map(remote => remote.name).sort()
  }

  /** Whether no other node has ever been spoken to. */
  get isAlone(): boolean {
    return this.#known.size === 0
  }

  /** Somebody relies on the channel to that node, should there be one, until `release`. */
  keep(name: NodeName, owner: object): void {
    const keepers = this.#keepers.get(name)
    if (keepers === undefined) this.#keepers.set(checkNodeName(name), new Set([owner]))
    else keepers.add(owner)
  }

  release(name: NodeName, owner: object): void {
    const keepers = this.#keepers.get(name)
    keepers?.delete(owner)
    if (keepers?.size === 0) this.#keepers.delete(name)
  }

  /** Whether somebody relies on the channel: who has said so, or a link, a monitor or a call of either side. */
  isKept(name: NodeName): boolean {
    return this.#keepers.has(name) || this.#known.get(name)?.isKept === true
  }

  isConnected(name: NodeName): boolean {
    return this.#known.get(name)?.channel?.life !== undefined
  }

  /** Opens the channel to a node; settles when it is up, or has closed. */
  connect(name: NodeName): Promise<void> {
    if (this.isConnected(name)) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiting = this.#waitingForUp.get(name) ?? new Set()
      this.#waitingForUp.set(name, waiting)
      waiting.add(problem => (problem === undefined ? resolve() : reject(problem)))
      this.get(name).open()
    })
  }

  /** Closes the channel to a node, if there is one. */
  disconnect(name: NodeName): void {
    this.#known.get(name)?.channel?.close('disconnected')
  }

  readonly events: CarrierEvents = {
    up: channel => {
      this.get(channel.node).up(channel)
      this.subscribers.up(channel)
      this.#settleWaiting(channel)
    },
    received: (channel, signal, flow) => {
      const remote = this.#known.get(channel.node)
      if (remote?.channel === channel) receiveSignal(remote, signal, flow)
    },
    drained: channel => {
      const remote = this.#known.get(channel.node)
      if (remote?.channel === channel) remote.hasDrained()
    },
    closed: (channel, cause, next) => {
      const remote = this.#known.get(channel.node)
      if (remote?.channel === channel) {
        if (next === undefined) this.#known.delete(channel.node)
        remote.closed(channel, cause, next)
        this.subscribers.closed(channel, cause)
      }
      this.#node.log.info('channel closed', { node: channel.node, cause: cause.message })
      this.#settleWaiting(channel, cause)
    },
  }

  #settleWaiting(channel: Channel, problem?: Error): void {
    const waiting = this.#waitingForUp.get(channel.node)
    this.#waitingForUp.delete(channel.node)
    for (const settle of waiting ?? []) settle(problem)
  }
}
