/**
 * Neighbours that were lost without a goodbye. They are probed in turn, so that the halves of a split find each other
 * again; the ones that failed longest ago give way.
 */
import type { NodeName } from '@barrel-actors/runtime'
import { setNewest } from '../bounded-map.ts'
import type { Peer } from '../peer.ts'

export class FailedPeers {
  /** The one whose turn is next first. */
  readonly #peers = new Map<NodeName, Peer>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#peers.size
  }

  get nodes(): NodeName[] {
    return [...this.#peers.keys()]
  }

  get(node: NodeName): Peer | undefined {
    return this.#peers.get(node)
  }

  add(peer: Peer): void {
    setNewest(this.#peers, peer.node, peer, this.#max)
  }

  remove(node: NodeName): void {
    this.#peers.delete(node)
  }

  clear(): void {
    this.#peers.clear()
  }

  /** The one whose turn it is; it goes to the back. */
  next(): Peer | undefined {
    for (const [node, peer] of this.#peers) {
      this.#peers.delete(node)
      this.#peers.set(node, peer)
      return peer
    }
    return undefined
  }
}
