/** Hands stream bytes to a native connection, and works around what that says wrongly, or too often. */
import type { NativeConnection } from './native.ts'
import type { StreamSink } from './outgoing.ts'
import type { PeerBudget } from './peer-budget.ts'

type Native = Pick<NativeConnection, 'streamCapacity' | 'streamPriority' | 'streamSend'>

export class NativeSink implements StreamSink {
  readonly #native: Native
  readonly #budget: PeerBudget
  /** The library took less than it was given, the last time. */
  #isShort = false

  constructor(native: Native, budget: PeerBudget) {
    this.#native = native
    this.#budget = budget
  }

  streamSend(streamId: number, bytes: Uint8Array, fin: boolean): number | null {
    // Each time it takes less than it is given it may tell the peer so, whose acknowledgement wakes us again.
    if (this.#isShort && bytes.length > 0 && this.#capacityOf(streamId) === 0) return null
    const taken = this.#native.streamSend(streamId, bytes, fin)
    this.#isShort = taken !== bytes.length
    if (taken !== null) this.#budget.gave(taken)
    // For a stream that the peer stopped and that is gone since, it takes nothing for ever; this throws.
    else this.#native.streamCapacity(streamId)
    return taken
  }

  streamPriority(streamId: number, urgency: number, incremental: boolean): void {
    this.#native.streamPriority(streamId, urgency, incremental)
  }

  // Undefined for a stream that the library does not know, or not any more.
  #capacityOf(streamId: number): number | undefined {
    try {
      return this.#native.streamCapacity(streamId)
    } catch {
      return undefined
    }
  }
}
