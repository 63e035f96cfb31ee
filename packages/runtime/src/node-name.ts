import { runtimeError } from './errors.ts'
import { describe } from './exit-reason.ts'

/** `name@host`: stable over restarts of the node; the creation tells its lives apart. */
export type NodeName = string

/** Where a node can be reached. */
export interface Endpoint {
  /** An IP address, or a name that the system's resolver knows. */
  readonly host: string
  /** The UDP port; the carrier's default where it is left out. */
  readonly port?: number
}

/** A node and, when the address carried a port, the endpoint that it names. */
export interface Address {
  readonly node: NodeName
  readonly endpoint: Endpoint | undefined
}

const nodeNameBytesMax = 255
const partPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/
const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9_][A-Za-z0-9_.-]*$/

/** What is wrong with a node name, or undefined where nothing is. */
export function nodeNameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return 'it is empty'
  if (name.length > nodeNameBytesMax) return `it is longer than ${nodeNameBytesMax} characters`
  // Names are looked at for every message that has some.
  if (namePattern.test(name)) return undefined
  const parts = name.split('@')
  if (parts.length !== 2) return 'it needs exactly one @'
  if (!parts.every(part => partPattern.test(part))) return 'a part is empty or has a character that is not allowed'
  return undefined
}

/**
 * The name itself, once checked.
 * @throws E_NODE_NAME_INVALID
 */
export function checkNodeName(name: unknown): NodeName {
  const problem = nodeNameProblem(name)
  if (problem !== undefined) throw runtimeError('E_NODE_NAME_INVALID', { name, problem })
  return name as NodeName
}

/** The part of a node name after the @. */
export function hostOf(node: NodeName): string {
  return node.slice(node.indexOf('@') + 1)
}

/**
 * Reads `name@host` or `name@host:port`.
 * @throws E_ADDRESS_INVALID, E_NODE_NAME_INVALID
 */
export function parseAddress(address: string): Address {
  if (typeof address !== 'string') throw runtimeError('E_ADDRESS_INVALID', { address: describe(address) })
  if (/^[^@]*:/.test(address)) throw runtimeError('E_ADDRESS_INVALID', { address })
  const colon = address.indexOf(':')
  const node = checkNodeName(colon < 0 ? address : address.slice(0, colon))
  if (colon < 0) return { node, endpoint: undefined }
  return { node, endpoint: { host: hostOf(node), port: parsePort(address.slice(colon + 1), address) } }
}

/**
 * Reads `host` or `host:port`, with an IPv6 host in brackets when a port follows.
 * @throws E_ADDRESS_INVALID
 */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))(?::(\d+))?$/.exec(text)
  if (match === null) throw runtimeError('E_ADDRESS_INVALID', { address: text })
  const host = (match[1] ?? match[2]) as string
  return match[3] === undefined ? { host } : { host, port: parsePort(match[3], text) }
}

function parsePort(digits: string, address: string): number {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
  if (port < 1 || port > 65535) throw runtimeError('E_ADDRESS_INVALID', { address })
  return port
}
