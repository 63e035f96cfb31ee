/** The options of the QUIC carrier, with where each default comes from. */
import { isIP } from 'node:net'
import { join } from 'node:path'
import { givenOptions, type NodeName, unknownOption } from '@barrel-actors/runtime'
import { quicError } from './errors.ts'
import type { AuthCallback } from './identity/auth-callback.ts'
import type { ClusterOptions } from './identity/cluster.ts'
import { type CookieOnly, readCookieOnly } from './identity/cookie-only.ts'
import { limits } from './limits.ts'
import { isLoopback } from './quic/address.ts'

/** `tofu` pins the key of a name on first use; `strict` accepts keys only that are pinned already. */
export type TrustMode = 'tofu' | 'strict'

/** Whether a pinned name may come with another key. `certificate`: yes, where its member certificate is younger. */
export type KeyChange = 'refuse' | 'certificate'

export interface QuicOptions {
  /** The UDP port to dial from and listen on; 0 lets the system choose. Default 9100. */
  readonly listenPort?: number
  /**
   * The local IP address to bind. Default: a loopback address where the host of the node's name is one, otherwise
   * `0.0.0.0`, which is every IPv4 address of the machine.
   */
  readonly address?: string
  /** The folder of this node's keys and of the keys it has pinned. Default `keys` in the node's data folder. */
  readonly authKeyDir?: string
  /** The folder of the TLS certificate. Default `quic` in the node's data folder. */
  readonly quicCertDir?: string
  /** Default `tofu`. Can be changed while the node runs: `setTrustMode`. */
  readonly authTrustMode?: TrustMode
  /**
   * The secret key of the cluster: the path of a file in PEM, or its bytes. The node signs its own member certificate
   * with it, and peers without a certificate of the cluster are refused. No default.
   */
  readonly clusterKey?: string | Uint8Array
  /**
   * A member certificate that was signed elsewhere, in place of `clusterKey`: the path of a file, or its bytes. It is for
   * this node's name, key and role. `clusterKeys` must hold the key of its cluster. No default.
   */
  readonly clusterCertificate?: string | Uint8Array
  /**
   * Public keys of clusters whose certificates are accepted too, in base64, in PEM or as 32 bytes: the old and the new
   * one while a cluster key is replaced. At most 8. Default none.
   */
  readonly clusterKeys?: readonly (string | Uint8Array)[]
  /**
   * Whether a pinned name may come with another key, that its old one did not sign: `certificate` lets it, where the key
   * has a younger member certificate and the old one is not revoked. Default `certificate`.
   */
  readonly onKeyChange?: KeyChange
  /**
   * Lets a node start whose port anybody may reach and whom it believes at first sight: `tofu` or `authEnabled: false`, an
   * address that is not loopback, and no cluster. Default false.
   */
  readonly openToStrangers?: boolean
  /**
   * Whether a pinned name is kept to its key. Default true. False: any key may have any name, and nothing is pinned;
   * the handshake stays, and so do its checks of time, names and revoked keys.
   */
  readonly authEnabled?: boolean
  /**
   * Asked about every node that has proved who it is and that trust lets in; only the answer true lets it in. No
   * default. Given and not a function, even undefined, it stops a node whose authEnabled is true from starting.
   */
  readonly authCallback?: AuthCallback
  /**
   * The nodes that may come in without a key, with `cookie` alone: `name@host`, where a `*` stands for a whole half.
   * They are hidden, they are not pinned, and none may have a name that is pinned. Default none.
   */
  readonly cookieOnlyNodes?: readonly string[]
  /** The secret shared with such nodes, at least 16 bytes of UTF-8 that nobody can guess. No default. */
  readonly cookie?: string
  /** Dials as such a node: without a key, with `cookie`, and hidden. Default false. */
  readonly cookieOnly?: boolean
  /** The whole handshake of two nodes takes at most this long. Default 10,000 ms. */
  readonly authHandshakeTimeoutMs?: number
  /** Half of what the clocks of two nodes may differ by. Default 30,000 ms. */
  readonly authTimestampWindowMs?: number
  /** How long to wait for the first answer from an address. Default 3,000 ms. */
  readonly dialTimeoutMs?: number
  /**
   * How long a node that could not be reached is left alone, at first; twice as long after each further failure, up to
   * a second. What is sent meanwhile waits. Default 50 ms.
   */
  readonly dialBackOffMs?: number
  /** A channel without a sign of life for this long is lost. The lower one of both ends' holds. Default 6,000 ms. */
  readonly idleTimeoutMs?: number
  /** A channel that sent nothing for this long sends a ping. Default 2,000 ms, or a third of a lower idleTimeoutMs. */
  readonly keepAliveMs?: number
  /** Bytes of a UDP payload, 1,200 to 16,383. Default 16 KiB to loopback, 1,350 to others. */
  readonly packetBytesMax?: number
  /** `send` returns false once this much waits for one node. Default 1 MiB. */
  readonly queueBytesHigh?: number
  /** A channel with more than this waiting is closed. Default 64 MiB. */
  readonly queueBytesMax?: number
  /**
   * A channel that carries nothing, and that nobody on either side relies on (no link, monitor, pending call, user stream
   * or neighbour), is closed after this long. Default 300,000 ms; Infinity keeps it.
   */
  readonly idleChannelMs?: number
  /** How often channels are looked at for that. Default 60,000 ms. */
  readonly idleSweepMs?: number
  /** A tool, which is in nobody's list of nodes and is not pinned. Default false. */
  readonly hidden?: boolean
}

