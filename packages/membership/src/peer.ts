/** A node as others describe it: all that is needed to reach it, and nothing that is private to whoever describes. */
import { type Endpoint, type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { limits } from './limits.ts'

export interface Peer {
  readonly node: NodeName
  /** Tells its lives apart: what is said of an earlier one is ignored. */
  readonly creation: number
  /** Where it says that it can be reached; none where its name has to be resolved. */
  readonly endpoints: readonly Endpoint[]
}

/** What is wrong with what another node gave as a peer, or undefined where nothing is. Never throws. */
export function peerProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'a peer is no object'
  const { node, creation, endpoints } = value as Partial<Record<keyof Peer, unknown>>
  if (nodeNameProblem(node) !== undefined) return 'a peer has no proper name'
  if (!Number.isSafeInteger(creation) || (creation as number) < 0) return 'the creation of a peer is no count'
  return isEndpointList(endpoints) ? undefined : 'the endpoints of a peer are no short list'
}

/** Whether what another node gave is a list of endpoints, and a short one. */
export function isEndpointList(value: unknown): value is readonly Endpoint[] {
  if (!Array.isArray(value) || value.length > limits.endpointsMax) return false
  // Not `every`: it leaves out holes.
  for (let at = 0; at < value.length; at++) if (!isEndpoint(value[at])) return false
  return true
}

/** The peer alone, without what else its sender may have put there. */
export function plainPeer({ node, creation, endpoints }: Peer): Peer {
  return { node, creation, endpoints: plainEndpoints(endpoints) }
}

export function plainEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.map(plainEndpoint)
}

const hostPattern = /^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,254}$/

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { host, port } = value as Partial<Record<keyof Endpoint, unknown>>
  if (typeof host !== 'string' || !hostPattern.test(host)) return false
  return port === undefined || (Number.isInteger(port) && (port as number) > 0 && (port as number) < 65_536)
}

function plainEndpoint({ host, port }: Endpoint): Endpoint {
  return port === undefined ? { host } : { host, port }
}
