/** Nodes whose host is in the domain name system: its addresses, and the port where an SRV record tells it. */
import { isIPv4, isIPv6 } from 'node:net'
import { type Endpoint, hostOf, type NodeName, nodeNameProblem } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { AnswerCache } from './answer-cache.ts'
import type { DiscoveryBackend, DiscoveryFactory, DiscoverySeams } from './backend.ts'
import { TimedOut, within } from './deadline.ts'
import type { DnsResolver, ServiceRecord } from './dns-resolver.ts'
import { dialable, hostProblem, isOnLoopback } from './endpoint-check.ts'
import { milliseconds, port, resolveOptions } from './options.ts'
import { problemOf, SeldomLog } from './seldom-log.ts'
import { systemDns } from './system-dns.ts'

export interface DnsOptions {
  /** The UDP port of nodes whose port no SRV record tells. Default 9100. */
  readonly port?: number
  /** The service whose SRV records tell ports of hosts, such as `_barrel._udp.example.com`. Default: none is asked. */
  readonly service?: string
  /** How long an answer is used again. Default 30,000 ms. */
  readonly ttlMs?: number
  /** The same, where nothing was found or a question was not answered. Default 5,000 ms. */
  readonly negativeTtlMs?: number
  /** How long to wait for an answer. Default 1,500 ms. */
  readonly timeoutMs?: number
  /** Default: the machine's own domain name servers. */
  readonly resolver?: DnsResolver
}

export const dnsDefaults = {
  port: 9100, // the default of listenPort
  ttlMs: 30_000, // the usual time-to-live of names that an orchestrator gives
  negativeTtlMs: 5_000, // chosen: a node that comes up is found soon
  timeoutMs: 1_500, // below the 2 s that the chain waits
  resolver: systemDns,
} as const satisfies Omit<Required<DnsOptions>, 'service'>

const name = 'dns'

/**
 * The hosts of node names, looked up in DNS.
 * @throws E_DISCOVERY_INVALID
 */
export function dns(options: DnsOptions = {}): DiscoveryFactory {
  const resolved = resolveOptions<Omit<Required<DnsOptions>, 'service'>, DnsOptions>(name, options, dnsDefaults, {
    port,
    service: [isService, 'a service like _barrel._udp.example.com'],
    ttlMs: milliseconds,
    negativeTtlMs: milliseconds,
    timeoutMs: milliseconds,
    resolver: [isResolver, 'an object with ipv4, ipv6 and services'],
  })
  return seams => new Dns(seams, { service: undefined, ...resolved })
}

type ResolvedDnsOptions = Omit<Required<DnsOptions>, 'service'> & { readonly service: string | undefined }

class Dns implements DiscoveryBackend {
  readonly name = name
  readonly #seams: DiscoverySeams
  readonly #options: ResolvedDnsOptions
  readonly #onLoopback: boolean
  readonly #log: SeldomLog
  readonly #hosts: AnswerCache<readonly Endpoint[]>
  readonly #services: AnswerCache<readonly ServiceRecord[]>

  constructor(seams: DiscoverySeams, options: ResolvedDnsOptions) {
    this.#seams = seams
    this.#options = options
    this.#onLoopback = isOnLoopback(seams)
    this.#log = new SeldomLog(seams)
    this.#hosts = new AnswerCache({ clock: seams.clock, ...options })
    this.#services = new AnswerCache({ clock: seams.clock, ...options })
  }

