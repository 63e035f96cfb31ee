/** The options of membership, each default with its source. */
import {
  type Address,
  type Endpoint,
  givenOptions,
  hostOf,
  type NodeName,
  parseAddress,
  unknownOption,
} from '@barrel-actors/runtime'
import { type DetectorOptions, detectorDefaults } from './detector/options.ts'
import type { DiscoveryFactory } from './discovery/backend.ts'
import { type DiscoveryChainOptions, discoveryChain } from './discovery/chain.ts'
import { endpointProblem } from './discovery/endpoint-check.ts'
import { membershipError } from './errors.ts'
import { type HyparviewOptions, hyparviewDefaults } from './hyparview/options.ts'
import { limits } from './limits.ts'
import { type PlumtreeOptions, plumtreeDefaults } from './plumtree/options.ts'

/** The situation that the defaults of times fit. */
export type Profile = 'local' | 'lan' | 'wan'

export interface MembershipOptions {
  /** Default `lan`. */
  readonly profile?: Profile
  /** Nodes to begin from, each `name@host` or `name@host:port`. The node's own name among them is passed over. Default none. */
  readonly contactNodes?: readonly string[]
  /** How long a node without neighbours waits before it asks its contacts again. Default 5,000 ms. */
  readonly contactRetryMs?: number
  /** Where others reach this node. Default none: they resolve its name. */
  readonly endpoints?: readonly Endpoint[]
  /** Backends of discovery, in the order in which they are asked. Default none. */
  readonly discovery?: readonly DiscoveryFactory[]
  /** Options of the chain of those backends. */
  readonly discoveryChain?: DiscoveryChainOptions
  /**
   * Whether nodes that discovery lists are contacts where `contactNodes` names none, and are asked now and then, in case
   * that this node is on an island. Default true.
   */
  readonly discoverContacts?: boolean
  readonly hyparview?: Partial<HyparviewOptions>
  readonly plumtree?: PlumtreeOptions
  readonly detector?: Partial<DetectorOptions>
}

export const membershipDefaults = {
  profile: 'lan', // chosen: where clusters mostly live
  contactRetryMs: 5_000, // as barrel_p2p
  discoverContacts: true, // chosen: who configures discovery wants to be found through it
} as const satisfies MembershipOptions

/** What each profile sets apart from the defaults of the overlay. */
export const profiles: {
  readonly [Name in Profile]: {
    readonly hyparview: Partial<HyparviewOptions>
    readonly plumtree: PlumtreeOptions
    readonly detector: Partial<DetectorOptions>
  }
} = {
  local: {
    hyparview: { shuffleIntervalMs: 2_000, pendingMsMax: 10_000 }, // chosen: one machine, where dials fail at once
    plumtree: { lazyTickMs: 50, graftDelayMs: 125, graftRetryMs: 125 }, // chosen: a quarter of lan, round trips are far shorter
    detector: {}, // as lan: what takes its time is a busy loop, not the way
  },
  lan: { hyparview: {}, plumtree: {}, detector: {} }, // the defaults, which are made for it
  wan: {
    hyparview: { pendingMsMax: 60_000 }, // chosen: a dial over several endpoints, each with lost packets
    plumtree: { lazyTickMs: 400, graftDelayMs: 1_500, graftRetryMs: 1_500 }, // chosen: 10 hops of 150 ms, the paper's rule
    detector: {
      probeTimeoutMs: 3_000, // memberlist, WAN
      indirectTimeoutMs: 4_500, // chosen: one and a half of it, as lan
      suspicionMinMs: 20_000, // chosen: as lan, and what verdicts take on their way there and back
      suspicionMaxMs: 30_000, // chosen: as lan, one and a half of the shortest
    },
  },
}

export interface ResolvedOptions {
  readonly contacts: readonly Address[]
  readonly contactRetryMs: number
  readonly endpoints: readonly Endpoint[]
  readonly chain: ReturnType<typeof discoveryChain> | undefined
  readonly discoverContacts: boolean
  readonly hyparview: HyparviewOptions
  readonly plumtree: Required<PlumtreeOptions>
  readonly detector: DetectorOptions
}

type Check = (value: unknown) => string | undefined

const known: { readonly [Option in keyof Required<MembershipOptions>]: Check } = {
  profile: value => (Object.hasOwn(profiles, String(value)) ? undefined : "it is not 'local', 'lan' or 'wan'"),
  contactNodes: value => listProblem(value, limits.contactsMax, addressProblem),
  contactRetryMs: milliseconds,
  endpoints: value => listProblem(value, limits.endpointsMax, each => endpointProblem(each, true)),
  discovery: value => (Array.isArray(value) ? undefined : 'it is not an array of backends'),
  discoveryChain: objectProblem,
  discoverContacts: value => (typeof value === 'boolean' ? undefined : 'it is not true or false'),
  hyparview: objectProblem,
  plumtree: objectProblem,
  detector: objectProblem,
}

const walk = whole(0, limits.ttlMax)
const hyparviewChecks: { readonly [Option in keyof HyparviewOptions]: Check } = {
  activeViewMax: whole(1, 64),
  passiveViewMax: whole(0, 4_096),
  activeWalkLength: walk,
  passiveWalkLength: walk,
  shuffleActive: whole(0, 31),
  shufflePassive: whole(0, 31),
  shuffleWalkLength: walk,
  shuffleIntervalMs: milliseconds,
  pendingMsMax: milliseconds,
  passiveAgeMsMax: milliseconds,
  failedMax: whole(0, 4_096),
  seedCycles: whole(0, 1_000_000),
  swapCycles: whole(0, 1_000_000),
}

