import type { Clock, Entropy, Host, Log, NodeLife } from '@barrel-actors/runtime'
import type { Cluster } from '../identity/cluster.ts'
import type { IdentityKeeper } from '../identity/identity.ts'
import type { TrustPolicy } from '../identity/trust-policy.ts'
import type { TrustStore } from '../identity/trust-store.ts'
import type { ResolvedOptions } from '../options.ts'
import type { UserStreams } from '../user-streams/user-streams.ts'
import type { ChannelCounts } from './counts.ts'
import type { ParcelBuffers } from './parcel-buffers.ts'

/** What every session and channel of one carrier shares. */
export interface CarrierContext {
  readonly host: Host
  readonly self: NodeLife
  readonly options: ResolvedOptions
  /** Key and certificate of the moment: a session takes `current` when its connection begins. */
  readonly identity: IdentityKeeper
  /** The cluster that lets peers in by their certificates; undefined for a node of none. */
  readonly cluster: Cluster | undefined
  readonly trust: TrustPolicy
  /** The same as `trust.store`. */
  readonly trustStore: TrustStore
  readonly userStreams: UserStreams
  /** Of all channels so far. */
  readonly counts: ChannelCounts
  readonly clock: Clock
  readonly entropy: Entropy
  readonly log: Log
  readonly buffers: ParcelBuffers
}