  async resolve(node: NodeName): Promise<readonly Endpoint[] | undefined> {
    if (nodeNameProblem(node) !== undefined) return undefined
    const host = hostOf(node).toLowerCase()
    const problem = hostProblem(host, this.#onLoopback)
    if (problem !== undefined) {
      this.#refuse(host, problem)
      return undefined
    }
    if (isIPv4(host)) return [{ host, port: this.#options.port }]
    return this.#hosts.get(host, doubt => this.#look(host, doubt))
  }

  // All at once: a question that hangs costs no more than its own answer.
  async #look(host: string, doubt: () => void): Promise<readonly Endpoint[] | undefined> {
    const { resolver } = this.#options
    const [ports, four, six] = await Promise.all([
      this.#portsOf(host, doubt),
      this.#ask(host, () => resolver.ipv4(host), doubt),
      this.#ask(host, () => resolver.ipv6(host), doubt),
    ])
    const addresses = inTurn(this.#fit(host, four, isIPv4), this.#fit(host, six, isIPv6))
    const endpoints = ports.flatMap(port => addresses.map(address => ({ host: address, port })))
    const fit = dialable(endpoints, this.#onLoopback, problem => this.#refuse(host, problem))
    return fit.length === 0 ? undefined : fit
  }

  async #portsOf(host: string, doubt: () => void): Promise<readonly number[]> {
    const { service, resolver, port: usual } = this.#options
    if (service === undefined) return [usual]
    const records = await this.#services.get(service, async doubtService => {
      const answer = await this.#ask(service, () => resolver.services(service), doubtService)
      return answer && (answer.slice(0, limits.answersMax).filter(isServiceRecord) as ServiceRecord[])
    })
    if (records === undefined) doubt()
    const ports = (records ?? []).filter(record => isSameHost(record.host, host)).sort(bySooner)
    return ports.length === 0 ? [usual] : [...new Set(ports.map(record => record.port))].slice(0, limits.endpointsMax)
  }

  /** The answer; undefined where there is none in time, which is told. */
  async #ask(
    of: string,
    question: () => Promise<readonly unknown[]>,
    doubt: () => void,
  ): Promise<readonly unknown[] | undefined> {
    try {
      const answer = await within(this.#seams.clock, this.#options.timeoutMs, question)
      if (Array.isArray(answer)) return answer as unknown[]
      this.#refuse(of, 'the answer is not a list')
    } catch (error) {
      const event = error instanceof TimedOut ? 'dns does not answer' : 'dns failed'
      this.#log.warn(event, { name: of, problem: problemOf(error) })
    }
    doubt()
    return undefined
  }

  #fit(host: string, answer: readonly unknown[] | undefined, isAddress: (text: string) => boolean): string[] {
    const fit: string[] = []
    for (const address of (answer ?? []).slice(0, limits.answersMax)) {
      const problem =
        typeof address === 'string' && isAddress(address)
          ? hostProblem(address, this.#onLoopback)
          : 'the answer holds what is not an address'
      if (problem === undefined) fit.push(address as string)
      else this.#refuse(host, problem)
    }
    return fit
  }

  #refuse(of: string, problem: string): void {
    this.#log.warn('dns answer refused', { name: of, problem })
  }
}

/** One of the first, one of the second, and so on: whichever family works is near the front. */
function inTurn(first: readonly string[], second: readonly string[]): string[] {
  const longest = Math.max(first.length, second.length)
  return Array.from({ length: longest }, (_, at) => [...first.slice(at, at + 1), ...second.slice(at, at + 1)]).flat()
}

function isSameHost(target: string, host: string): boolean {
  return target.replace(/\.$/, '').toLowerCase() === host
}

function bySooner(one: ServiceRecord, other: ServiceRecord): number {
  return one.priority - other.priority || other.weight - one.weight || one.port - other.port
}

function isServiceRecord(record: unknown): boolean {
  if (typeof record !== 'object' || record === null) return false
  const { host, port: at, priority, weight } = record as { [Field in keyof ServiceRecord]?: unknown }
  return typeof host === 'string' && port[0](at) && Number.isFinite(priority) && Number.isFinite(weight)
}

function isService(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 253 && /^_[\w-]+\._[\w-]+(\.[\w-]+)+$/.test(value)
}

function isResolver(value: unknown): boolean {
  const methods = (value ?? {}) as { [Method in keyof DnsResolver]?: unknown }
  return [methods.ipv4, methods.ipv6, methods.services].every(method => typeof method === 'function')
}
