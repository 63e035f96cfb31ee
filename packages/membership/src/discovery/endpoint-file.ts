/** A file of the shared directory: JSON that people can read, named by the hash of its cluster and its node. */
import { createHash } from 'node:crypto'
import { type Endpoint, hostOf, type NodeName } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { endpointProblem, nodeProblem } from './endpoint-check.ts'

/** On disk. A file of another format is left alone. */
const format = 1

/** What the file of a node says. */
export interface Entry {
  readonly node: NodeName
  readonly endpoints: readonly Endpoint[]
  /** When its owner wrote it, by the owner's wall clock. */
  readonly writtenAtMs: number
}

/** The only names that are read. No node name can leave the folder, or share a file with another. */
export const fileNamePattern: RegExp = /^[0-9a-f]{64}\.json$/
/** What a `replace` leaves that was cut off by a crash. */
export const leftoverPattern: RegExp = /^[0-9a-f]{64}\.json\.[\w-]+\.tmp$/

export function fileNameOf(cluster: string, node: NodeName): string {
  return `${createHash('sha256').update(`${cluster}\n${node}`).digest('hex')}.json`
}

export function encodeEntry(cluster: string, { node, endpoints, writtenAtMs }: Entry): Uint8Array {
  return Buffer.from(`${JSON.stringify({ format, cluster, node, endpoints, writtenAtMs }, undefined, 2)}\n`)
}

/** The entry, or what is wrong with the file. Never throws. */
export function decodeEntry(
  bytes: Uint8Array,
  at: { readonly fileName: string; readonly cluster: string; readonly onLoopback: boolean },
): Entry | string {
  const content = parseObject(bytes)
  if (content === undefined) return 'it is not a JSON object, or only half of one'
  const { node, endpoints, writtenAtMs } = content
  if (content['format'] !== format) return `its format is not ${format}`
  if (content['cluster'] !== at.cluster) return 'it is of another cluster'
  const nodeWrong = nodeProblem(node, at.onLoopback)
  if (nodeWrong !== undefined) return `its node cannot be taken up: ${nodeWrong}`
  if (fileNameOf(at.cluster, node as NodeName) !== at.fileName) return 'its name is that of another node'
  if (typeof writtenAtMs !== 'number' || !Number.isFinite(writtenAtMs)) return 'it does not say when it was written'
  const problem = endpointsProblem(node as NodeName, endpoints, at.onLoopback)
  if (problem !== undefined) return problem
  const plain = (endpoints as Endpoint[]).map(({ host, port }) => (port === undefined ? { host } : { host, port }))
  return { node: node as NodeName, endpoints: plain, writtenAtMs }
}

/** Why a node cannot have those endpoints in its file, or undefined where it can. */
export function endpointsProblem(node: NodeName, endpoints: unknown, onLoopback: boolean): string | undefined {
  if (!Array.isArray(endpoints) || endpoints.length === 0) return 'it has no endpoints'
  if (endpoints.length > limits.endpointsMax) return `it has more than ${limits.endpointsMax} endpoints`
  for (const endpoint of endpoints as unknown[]) {
    const problem = endpointProblem(endpoint, onLoopback) ?? nameProblem(node, (endpoint as Endpoint).host)
    if (problem !== undefined) return `an endpoint cannot be dialed: ${problem}`
  }
  return undefined
}

// What a name leads to is decided elsewhere. That of the node itself is dialed anyway where nobody knows the node.
function nameProblem(node: NodeName, host: string): string | undefined {
  const isAddress = host.includes(':') || /^[\d.]+$/.test(host)
  return isAddress || host === hostOf(node) ? undefined : 'its host is a name, and not that of the node'
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const content: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
