/** Processes that want to know which nodes come and go, as `net_kernel:monitor_nodes` tells in OTP. */

import type { Channel } from '../carrier.ts'
import type { NodeName } from '../node-name.ts'
import type { Process } from '../process/process.ts'

/** A channel to a node is up. Comes before every message over that channel; `nodes()` lists the node already. */
export interface NodeUp {
  readonly kind: 'nodeUp'
  readonly node: NodeName
}

/**
 * The channel to a node has closed. Comes after every message over that channel, and after what ended with
 * `'noconnection'`; `nodes()` lists the node no more. The node itself may live on.
 */
export interface NodeDown {
  readonly kind: 'nodeDown'
  readonly node: NodeName
  /** Why, for people. */
  readonly reason: string
}

export class NodeSubscribers {
  readonly #subscribers = new Set<Process>()
  /** Hidden nodes, and those that no channel was up to, are never told of. */
  readonly #told = new Set<NodeName>()

  /** Whether nobody has subscribed. */
  get isEmpty(): boolean {
    return this.#subscribers.size === 0
  }

  add(process: Process): void {
    this.#subscribers.add(process)
  }

  /** Whether it was there. Also for processes that have ended. */
  remove(process: Process): boolean {
    return this.#subscribers.delete(process)
  }

  up({ node, role }: Channel): void {
    if (role !== 'node') return
    this.#told.add(node)
    this.#tell({ kind: 'nodeUp', node })
  }

  closed({ node }: Channel, cause: Error): void {
    if (this.#told.delete(node)) this.#tell({ kind: 'nodeDown', node, reason: cause.message })
  }

  #tell(message: NodeUp | NodeDown): void {
    for (const process of this.#subscribers) process.deliver(message)
  }
}
