/** A process that is told of neighbours and broadcasts, and all that it was told. */

import {
  type BroadcastMessage,
  type BroadcastMissedMessage,
  type BroadcastOrigin,
  Membership,
  type MembershipApi,
  type MembershipMessage,
} from '@barrel-actors/membership'
import type { Node, NodeName, Pid, Self } from '@barrel-actors/runtime'

export type Told = MembershipMessage | BroadcastMessage | BroadcastMissedMessage

/** What nodes broadcast. */
export interface News {
  readonly from: string
  /** Counts what that life of the node has broadcast, of every tag. */
  readonly nth: number
  readonly filler: string
}

export const tags = ['prices', 'news'] as const
export type Tag = (typeof tags)[number]

export interface MemberState {
  readonly creation: number
  readonly state: 'alive' | 'suspected' | 'gone'
  /** Another life has taken its place, and is told of next. */
  readonly isRestarted?: boolean
}

export const lifeOf = ({ name, creation }: { readonly name: NodeName; readonly creation: number }): string =>
  `${name}#${creation}`
export const lifeOfOrigin = ({ node, creation }: BroadcastOrigin): string => lifeOf({ name: node, creation })

export class Listener {
  readonly node: Node
  readonly pid: Pid<Told>
  readonly tags: readonly Tag[]
  /** The neighbours, as far as it was told: those at the time when it subscribed, and what came since. */
  readonly up: Set<NodeName>
  /** Neighbours that it has seen lost. */
  readonly lost = new Set<NodeName>()
  /** The last that came of each life of a node. */
  readonly lastNth = new Map<string, number>()
  /** Of each life of a node: how many are missing among those that came, and how many it was told are given up. */
  readonly holes = new Map<string, number>()
  readonly givenUp = new Map<string, { upTo: number; count: number }>()
  /** What it was told last of each node. */
  readonly members = new Map<NodeName, MemberState>()
  /** The greatest life of each origin that something came of. */
  readonly creations = new Map<NodeName, number>()
  isJoined: boolean
  /** It has been told of everything since its node started. */
  readonly isFirst: boolean
  isSubscribed = true

  constructor(node: Node, pid: Pid<Told>, tagged: readonly Tag[], isFirst: boolean) {
    const api = node.extension(Membership)
    this.node = node
    this.pid = pid
    this.tags = tagged
    this.isFirst = isFirst
    this.up = new Set(api.activeView())
    this.isJoined = this.up.size > 0
    api.subscribe(pid as Pid<never>)
    for (const tag of tagged) api.subscribeBroadcasts(pid as Pid<never>, tag)
  }

  get id(): string {
    return this.pid.toString()
  }

  get api(): MembershipApi {
    return this.node.extension(Membership)
  }

  /** Whether it has read everything that it was told. */
  get hasRead(): boolean {
    return this.node.processInfo(this.pid)?.mailboxLength === 0
  }

  unsubscribe(): void {
    this.isSubscribed = false
    this.api.unsubscribe(this.pid as Pid<never>)
    for (const tag of this.tags) this.api.unsubscribeBroadcasts(this.pid as Pid<never>, tag)
  }
}

/** Starts one on a node. */
export function listen(
  node: Node,
  tagged: readonly Tag[],
  isFirst: boolean,
  told: (listener: Listener, message: Told) => void,
): Listener {
  const pid = node.spawn(async (self: Self<Told>) => {
    for await (const message of self) told(listener, message)
  })
  const listener = new Listener(node, pid as Pid<Told>, tagged, isFirst)
  return listener
}