const withoutDefault = [
  'authKeyDir',
  'quicCertDir',
  'packetBytesMax',
  'authCallback',
  'cookie',
  'cookieOnlyNodes',
  'clusterKey',
  'clusterCertificate',
  'clusterKeys',
  'onKeyChange',
] as const satisfies (keyof QuicOptions)[]

type WithoutDefault = (typeof withoutDefault)[number]

export interface ResolvedOptions extends Required<Omit<QuicOptions, WithoutDefault>> {
  readonly authCallback: AuthCallback | undefined
  /** Undefined without a cookie. */
  readonly cookieOnlyNodes: CookieOnly | undefined
  readonly authKeyDir: string | undefined
  readonly quicCertDir: string | undefined
  readonly packetBytesMax: number | undefined
  readonly cluster: ClusterOptions
  readonly onKeyChange: KeyChange
}

const MiB = 1024 * 1024

export const quicDefaults = {
  listenPort: 9100, // the project's own port; see docs
  address: '0.0.0.0', // a back-end service is reached from other machines
  authTrustMode: 'tofu', // as barrel_p2p: works without ceremony, and a pinned name never changes its key
  openToStrangers: false, // whoever reaches the port would be a member
  authEnabled: true, // as barrel_p2p: an open cluster is never an accident
  cookieOnly: false,
  authHandshakeTimeoutMs: 10_000, // as barrel_p2p
  authTimestampWindowMs: 30_000, // as barrel_p2p
  dialTimeoutMs: 3_000, // below the 5 s of a call, so that a call to a node that is gone says what is wrong
  dialBackOffMs: 50, // chosen: not noticed once, and twenty dials a second at most
  idleTimeoutMs: 6_000, // three keep-alives: a killed peer is noticed within 10 s
  keepAliveMs: 2_000, // below the 30 s after which NATs and firewalls forget a UDP flow
  queueBytesHigh: MiB, // as OTP's dist_buf_busy_limit
  queueBytesMax: 64 * MiB, // one largest signal
  idleChannelMs: 300_000, // as barrel_p2p's dist_gc_min_age_ms, though of idleness instead of age
  idleSweepMs: 60_000, // as barrel_p2p
  hidden: false,
} as const satisfies QuicOptions

/**
 * What the user gave, and the default wherever that is nothing or undefined.
 * @throws E_QUIC_OPTION_INVALID, E_AUTH_CALLBACK_INVALID, E_COOKIE_UNFIT
 */
