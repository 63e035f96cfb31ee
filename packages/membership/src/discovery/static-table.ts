import { type Endpoint, hostOf, type NodeName, parseAddress } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import type { DiscoveryBackend, DiscoveryFactory, KnownNode } from './backend.ts'
import { endpointProblem, isOnLoopback, nodeProblem } from './endpoint-check.ts'
import { invalid } from './options.ts'
import { problemOf } from './seldom-log.ts'

const name = 'static'

/**
 * Nodes that are known beforehand: each as `name@host:port`, or as its name and its endpoints where it is reached
 * elsewhere. A node that is given twice has the endpoints of both.
 * @throws E_DISCOVERY_INVALID, here or when the node starts
 */
export function staticTable(table: readonly (string | KnownNode)[]): DiscoveryFactory {
  if (!Array.isArray(table)) throw invalid(name, 'its table is not an array of addresses')
  const given: readonly KnownNode[] = table.map(readRow)
  return seams => {
    const onLoopback = isOnLoopback(seams)
    const known = new Map<NodeName, Endpoint[]>()
    for (const row of given) addRow(known, row, onLoopback)
    if (known.size > limits.listedNodesMax) throw invalid(name, `it has more than ${limits.listedNodesMax} nodes`)
    return tableOf(known)
  }
}

function tableOf(known: ReadonlyMap<NodeName, readonly Endpoint[]>): DiscoveryBackend {
  return {
    name,
    resolve: async node => known.get(node),
    list: async () => [...known].map(([node, endpoints]) => ({ node, endpoints })),
  }
}

function readRow(row: string | KnownNode): KnownNode {
  if (typeof row === 'object' && row !== null) return row
  try {
    const { node, endpoint } = parseAddress(row)
    return { node, endpoints: [endpoint ?? { host: hostOf(node) }] }
  } catch (error) {
    throw invalid(name, problemOf(error), error)
  }
}

function addRow(known: Map<NodeName, Endpoint[]>, { node, endpoints }: KnownNode, onLoopback: boolean): void {
  const nodeWrong = nodeProblem(node, onLoopback)
  if (nodeWrong !== undefined) throw invalid(name, `the node ${String(node)} in its table: ${nodeWrong}`)
  if (!Array.isArray(endpoints)) throw invalid(name, `the endpoints of ${node} are not an array`)
  const all = known.get(node) ?? []
  for (const endpoint of endpoints as readonly Endpoint[]) {
    const problem = endpointProblem(endpoint, onLoopback)
    if (problem !== undefined) throw invalid(name, `an endpoint of ${node}: ${problem}`)
    all.push({ ...endpoint })
  }
  if (all.length > limits.endpointsMax) throw invalid(name, `${node} has more than ${limits.endpointsMax} endpoints`)
  known.set(node, all)
}
