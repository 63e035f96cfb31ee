/** How long to wait before a node is dialed again that could not be reached, so that each send does not dial anew. */
import type { NodeName } from '@barrel-actors/runtime'

export interface BackOffOptions {
  readonly firstMs: number
  readonly maxMs: number
  /** Nodes that are remembered: the one that failed the longest ago is forgotten for another. */
  readonly nodesMax: number
}

interface Failures {
  readonly count: number
  readonly lastMs: number
}

export class BackOff {
  readonly #options: BackOffOptions
  readonly #failed = new Map<NodeName, Failures>()

  constructor(options: BackOffOptions) {
    this.#options = options
  }

  /** A dial of that node has failed. Times are milliseconds of any clock that does not jump. */
  failed(node: NodeName, nowMs: number): void {
    const count = (this.#failed.get(node)?.count ?? 0) + 1
    this.#failed.delete(node)
    this.#failed.set(node, { count, lastMs: nowMs })
    if (this.#failed.size <= this.#options.nodesMax) return
    for (const oldest of this.#failed.keys()) {
      this.#failed.delete(oldest)
      return
    }
  }

  /** The node has been reached. */
  reached(node: NodeName): void {
    this.#failed.delete(node)
  }

  /** How long the next dial of that node must wait: doubled with each failure in a row, measured from the last one. */
  delayMs(node: NodeName, nowMs: number): number {
    const failures = this.#failed.get(node)
    if (failures === undefined) return 0
    const { firstMs, maxMs } = this.#options
    const waitMs = Math.min(maxMs, firstMs * 2 ** Math.min(failures.count - 1, 30))
    return Math.max(0, failures.lastMs + waitMs - nowMs)
  }
}