export function resolveOptions(
  options: QuicOptions,
  dataDir: string | undefined,
  node: NodeName = 'node@0.0.0.0',
): ResolvedOptions {
  const inData = (folder: string) => (dataDir === undefined ? undefined : join(dataDir, folder))
  const given = givenOptions(options)
  checkNames(options)
  const {
    cookie,
    cookieOnlyNodes,
    clusterKey,
    clusterCertificate,
    clusterKeys = [],
    ...rest
  } = { ...quicDefaults, ...keepAliveFor(given), ...given }
  const resolved: ResolvedOptions = {
    ...rest,
    address: given.address ?? defaultAddress(node),
    authKeyDir: given.authKeyDir ?? inData('keys'),
    quicCertDir: given.quicCertDir ?? inData('quic'),
    packetBytesMax: given.packetBytesMax,
    authCallback: given.authCallback,
    cookieOnlyNodes: readCookieOnly(cookie, cookieOnlyNodes ?? []),
    hidden: rest.hidden || rest.cookieOnly,
    cluster: { clusterKey, clusterCertificate, clusterKeys },
    onKeyChange: given.onKeyChange ?? 'certificate', // so that a container that lost its folder comes back
  }
  checkCluster(resolved)
  for (const option of switches) check(option, typeof rest[option] === 'boolean', 'it is true or false')
  checkCallback(options, resolved)
  if (resolved.cookieOnly && cookie === undefined) {
    throw quicError('E_COOKIE_UNFIT', { problem: 'cookieOnly is set and no cookie is' })
  }
  check('listenPort', isWhole(resolved.listenPort, 0, 65_535), 'it is a port, 0 to 65535')
  check('address', isIP(resolved.address) !== 0, 'it is an IP address of this machine')
  check('authTrustMode', ['tofu', 'strict'].includes(resolved.authTrustMode), "it is 'tofu' or 'strict'")
  const packetBytes = resolved.packetBytesMax ?? 1350
  check('packetBytesMax', isWhole(packetBytes, 1200, 16_383), 'it is 1200 to 16383 bytes')
  for (const option of durations) check(option, resolved[option] > 0, 'it is a number of milliseconds above 0')
  const { keepAliveMs, idleTimeoutMs, queueBytesHigh, queueBytesMax } = resolved
  // The QUIC library takes a fraction of one for no time-out at all, and ends the whole program on what is past its range.
  check('idleTimeoutMs', idleTimeoutMs >= 1 && idleTimeoutMs <= 2 ** 53, 'it is 1 to 2 ** 53 milliseconds')
  check('keepAliveMs', keepAliveMs < idleTimeoutMs, `it is less than idleTimeoutMs, which is ${idleTimeoutMs}`)
  check('queueBytesHigh', queueBytesHigh > 0, 'it is a number of bytes above 0')
  check('queueBytesMax', queueBytesMax >= queueBytesHigh, `it is at least queueBytesHigh, which is ${queueBytesHigh}`)
  return resolved
}

// A name on a loopback address says that only this machine is meant.
function defaultAddress(node: NodeName): string {
  const host = node.slice(node.indexOf('@') + 1)
  if (host === 'localhost') return '127.0.0.1'
  return isIP(host) !== 0 && isLoopback(host) ? host : quicDefaults.address
}

function checkCluster({ cluster, onKeyChange }: ResolvedOptions): void {
  const { clusterKey, clusterCertificate, clusterKeys } = cluster
  check('clusterKey', clusterKey === undefined || isFileOrBytes(clusterKey), fileOrBytesRule)
  check('clusterCertificate', clusterCertificate === undefined || isFileOrBytes(clusterCertificate), fileOrBytesRule)
  const isList = Array.isArray(clusterKeys) && clusterKeys.length <= limits.clusterKeysMax
  check(
    'clusterKeys',
    isList && clusterKeys.every(isFileOrBytes),
    `it lists at most ${limits.clusterKeysMax} public keys`,
  )
  check('onKeyChange', ['refuse', 'certificate'].includes(onKeyChange), "it is 'refuse' or 'certificate'")
}

const fileOrBytesRule = 'it is the path of a file, or bytes'

function isFileOrBytes(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || value instanceof Uint8Array
}

// Three pings before the time is over: one may be lost, and one late.
function keepAliveFor({ idleTimeoutMs = quicDefaults.idleTimeoutMs }: QuicOptions): { keepAliveMs: number } {
  return { keepAliveMs: Math.min(quicDefaults.keepAliveMs, idleTimeoutMs / 3) }
}

// One that is misspelt would leave the default in its place, such as the mode that believes first keys.
function checkNames(options: QuicOptions): void {
  const unknown = unknownOption(options, optionNames)
  if (unknown === undefined) return
  throw quicError('E_QUIC_OPTION_INVALID', { option: unknown.option, rule: `it is left out, since ${unknown.problem}` })
}

// A callback that is null by mistake would let everyone in that it was written to keep out.
function checkCallback(options: QuicOptions, { authEnabled }: ResolvedOptions): void {
  if (!authEnabled || !Object.hasOwn(options, 'authCallback') || typeof options.authCallback === 'function') return
  const given: unknown = options.authCallback
  throw quicError('E_AUTH_CALLBACK_INVALID', { problem: `it is ${given === null ? 'null' : typeof given}` })
}

const optionNames: readonly string[] = [...Object.keys(quicDefaults), ...withoutDefault]

const switches = ['authEnabled', 'cookieOnly', 'hidden', 'openToStrangers'] as const

const durations = [
  'authHandshakeTimeoutMs',
  'authTimestampWindowMs',
  'dialTimeoutMs',
  'dialBackOffMs',
  'idleTimeoutMs',
  'keepAliveMs',
  'idleChannelMs',
  'idleSweepMs',
] as const

function check(option: keyof QuicOptions, isValid: boolean, rule: string): void {
  if (!isValid) throw quicError('E_QUIC_OPTION_INVALID', { option, rule })
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max
}
