import type { Clock, Disk, Endpoint, Log, NodeName } from '@barrel-actors/runtime'

/** A node, and where it can be reached; no endpoints where only its name is known. */
export interface KnownNode {
  readonly node: NodeName
  readonly endpoints: readonly Endpoint[]
}

/**
 * Knows where nodes are. All but `name` and `resolve` may be left out. Whatever rejects, throws, hangs or answers
 * nonsense is passed over by the chain, so a backend needs no handling of its own errors.
 */
export interface DiscoveryBackend {
  /** For the log. */
  readonly name: string
  /** The endpoints to try, in order; undefined or none where it does not know. */
  resolve(node: NodeName): Promise<readonly Endpoint[] | undefined>
  /** Lets others find this node there. Called again when its endpoints change. */
  register?(node: NodeName, endpoints: readonly Endpoint[]): Promise<void>
  /** Takes that back; harmless where nothing is. */
  unregister?(node: NodeName): Promise<void>
  /** Every node that it knows. */
  list?(): Promise<readonly KnownNode[]>
}

/** What a backend is given of its node: time, files and the log come from here and from nowhere else. */
export interface DiscoverySeams {
  /** The name of the node itself. */
  readonly node: NodeName
  readonly clock: Clock
  readonly disk: Disk
  readonly log: Log
  /**
   * Whether this node is reached over loopback, and so may dial others there. Default: whether the host of its name
   * is a loopback address or `localhost`.
   */
  readonly isOnLoopback?: boolean
}

/** Makes a backend for one node. */
export type DiscoveryFactory = (seams: DiscoverySeams) => DiscoveryBackend
