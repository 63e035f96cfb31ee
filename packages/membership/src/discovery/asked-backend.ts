import type { Endpoint, NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import type { DiscoveryBackend, DiscoverySeams, KnownNode } from './backend.ts'
import { TimedOut, within } from './deadline.ts'
import { dialable, fitNode, isOnLoopback } from './endpoint-check.ts'
import { problemOf, SeldomLog } from './seldom-log.ts'

/** What became of the questions to one backend. */
export interface BackendCounts {
  readonly backend: string
  readonly asked: number
  /** It rejected or threw. */
  readonly failed: number
  /** It did not answer in time. */
  readonly timedOut: number
  /** It was not asked, because it owed too many answers. */
  readonly skipped: number
  /** Nodes and endpoints in its answers that were refused. */
  readonly refused: number
}

/** A backend that cannot do harm: whatever it does, there is an answer in time, and nothing in it that is not fit. */
export class AskedBackend {
  readonly #backend: DiscoveryBackend
  readonly #seams: DiscoverySeams
  readonly #onLoopback: boolean
  readonly #log: SeldomLog
  readonly #counts = { asked: 0, failed: 0, timedOut: 0, skipped: 0, refused: 0 }
  #unanswered = 0

  constructor(backend: DiscoveryBackend, seams: DiscoverySeams) {
    this.#backend = backend
    this.#seams = seams
    this.#onLoopback = isOnLoopback(seams)
    this.#log = new SeldomLog(seams)
  }

  get counts(): BackendCounts {
    return { backend: this.#backend.name, ...this.#counts }
  }

  /** What may be dialed; none where it does not know. */
  async resolve(node: NodeName, deadlineMs: number): Promise<readonly Endpoint[]> {
    const answer = await this.#ask('resolve', deadlineMs, async () =>
      dialable(await this.#backend.resolve(node), this.#onLoopback, this.#refuse),
    )
    return answer ?? []
  }

  async register(node: NodeName, endpoints: readonly Endpoint[], deadlineMs: number): Promise<void> {
    if (this.#backend.register === undefined) return
    await this.#ask('register', deadlineMs, async () => this.#backend.register?.(node, endpoints))
  }

  async unregister(node: NodeName, deadlineMs: number): Promise<void> {
    if (this.#backend.unregister === undefined) return
    await this.#ask('unregister', deadlineMs, async () => this.#backend.unregister?.(node))
  }

  async list(deadlineMs: number): Promise<readonly KnownNode[]> {
    if (this.#backend.list === undefined) return []
    return (await this.#ask('list', deadlineMs, async () => this.#fit(await this.#backend.list?.()))) ?? []
  }

  #fit(answer: unknown): KnownNode[] {
    if (!Array.isArray(answer)) {
      this.#refuse('the answer is not a list of nodes')
      return []
    }
    const given = answer.slice(0, limits.listedNodesMax) as unknown[]
    return given.flatMap(each => fitNode(each, this.#onLoopback, this.#refuse) ?? [])
  }

  async #ask<Answer>(operation: string, deadlineMs: number, work: () => Promise<Answer>): Promise<Answer | undefined> {
    const backend = this.#backend.name
    if (this.#unanswered >= limits.unansweredMax) {
      this.#counts.skipped++
      this.#log.warn('discovery backend skipped', { backend, unanswered: this.#unanswered })
      return undefined
    }
    this.#counts.asked++
    this.#unanswered++
    try {
      // Counted until it answers, also where nobody waits any more.
      return await within(this.#seams.clock, deadlineMs, () => work().finally(() => this.#unanswered--))
    } catch (error) {
      const isLate = error instanceof TimedOut
      if (isLate) this.#counts.timedOut++
      else this.#counts.failed++
      const event = isLate ? 'discovery backend does not answer' : 'discovery backend failed'
      this.#log.warn(event, { backend, operation, problem: problemOf(error) })
      return undefined
    }
  }

  readonly #refuse = (problem: string): void => {
    this.#counts.refused++
    this.#log.warn('discovery answer refused', { backend: this.#backend.name, problem })
  }
}
