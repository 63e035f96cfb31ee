/** What membership puts into mailboxes. */
import type { NodeName } from '@barrel-actors/runtime'
import type { OverlayEvent } from './overlay/overlay.ts'

/**
 * To those of `subscribe`: one `peerUp` and one `peerDown` for each life of a neighbour, in turn; of any other node
 * `nodeAlive`, `nodeSuspected`, `nodeGone`, as the failure detector has it.
 */
export type MembershipMessage = { readonly kind: 'membership' } & OverlayEvent

/** A node in one of its lives: who broadcast something. */
export interface BroadcastOrigin {
  readonly node: NodeName
  readonly creation: number
}

/** To those of `subscribeBroadcasts`: in the order of each origin, and once. */
export interface BroadcastMessage {
  readonly kind: 'broadcast'
  readonly tag: string
  readonly payload: unknown
  readonly origin: BroadcastOrigin
}

/**
 * To all of those: messages of an origin that came by nobody and are given up, both ends included. Of which tag they
 * were is not known; the end may be a lie.
 */
export interface BroadcastMissedMessage {
  readonly kind: 'broadcastMissed'
  readonly origin: BroadcastOrigin
  readonly from: number
  readonly to: number
}
