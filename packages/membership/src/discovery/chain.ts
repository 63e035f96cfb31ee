/** Backends one after another; the first that knows a node wins. It is a backend itself. */
import {
  type AddressResolver,
  checkNodeName,
  type Endpoint,
  type NodeName,
  nodeNameProblem,
} from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { AnswerCache } from './answer-cache.ts'
import { AskedBackend, type BackendCounts } from './asked-backend.ts'
import type { DiscoveryBackend, DiscoveryFactory, DiscoverySeams, KnownNode } from './backend.ts'
import { invalid, milliseconds, resolveOptions } from './options.ts'

export interface DiscoveryChainOptions {
  /** How long the endpoints of a node are used again. Default 5,000 ms. */
  readonly ttlMs?: number
  /** The same, where no backend knew the node. Default 1,000 ms. */
  readonly negativeTtlMs?: number
  /** How long one backend may take to resolve a name. Default 2,000 ms. */
  readonly resolveTimeoutMs?: number
  /** How long it may take to register, to unregister and to list. Default 10,000 ms. */
  readonly timeoutMs?: number
}

export const discoveryChainDefaults = {
  ttlMs: 5_000, // chosen: a node that has moved is found within it
  negativeTtlMs: 1_000, // the longest back-off between dials
  resolveTimeoutMs: 2_000, // two backends that hang leave some of the 5 s of a call
  timeoutMs: 10_000, // chosen: thousands of small files of a slow file server
} as const satisfies Required<DiscoveryChainOptions>

const name = 'chain'

/**
 * A chain of backends, in the order in which they are asked.
 * @throws E_DISCOVERY_INVALID
 */
export function discoveryChain(
  backends: readonly DiscoveryFactory[],
  options: DiscoveryChainOptions = {},
): (seams: DiscoverySeams) => DiscoveryChain {
  if (!Array.isArray(backends) || !backends.every(factory => typeof factory === 'function')) {
    throw invalid(name, 'it is not given an array of backends')
  }
  if (backends.length > limits.backendsMax) throw invalid(name, `it has more than ${limits.backendsMax} backends`)
  const resolved = resolveOptions<Required<DiscoveryChainOptions>, DiscoveryChainOptions>(
    name,
    options,
    discoveryChainDefaults,
    {
      ttlMs: milliseconds,
      negativeTtlMs: milliseconds,
      resolveTimeoutMs: milliseconds,
      timeoutMs: milliseconds,
    },
  )
  return seams =>
    new DiscoveryChain(
      seams,
      backends.map(factory => made(factory, seams)),
      resolved,
    )
}

export class DiscoveryChain implements DiscoveryBackend {
  readonly name = name
  readonly #backends: readonly AskedBackend[]
  readonly #options: Required<DiscoveryChainOptions>
  readonly #answers: AnswerCache<readonly Endpoint[]>

  /** @internal See {@link discoveryChain}. */
  constructor(seams: DiscoverySeams, backends: readonly DiscoveryBackend[], options: Required<DiscoveryChainOptions>) {
    this.#backends = backends.map(backend => new AskedBackend(backend, seams))
    this.#options = options
    this.#answers = new AnswerCache({ clock: seams.clock, ...options })
  }

  /** What became of the questions to each backend. */
  get counts(): readonly BackendCounts[] {
    return this.#backends.map(backend => backend.counts)
  }

  /** Questions that no backend was asked, because too many were under way. */
  get turnedAway(): number {
    return this.#answers.turnedAway
  }

  /** Never rejects. */
  async resolve(node: NodeName): Promise<readonly Endpoint[] | undefined> {
    if (nodeNameProblem(node) !== undefined) return undefined
    return this.#answers.get(node, () => this.#first(node))
  }

  /**
   * Tells every backend that can be told. One that fails is told of in the log, and stops neither the others nor this.
   * @throws E_NODE_NAME_INVALID
   */
  async register(node: NodeName, endpoints: readonly Endpoint[]): Promise<void> {
    checkNodeName(node)
    const { timeoutMs } = this.#options
    await Promise.all(this.#backends.map(backend => backend.register(node, endpoints, timeoutMs)))
    this.#answers.forget(node)
  }

  /** As `register`. */
  async unregister(node: NodeName): Promise<void> {
    checkNodeName(node)
    await Promise.all(this.#backends.map(backend => backend.unregister(node, this.#options.timeoutMs)))
    this.#answers.forget(node)
  }

  /**
   * Every node that a backend knows, sorted by name, each once: with the endpoints of the first backend that has any.
   * Never rejects.
   */
  async list(): Promise<readonly KnownNode[]> {
    const lists = await Promise.all(this.#backends.map(backend => backend.list(this.#options.timeoutMs)))
    const known = new Map<NodeName, KnownNode>()
    for (const each of lists.flat()) {
      const before = known.get(each.node)
      const isNew = before === undefined && known.size < limits.listedNodesMax
      if (isNew || before?.endpoints.length === 0) known.set(each.node, each)
    }
    return [...known.values()].sort((one, other) => (one.node < other.node ? -1 : 1))
  }

  async #first(node: NodeName): Promise<readonly Endpoint[] | undefined> {
    for (const backend of this.#backends) {
      const endpoints = await backend.resolve(node, this.#options.resolveTimeoutMs)
      if (endpoints.length > 0) return endpoints
    }
    return undefined
  }
}

/** What a carrier asks: `host.addAddressResolver(addressResolver(chain))`. */
export function addressResolver(chain: DiscoveryChain): AddressResolver {
  return { resolve: node => chain.resolve(node) }
}

function made(factory: DiscoveryFactory, seams: DiscoverySeams): DiscoveryBackend {
  const backend = factory(seams) as unknown
  const { name: given, resolve } = (backend ?? {}) as { name?: unknown; resolve?: unknown }
  if (typeof given !== 'string' || given === '') throw invalid(name, 'a backend in it has no name')
  if (typeof resolve !== 'function') throw invalid(given, 'it has no function resolve')
  for (const optional of ['register', 'unregister', 'list'] as const) {
    const method = (backend as DiscoveryBackend)[optional] as unknown
    if (method !== undefined && typeof method !== 'function') throw invalid(given, `its ${optional} is not a function`)
  }
  return backend as DiscoveryBackend
}
