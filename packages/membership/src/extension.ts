/** `membership()`: the extension that brings a node into the overlay. */
import {
  checkNodeName,
  type Extension,
  type ExtensionKey,
  extensionKey,
  type Host,
  type Installed,
  type NodeName,
} from '@barrel-actors/runtime'
import { addressResolver, type DiscoveryChain } from './discovery/chain.ts'
import type { RefusedReason } from './hyparview/state.ts'
import { limits } from './limits.ts'
import { Member, type MemberCounts } from './member.ts'
import { type MembershipOptions, resolveOptions } from './options.ts'
import { broadcastInvalid } from './payload-codec.ts'
import type { Counters } from './plumtree/counters.ts'
import { type PlumtreeSizes, plumtreeSizes } from './plumtree/sizes.ts'
import { MembershipSupervisor } from './server.ts'
import type { Subscriber } from './subscribers.ts'

export interface MembershipStats {
  /** Nodes in each view, links asked for, and lost neighbours that are probed. */
  readonly views: {
    readonly active: number
    readonly passive: number
    readonly pending: number
    readonly failed: number
  }
  /** Messages dropped, by reason: those of HyParView, from processes of this node, from tools, those that were none. */
  readonly refused: Readonly<Record<RefusedReason | 'local' | 'role' | 'malformed', number>>
  readonly broadcasts: { readonly counters: Counters; readonly sizes: PlumtreeSizes }
  readonly undecodable: number
  readonly congested: number
  readonly subscribers: number
  readonly endpointsRefused: number
}

/** What membership offers: `node.extension(Membership)`. */
export interface MembershipApi {
  /** Asks that node for a way into the overlay; also after `leave`. Throws E_ADDRESS_INVALID, E_NODE_NAME_INVALID. */
  join(address: string): void
  /** Tells the neighbours, and stays out until the next `join`. */
  leave(): void
  /** The neighbours, sorted. */
  activeView(): NodeName[]
  /** The nodes known in reserve, sorted. */
  passiveView(): NodeName[]
  /**
   * To every node of the overlay, this one included: `{ kind: 'broadcast', tag, payload, origin }` for whoever
   * subscribes to that tag. Throws E_MESSAGE_INVALID, E_BROADCAST_INVALID.
   */
  broadcast(tag: string, payload: unknown): void
  /** From here on that process is told of neighbours. Once is enough. Throws E_SUBSCRIBER_INVALID. */
  subscribe(pid: Subscriber): void
  /** Ends it. Whether it was subscribed. */
  unsubscribe(pid: Subscriber): boolean
  /** From here on that process gets the broadcasts of that tag. Throws E_SUBSCRIBER_INVALID, E_BROADCAST_INVALID. */
  subscribeBroadcasts(pid: Subscriber, tag: string): void
  unsubscribeBroadcasts(pid: Subscriber, tag: string): boolean
  stats(): MembershipStats
}

export const Membership: ExtensionKey<MembershipApi> = extensionKey<MembershipApi>('membership')

/** Installing throws E_MEMBERSHIP_OPTION_INVALID and E_DISCOVERY_INVALID. */
export function membership(options: MembershipOptions = {}): Extension<MembershipApi> {
  return { key: Membership, install: host => install(host, options) }
}

async function install(host: Host, given: MembershipOptions): Promise<Installed<MembershipApi>> {
  const { node } = host
  const options = resolveOptions(given, node.name)
  const chain = options.chain?.({ node: node.name, clock: host.clock, disk: host.disk, log: host.log })
  for (const { address } of options.contacts) node.addAddress(address)
  const member = new Member(host, options, chain)
  host.addAddressResolver({ resolve: name => member.descriptors.resolve(member.overlay.views, name) })
  if (chain !== undefined) host.addAddressResolver(addressResolver(chain))
  if (options.endpoints.length > 0) await chain?.register(node.name, options.endpoints)
  await node.start(MembershipSupervisor, member)
  return { api: createApi(host, member), stop: () => stop(host, member, chain, options.endpoints.length > 0) }
}

async function stop({ node }: Host, member: Member, chain: DiscoveryChain | undefined, isRegistered: boolean) {
  member.stop()
  if (isRegistered) await chain?.unregister(node.name)
}

function createApi({ node }: Host, member: Member): MembershipApi {
  const { overlay, subscribers } = member
  return {
    join: address => {
      const contact = node.addAddress(address).node
      member.join(checkNodeName(contact))
    },
    leave: () => member.leave(),
    activeView: () => [...overlay.views.active.keys()].sort(),
    passiveView: () => overlay.views.passive.nodes.sort(),
    broadcast: (tag, payload) => member.broadcast(checkTag(tag), payload),
    subscribe: pid => subscribers.add(pid),
    unsubscribe: pid => subscribers.remove(pid),
    subscribeBroadcasts: (pid, tag) => subscribers.add(pid, checkTag(tag)),
    unsubscribeBroadcasts: (pid, tag) => subscribers.remove(pid, checkTag(tag)),
    stats: () => statsOf(member),
  }
}

function statsOf({ overlay, subscribers, descriptors, counts }: Member): MembershipStats {
  const { active, passive, pending, failed, refused } = overlay.views
  const { local, role, undecodable, congested } = counts satisfies MemberCounts
  const { counters } = overlay.tree
  return {
    views: { active: active.size, passive: passive.size, pending: pending.size, failed: failed.size },
    refused: { ...refused, local, role, malformed: overlay.malformed },
    broadcasts: {
      counters: { ...counters, refused: { ...counters.refused } },
      sizes: plumtreeSizes(overlay.tree),
    },
    undecodable,
    congested,
    subscribers: subscribers.size,
    endpointsRefused: descriptors.refused,
  }
}

function checkTag(tag: unknown): string {
  if (typeof tag === 'string' && tag !== '' && tag.length <= limits.tagCharactersMax) return tag
  throw broadcastInvalid('its tag is not a text of that length')
}
