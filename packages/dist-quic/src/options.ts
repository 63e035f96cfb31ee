/** The options of the QUIC carrier, with where each default comes from. */
import { isIP } from 'node:net'
import { join } from 'node:path'
import { quicError } from './errors.ts'

/** `tofu` pins the key of a name on first use; `strict` accepts keys only that are pinned already. */
export type TrustMode = 'tofu' | 'strict'

export interface QuicOptions {
  /** The UDP port to dial from and listen on; 0 lets the system choose. Default 9100. */
  readonly listenPort?: number
  /** The local IP address to bind. Default `0.0.0.0`: every IPv4 address of the machine. */
  readonly address?: string
  /** The folder of this node's keys and of the keys it has pinned. Default `keys` in the node's data folder. */
  readonly authKeyDir?: string
  /** The folder of the TLS certificate. Default `quic` in the node's data folder. */
  readonly quicCertDir?: string
  /** Default `tofu`. */
  readonly authTrustMode?: TrustMode
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
  /** A channel that sent nothing for this long sends a ping. Default 2,000 ms. */
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

export interface ResolvedOptions extends Required<Omit<QuicOptions, 'authKeyDir' | 'quicCertDir' | 'packetBytesMax'>> {
  readonly authKeyDir: string | undefined
  readonly quicCertDir: string | undefined
  readonly packetBytesMax: number | undefined
}

const MiB = 1024 * 1024

export const quicDefaults = {
  listenPort: 9100, // the project's own port; see docs
  address: '0.0.0.0', // a back-end service is reached from other machines
  authTrustMode: 'tofu', // as barrel_p2p: works without ceremony, and a pinned name never changes its key
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

/** @throws E_OPTION_INVALID */
export function resolveOptions(options: QuicOptions, dataDir: string | undefined): ResolvedOptions {
  const inData = (folder: string) => (dataDir === undefined ? undefined : join(dataDir, folder))
  const resolved: ResolvedOptions = {
    ...quicDefaults,
    ...options,
    authKeyDir: options.authKeyDir ?? inData('keys'),
    quicCertDir: options.quicCertDir ?? inData('quic'),
    packetBytesMax: options.packetBytesMax,
  }
  check('listenPort', isWhole(resolved.listenPort, 0, 65_535), 'it is a port, 0 to 65535')
  check('address', isIP(resolved.address) !== 0, 'it is an IP address of this machine')
  check('authTrustMode', ['tofu', 'strict'].includes(resolved.authTrustMode), "it is 'tofu' or 'strict'")
  const packetBytes = resolved.packetBytesMax ?? 1350
  check('packetBytesMax', isWhole(packetBytes, 1200, 16_383), 'it is 1200 to 16383 bytes')
  for (const option of durations) check(option, resolved[option] > 0, 'it is a number of milliseconds above 0')
  return resolved
}

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
