/**
 * Which endpoints may be dialed. What a file, DNS or a backend of somebody else answers may be written by an attacker,
 * who would have this node send packets where it pleases him: at the machine itself, at the metadata service of a
 * cloud, at a group. Private ranges are fine: that is where clusters live.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { type Endpoint, hostOf, type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import type { DiscoverySeams, KnownNode } from './backend.ts'

const hostBytesMax = 253
const labelPattern = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
const loopbackName = /^(localhost|.*\.localhost|localhost\.localdomain|ip6-(localhost|loopback))$/i

/** Whether the node may dial loopback, as it says or as its name does. */
export function isOnLoopback(seams: DiscoverySeams): boolean {
  return seams.isOnLoopback ?? isLoopback(hostOf(seams.node))
}

/** What forbids to dial that host, or undefined where nothing does. Never throws. */
export function hostProblem(host: unknown, onLoopback: boolean): string | undefined {
  if (typeof host !== 'string' || host === '') return 'it has no host'
  if (host.length > hostBytesMax) return `its host is longer than ${hostBytesMax} characters`
  if (isIPv4(host)) return addressProblem(kindOfIPv4(host), host, onLoopback)
  if (host.includes(':')) {
    // A zone says which interface; only link-local addresses need one.
    if (host.includes('%') || !isIPv6(host)) return 'its host is neither a name nor an address'
    return addressProblem(kindOfIPv6(host), host, onLoopback)
  }
  return nameProblem(host, onLoopback)
}

/** What forbids to dial that endpoint, or undefined where nothing does. */
export function endpointProblem(endpoint: unknown, onLoopback: boolean): string | undefined {
  if (typeof endpoint !== 'object' || endpoint === null) return 'it is not an endpoint'
  const { host, port } = endpoint as { host?: unknown; port?: unknown }
  const isPort = port === undefined || (Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535)
  return hostProblem(host, onLoopback) ?? (isPort ? undefined : 'its port is not 1 to 65535')
}

/** What forbids to take up a node of that name: where nobody knows its endpoints, its host is what is dialed. */
export function nodeProblem(node: unknown, onLoopback: boolean): string | undefined {
  return nodeNameProblem(node) ?? hostProblem(hostOf(node as NodeName), onLoopback)
}

/** Where others reach a node of that name at that port: at the host of its name, unless nobody may dial that. */
export function endpointsByName(node: NodeName, port: number): readonly Endpoint[] {
  const host = hostOf(node)
  return hostProblem(host, true) === undefined ? [{ host, port }] : []
}

/**
 * The endpoints of an answer that may be dialed, without doubles and at most {@link limits.endpointsMax} of them. They
 * are frozen: caches give them to whoever asks.
 */
export function dialable(answer: unknown, onLoopback: boolean, refuse: (problem: string) => void): readonly Endpoint[] {
  if (answer === undefined || answer === null) return []
  if (!Array.isArray(answer)) {
    refuse('the answer is not a list of endpoints')
    return []
  }
  const taken = new Map<string, Endpoint>()
  for (const given of answer.slice(0, limits.answersMax) as unknown[]) {
    // Read once: what is checked is what is taken.
    const endpoint = copyOf(given)
    const problem = endpointProblem(endpoint, onLoopback)
    if (problem !== undefined) refuse(problem)
    else if (taken.size < limits.endpointsMax) taken.set(`${endpoint?.host} ${endpoint?.port}`, endpoint as Endpoint)
  }
  return Object.freeze([...taken.values()])
}

/** A node of a list with what of its endpoints may be dialed; undefined where nothing of it is fit. */
export function fitNode(given: unknown, onLoopback: boolean, refuse: (problem: string) => void): KnownNode | undefined {
  if (typeof given !== 'object' || given === null) return refused('it is not a node', refuse)
  const { node, endpoints } = given as { node?: unknown; endpoints?: unknown }
  const problem = nodeProblem(node, onLoopback)
  if (problem !== undefined) return refused(problem, refuse)
  const fit = dialable(endpoints, onLoopback, refuse)
  // One that had endpoints and may be dialed at none is not left to its name.
  const isLeft = fit.length > 0 || (Array.isArray(endpoints) && endpoints.length === 0)
  return isLeft ? { node: node as NodeName, endpoints: fit } : undefined
}

function refused(problem: string, refuse: (problem: string) => void): undefined {
  refuse(problem)
}

function copyOf(given: unknown): Endpoint | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const { host, port } = given as Endpoint
  return Object.freeze(port === undefined ? { host } : { host, port })
}

type Kind = 'unspecified' | 'loopback' | 'link-local' | 'multicast' | 'reserved' | 'ordinary'

function addressProblem(kind: Kind, host: string, onLoopback: boolean): string | undefined {
  if (kind === 'ordinary' || (kind === 'loopback' && onLoopback)) return undefined
  const condition = kind === 'loopback' ? ', and this node is not on loopback' : ''
  return `${host} is ${kind}${condition}`
}

function nameProblem(host: string, onLoopback: boolean): string | undefined {
  const labels = host.split('.')
  if (!labels.every(label => labelPattern.test(label))) return 'its host is neither a name nor an address'
  // Resolvers of systems read 127.1, 2130706433 and 0x7f000001 as addresses.
  if (/^(\d+|0x[\da-f]*)$/i.test(labels.at(-1) as string)) return 'its host is an address in disguise'
  return loopbackName.test(host) ? addressProblem('loopback', host, onLoopback) : undefined
}

function isLoopback(host: string): boolean {
  return isIPv4(host) ? kindOfIPv4(host) === 'loopback' : loopbackName.test(host)
}

function kindOfIPv4(address: string): Kind {
  const [first, second] = address.split('.').map(Number) as [number, number]
  if (first === 0) return 'unspecified'
  if (first === 127) return 'loopback'
  if (first === 169 && second === 254) return 'link-local'
  if (first >= 240) return 'reserved'
  return first >= 224 ? 'multicast' : 'ordinary'
}

function kindOfIPv6(address: string): Kind {
  const groups = groupsOf(address)
  const [first, , , , , , seventh, eighth] = groups as [number, number, number, number, number, number, number, number]
  const isZero = (from: number, to: number) => groups.slice(from, to).every(group => group === 0)
  if (isZero(0, 8)) return 'unspecified'
  if (isZero(0, 7) && eighth === 1) return 'loopback'
  if ((first & 0xffc0) === 0xfe80) return 'link-local'
  if ((first & 0xff00) === 0xff00) return 'multicast'
  // An IPv4 address within: mapped, compatible, translated (64:ff9b::/96), 6to4 (2002::/16).
  const isMapped = isZero(0, 5) && groups[5] === 0xffff
  const isTranslated = first === 0x64 && groups[1] === 0xff9b && isZero(2, 6)
  if (isMapped || isZero(0, 6) || isTranslated) return kindOfIPv4(dotted(seventh, eighth))
  return first === 0x2002 ? kindOfIPv4(dotted(groups[1] as number, groups[2] as number)) : 'ordinary'
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a, b, c, d] = parts.slice(0, 4).map(Number) as [number, number, number, number]
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  })
  const [head = '', tail] = hex.split('::')
  const numbers = (text: string | undefined) => (text ? text.split(':').map(group => Number.parseInt(group, 16)) : [])
  const [before, after] = [numbers(head), numbers(tail)]
  return tail === undefined ? before : [...before, ...Array(8 - before.length - after.length).fill(0), ...after]
}
