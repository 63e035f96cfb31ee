/** A node as others describe it: all that is needed to reach it, and nothing that is private to whoever describes. */
import type { Endpoint, NodeName } from '@barrel-actors/runtime'

export interface Peer {
  readonly node: NodeName
  /** Tells its lives apart: what is said of an earlier one is ignored. */
  readonly creation: number
  /** Where it says that it can be reached; none where its name has to be resolved. */
  readonly endpoints: readonly Endpoint[]
}
