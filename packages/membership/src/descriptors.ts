/** Where nodes can be reached, as they and their peers say: also what neither view nor table holds, such as the origin of a walk. */
import type { Endpoint, NodeName } from '@barrel-actors/runtime'
import { dialable } from './discovery/endpoint-check.ts'
import type { HyparviewMessage } from './hyparview/messages.ts'
import { limits } from './limits.ts'
import type { Overlay } from './overlay/overlay.ts'
import type { Peer } from './peer.ts'

interface Heard {
  readonly peer: Peer
  /** The node itself said so, having proved who it is. */
  readonly isProven: boolean
}

export class Descriptors {
  readonly #heard = new Map<NodeName, Heard>()
  readonly #onLoopback: boolean
  /** Endpoints that may not be dialed. */
  refused = 0

  constructor(onLoopback: boolean) {
    this.#onLoopback = onLoopback
  }

  get size(): number {
    return this.#heard.size
  }

  /** Notes every descriptor of a message. */
  note(from: NodeName, creation: number, message: HyparviewMessage): void {
    if ('peer' in message) this.#add(message.peer, from, creation)
    if ('origin' in message) this.#add(message.origin, from, creation)
    if ('evicted' in message && message.evicted !== undefined) this.#add(message.evicted, from, creation)
    if ('instead' in message && message.instead !== undefined) this.#add(message.instead, from, creation)
    if ('peers' in message) for (const peer of message.peers) this.#add(peer, from, creation)
  }

  /** Where to dial a node, as far as the overlay and what was heard know. */
  resolve({ views, detector }: Pick<Overlay, 'views' | 'detector'>, node: NodeName): readonly Endpoint[] | undefined {
    const heard = this.#heard.get(node)
    const inViews = views.active.get(node) ?? (heard?.isProven ? heard.peer : undefined)
    const peer =
      inViews ?? detector?.table.get(node) ?? views.passive.get(node) ?? views.failed.get(node) ?? heard?.peer
    if (peer === undefined || peer.endpoints.length === 0) return undefined
    const fit = dialable(peer.endpoints, this.#onLoopback, () => this.refused++)
    return fit.length > 0 ? fit : undefined
  }

  #add(peer: Peer, from: NodeName, creation: number): void {
    const isProven = peer.node === from && peer.creation === creation
    const known = this.#heard.get(peer.node)
    // Words of others do not take the place of its own.
    if (known?.isProven && !isProven) return
    this.#heard.delete(peer.node)
    this.#heard.set(peer.node, { peer, isProven })
    if (this.#heard.size <= limits.descriptorsMax) return
    for (const node of this.#heard.keys()) {
      this.#heard.delete(node)
      return
    }
  }
}
