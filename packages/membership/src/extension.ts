/** `membership()`: the extension that brings a node into the overlay. */
import {
  type Extension,
  type ExtensionKey,
  extensionKey,
  type Host,
  type Installed,
  type NodeName,
  parseAddress,
} from '@barrel-actors/runtime'
import type { Detector, Refusal } from './detector/state.ts'
import { addressResolver } from './discovery/chain.ts'
import { membershipError } from './errors.ts'
import { type ViewSizes, viewSizes } from './hyparview/sizes.ts'
import type { RefusedReason } from './hyparview/state.ts'
import { limits } from './limits.ts'
import { Member, type MemberCounts } from './member.ts'
import { type MembershipOptions, resolveOptions } from './options.ts'
import { broadcastInvalid } from './payload-codec.ts'
import type { Counters } from './plumtree/counters.ts'
import { type PlumtreeSizes, plumtreeSizes } from './plumtree/sizes.ts'
import { MembershipSupervisor } from './server.ts'
import type { Subscriber } from './subscribers.ts'

/** A node, as far as this one knows. */
export interface MemberInfo {
  readonly node: NodeName
  readonly creation: number
  readonly state: 'alive' | 'suspected'
}

export interface MembershipStats {
  /** Nodes in each view, links asked for, and lost neighbours that are probed. */
  readonly views: ViewSizes
  /** Messages dropped, by reason: those of HyParView, from processes of this node, from tools, those that were none. */
  readonly refused: Readonly<Record<RefusedReason | 'local' | 'role' | 'malformed', number>>
  readonly broadcasts: { readonly counters: Counters; readonly sizes: PlumtreeSizes }
  /** Nodes in the list of members, those among them that are suspected or gone, and what was dropped of messages about them. */
  readonly detector: {
    readonly members: number
    readonly suspected: number
    readonly gone: number
    readonly refused: Readonly<Record<Refusal, number>>
  }
  readonly undecodable: number
  readonly congested: number
  readonly subscribers: number
  readonly endpointsRefused: number
}

/** What membership offers: `node.extension(Membership)`. */
export interface MembershipApi {
  /** Asks that node for a way into the overlay; also after `leave`. Throws E_ADDRESS_INVALID, E_JOIN_SELF, E_NODE_NAME_INVALID. */
  join(address: string): void
  /** Tells the neighbours, and stays out until the next `join`. */
  leave(): void
  /** The neighbours, sorted. */
  activeView(): NodeName[]
  /** The nodes known in reserve, sorted. */
  passiveView(): NodeName[]
  /** All nodes that are known and not gone, this one included, sorted; none while this one has left. */
  members(): MemberInfo[]
  /** The nodes asked for a link that have not answered, sorted. */
  pendingView(): NodeName[]
  /** Neighbours that were lost, and are probed until they are there again, sorted. */
  failedView(): NodeName[]
  /**
   * To every node of the overlay, this one included: `{ kind: 'broadcast', tag, payload, origin }` for whoever
   * subscribes to that tag. As `send`, false where more waits for a neighbour than should: it is sent all the same.
   * Throws E_MESSAGE_INVALID, E_BROADCAST_INVALID.
   */
  broadcast(tag: string, payload: unknown): boolean
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
  const member = new Member(host, options, chain)
  host.addAddressResolver({ resolve: name => member.descriptors.resolve(member.overlay, name) })
  if (chain !== undefined) host.addAddressResolver(addressResolver(chain))
  await node.start(MembershipSupervisor, member)
  // Who finds this node listed finds its process too; and of two that start at once one finds the other listed.
  if (options.endpoints.length > 0) await chain?.register(node.name, options.endpoints)
  member.begin()
  return {
    api: createApi(host, member),
    // While the others still watch its process: the end of that alone would look like the end of the node.
    stopping: () => member.stop(),
    stop: async () => {
      if (options.endpoints.length > 0) await chain?.unregister(node.name)
    },
  }
}

function createApi({ clock, node }: Host, member: Member): MembershipApi {
  const { overlay, subscribers } = member
  return {
    join: address => {
      const contact = parseAddress(address)
      if (contact.node === node.name) throw membershipError('E_JOIN_SELF', { node: node.name })
      member.descriptors.addContact(contact)
      member.join(contact.node)
    },
    leave: () => member.leave(),
    activeView: () => [...overlay.views.active.keys()].sort(),
    passiveView: () => overlay.views.passive.nodes.sort(),
    members: () => membersOf(overlay.views.isOut, member.detector),
    pendingView: () => [...overlay.views.pending.keys()].sort(),
    failedView: () => overlay.views.failed.nodes.sort(),
    broadcast: (tag, payload) => member.broadcast(checkTag(tag), payload),
    subscribe: pid => subscribers.add(pid),
    unsubscribe: pid => subscribers.remove(pid),
    subscribeBroadcasts: (pid, tag) => subscribers.add(pid, checkTag(tag)),
    unsubscribeBroadcasts: (pid, tag) => subscribers.remove(pid, checkTag(tag)),
    stats: () => statsOf(member, clock.now()),
  }
}

function membersOf(isOut: boolean, { table }: Readonly<Detector>): MemberInfo[] {
  const infos: MemberInfo[] = []
  if (isOut) return infos
  for (const { node, creation, state } of table.values()) if (state !== 'gone') infos.push({ node, creation, state })
  return infos.sort((one, other) => (one.node < other.node ? -1 : 1))
}

function statsOf({ overlay, detector, subscribers, descriptors, counts }: Member, now: number): MembershipStats {
  const { refused } = overlay.views
  const { local, role, undecodable, congested } = counts satisfies MemberCounts
  const { counters } = overlay.tree
  return {
    views: viewSizes(overlay.views, now),
    refused: { ...refused, local, role, malformed: overlay.malformed },
    broadcasts: {
      counters: { ...counters, refused: { ...counters.refused } },
      sizes: plumtreeSizes(overlay.tree, now),
    },
    detector: {
      members: detector.table.size,
      suspected: detector.suspicions.size,
      gone: detector.table.goneCount,
      refused: { ...detector.refused },
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
