/** The one place where a node is put together from all the packages. */

import { join } from 'node:path'
import { newClusterKey as makeClusterKey, Quic, type QuicOptions, quic } from '@barrel-actors/dist-quic'
import {
  endpointsByName,
  Membership,
  type MembershipApi,
  type MembershipOptions,
  membership,
} from '@barrel-actors/membership'
import {
  startNode as assembleNode,
  checkNodeName,
  checkNodeOptionNames,
  type Extension,
  givenOptions,
  type Node,
  type NodeOptions,
  systemEntropy,
} from '@barrel-actors/runtime'

export interface ClusterOptions extends NodeOptions {
  /** Further extensions, installed after those that every node has. */
  readonly extensions?: readonly Extension[]
  /**
   * The folder for what the node keeps on disk: its keys, the keys that it has pinned, its creation. Default
   * `data/<name>`, so that several nodes can run in one folder; none for a node without a name.
   */
  readonly dataDir?: string
  /**
   * How the node is reached, and whom it trusts. Where it gives no `address`, a node whose name is of this machine
   * only (127.x, localhost) listens on that, any other on all addresses.
   */
  readonly quic?: QuicOptions
  /** Nodes to begin from, each `name@host` or `name@host:port`: short for that option of `membership`. Default none. */
  readonly contactNodes?: readonly string[]
  /**
   * How the node finds the others. Where it gives no `endpoints`, others are told the host of the node's name and the
   * port that it listens on. Tools (`quic.hidden`, `quic.cookieOnly`) take no part.
   */
  readonly membership?: MembershipOptions
}

/**
 * Starts a node with everything that this package brings. The first named node of the OS process becomes its
 * default node. Without a name it stays by itself and opens no port.
 * @throws E_NODE_NAME_INVALID, E_CREATION_UNREADABLE, E_DATA_IN_USE, E_PORT_IN_USE, E_MEMBERSHIP_OPTION_INVALID, E_DISCOVERY_INVALID and
 * what else the carrier can fail with
 */
export async function startNode(options: ClusterOptions = {}): Promise<Node> {
  checkNodeOptionNames(options, ['quic', 'membership', 'contactNodes'])
  const { quic: quicGiven = {}, membership: given = {}, contactNodes, extensions = [], ...rest } = options
  const quicOptions = givenOptions(quicGiven)
  if (options.name === undefined) return assembleNode({ ...rest, extensions })
  const dataDir = options.dataDir ?? join('data', checkNodeName(options.name))
  const isTool = quicOptions.hidden === true || quicOptions.cookieOnly === true
  const members = isTool
    ? []
    : [reachableMembership({ ...(contactNodes !== undefined && { contactNodes }), ...givenOptions(given) })]
  return assembleNode({ ...rest, dataDir, extensions: [quic(quicOptions), ...members, ...extensions] })
}

/**
 * A new cluster key, as the text of its file: what every node of a cluster is given as `quic.clusterKey`. Who has it can
 * be any node of the cluster.
 */
export function newClusterKey(): string {
  return makeClusterKey(systemEntropy)
}

/** Membership of a node that others reach where its carrier listens, which is known once that does. */
function reachableMembership(options: MembershipOptions): Extension<MembershipApi> {
  return {
    key: Membership,
    needs: [Quic],
    install: host => {
      const { port } = host.extension(Quic).address
      const endpoints = options.endpoints ?? endpointsByName(host.node.name, port)
      return membership({ ...options, endpoints }).install(host)
    },
  }
}