const count = whole(1, 1_000_000_000)
const plumtreeChecks: { readonly [Option in keyof PlumtreeOptions]-?: Check } = {
  lazyTickMs: value => (value === 0 ? undefined : milliseconds(value)),
  graftDelayMs: milliseconds,
  graftRetryMs: milliseconds,
  optimizationRounds: whole(0, limits.roundMax),
  cacheCountMax: count,
  cacheBytesMax: count,
  cacheAgeMs: milliseconds,
  heldPerOriginMax: count,
  gapMs: milliseconds,
  loneGapMs: milliseconds,
  startGapMs: milliseconds,
  originsMax: count,
  originsPerPeerMax: count,
  originIdleMs: milliseconds,
}

const detectorChecks: { readonly [Option in keyof DetectorOptions]: Check } = {
  probeIntervalMs: milliseconds,
  probeTimeoutMs: milliseconds,
  indirectTimeoutMs: milliseconds,
  indirectProbes: whole(0, 64),
  suspicionMinMs: milliseconds,
  suspicionMaxMs: milliseconds,
  confirmations: whole(1, limits.accusersMax - 1),
  stallMs: milliseconds,
  freshMs: milliseconds,
  healthMax: whole(1, 64),
  doubtfulHealth: whole(1, 64),
  announceMs: milliseconds,
  exchangeIntervalMs: milliseconds,
  exchangeSoonMs: milliseconds,
  membersMax: count,
  membersPerPeerMax: count,
  goneKeepMs: milliseconds,
}

/**
 * What the user gave, and the default wherever that is nothing or undefined.
 * @throws E_MEMBERSHIP_OPTION_INVALID, E_DISCOVERY_INVALID
 */
export function resolveOptions(options: MembershipOptions, self: NodeName): ResolvedOptions {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'it is not an object')
  const given = { ...membershipDefaults, ...checked(options, known, '') }
  const { hyparview, plumtree, detector } = profiles[given.profile]
  const contacts = (given.contactNodes ?? []).map(parseAddress)
  return {
    contacts: contacts.filter(({ node }) => node !== self),
    contactRetryMs: given.contactRetryMs,
    endpoints: (given.endpoints ?? []).map(each => ({ ...each })),
    chain: given.discovery?.length ? discoveryChain(given.discovery, given.discoveryChain) : undefined,
    discoverContacts: given.discoverContacts,
    hyparview: { ...hyparviewDefaults, ...hyparview, ...checked(given.hyparview ?? {}, hyparviewChecks, 'hyparview.') },
    plumtree: { ...plumtreeDefaults, ...plumtree, ...checked(given.plumtree ?? {}, plumtreeChecks, 'plumtree.') },
    detector: resolveDetector({ ...detector, ...checked(given.detector ?? {}, detectorChecks, 'detector.') }),
  }
}

/** Whether a node of that name may dial what peers say of loopback. */
export function isLoopbackNode(node: NodeName): boolean {
  return endpointProblem({ host: hostOf(node) }, false) !== undefined
}

function resolveDetector(given: Partial<DetectorOptions>): DetectorOptions {
  const options = { ...detectorDefaults, ...given }
  if (options.suspicionMinMs > options.suspicionMaxMs)
    throw invalid('detector.suspicionMinMs', 'it is longer than suspicionMaxMs')
  // Whoever probes for another waits as long itself.
  if (options.indirectTimeoutMs <= options.probeTimeoutMs)
    throw invalid('detector.indirectTimeoutMs', 'it is not longer than probeTimeoutMs')
  return options
}

function checked<Options extends object>(options: Options, checks: Readonly<Record<string, Check>>, prefix: string) {
  const unknown = unknownOption(options, Object.keys(checks))
  if (unknown !== undefined) throw invalid(prefix + unknown.option, unknown.problem)
  const given = givenOptions(options)
  for (const [option, value] of Object.entries(given)) {
    const problem = checks[option]?.(value)
    if (problem !== undefined) throw invalid(prefix + option, problem)
  }
  return given
}

function invalid(option: string, problem: string): Error {
  return membershipError('E_MEMBERSHIP_OPTION_INVALID', { option, problem })
}

// Timers of Node hold no more than 31 bits.
function milliseconds(value: unknown): string | undefined {
  const isFit = typeof value === 'number' && value > 0 && value < 2 ** 31
  return isFit ? undefined : 'it is not a number of milliseconds above 0 and below 2^31'
}

function whole(min: number, max: number): Check {
  return value =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `it is not a whole number, ${min} to ${max}`
}

function objectProblem(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? undefined : 'it is not an object'
}

function listProblem(value: unknown, max: number, check: Check): string | undefined {
  if (!Array.isArray(value) || value.length > max) return `it is not an array of at most ${max}`
  for (const each of value as unknown[]) {
    const problem = check(each)
    if (problem !== undefined) return problem
  }
  return undefined
}

function addressProblem(value: unknown): string | undefined {
  try {
    parseAddress(value as string)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
