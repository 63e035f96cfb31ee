/** `quic()`: the extension that gives a node its carrier. */
import {
  type Extension,
  type ExtensionKey,
  extensionKey,
  type Host,
  type Installed,
  type NodeName,
} from '@barrel-actors/runtime'
import { QuicCarrier } from './carrier.ts'
import type { ConnectOptions } from './channel/connect-options.ts'
import type { CarrierContext } from './channel/context.ts'
import { type ChannelCounts, createCounts } from './channel/counts.ts'
import { ParcelBuffers } from './channel/parcel-buffers.ts'
import { quicError } from './errors.ts'
import { type Cluster, openCluster } from './identity/cluster.ts'
import { IdentityKeeper, type Rotation } from './identity/identity.ts'
import { createTrust, type Trust } from './identity/trust.ts'
import { TrustPolicy } from './identity/trust-policy.ts'
import { openTrustStore } from './identity/trust-store.ts'
import { type QuicOptions, type ResolvedOptions, resolveOptions, type TrustMode } from './options.ts'
import { isLoopback } from './quic/address.ts'
import { Endpoint } from './quic/endpoint.ts'
import { limits as quicLimits } from './quic/limits.ts'
import type { PathStats } from './quic/path-stats.ts'
import { type Streams, UserStreams } from './user-streams/user-streams.ts'

/** What the QUIC carrier offers: `node.extension(Quic)`. */
export interface QuicApi {
  /** Where the node listens and dials from. */
  readonly address: { readonly host: string; readonly port: number }
  /** The node's key, 32 bytes: what an operator pins at other nodes. */
  readonly publicKey: Uint8Array
  /** The fingerprint of that key, to be compared by people. */
  readonly fingerprint: string
  /** Whether the first key of a name is believed. */
  readonly trustMode: TrustMode
  /** Holds for every handshake that is not done yet; channels that are up stay up. Throws E_QUIC_OPTION_INVALID, E_CLUSTER_OPEN. */
  setTrustMode(mode: TrustMode): void
  /** The pinned and the revoked keys. */
  readonly trust: Trust
  /** A new certificate, for connections that begin later. Rejects with E_FILE_UNWRITABLE. */
  rotateCert(): Promise<Rotation>
  /**
   * A new key, which the old one signs so that peers follow. Rejects with E_FILE_UNWRITABLE; with
   * E_CLUSTER_CERTIFICATE_INVALID where the certificate of the node was signed elsewhere, for the key that it has.
   */
  rotateIdentity(): Promise<Rotation>
  /** Streams of bytes between processes, beside messages. */
  readonly streams: Streams
  /**
   * Moves the channel to a node to another local address, while everything on it goes on; nobody sees it go up or
   * down. Resolves when the new path is validated. Default time-out 5,000 ms.
   *
   * Rejects with E_NOT_CONNECTED, E_MIGRATION_REFUSED, E_MIGRATION_UNSUPPORTED, E_MIGRATION_TIMEOUT,
   * E_QUIC_OPTION_INVALID.
   */
  migratePeer(node: NodeName, options?: { readonly timeoutMs?: number }): Promise<void>
  /** Figures of the path to a node. Throws E_NOT_CONNECTED. */
  pathStats(node: NodeName): PathStats
  /** A copy of what was counted over all channels since the node started. */
  readonly counts: Readonly<ChannelCounts>
  /**
   * How a node is dialed, from its next channel on, until it is cleared: through an adapter, which is made anew for
   * each dial. Throws E_QUIC_OPTION_INVALID.
   */
  setConnectOptions(node: NodeName, options: ConnectOptions): void
  getConnectOptions(node: NodeName): ConnectOptions | undefined
  clearConnectOptions(node: NodeName): void
}

export const Quic: ExtensionKey<QuicApi> = extensionKey<QuicApi>('quic')

/** One ALPN a wire version: another version is another protocol, there is no fallback. */
const alpn = 'barrel-actors/4'

/**
 * Carries signals over QUIC, with mutual Ed25519 authentication.
 *
 * Installing throws E_QUIC_OPTION_INVALID, what loading keys, certificate and pins throws, and E_PORT_IN_USE,
 * E_PORT_DENIED, E_BIND_FAILED, E_QUIC_UNAVAILABLE.
 */
export function quic(options: QuicOptions = {}): Extension<QuicApi> {
  return { key: Quic, install: host => install(host, options) }
}

async function install(host: Host, options: QuicOptions): Promise<Installed<QuicApi>> {
  const context = await createContext(host, options)
  const carrier: QuicCarrier = new QuicCarrier(context, host.setCarrier({ open: node => carrier.open(node) }))
  const endpoint = await openEndpoint(context, carrier)
  carrier.bind(endpoint)
  context.identity.onCertificate(certificate => endpoint.useCertificate(certificate))
  const api = createApi(context, endpoint, carrier)
  context.log.info('quic listening', { ...endpoint.address, fingerprint: api.fingerprint })
  const stop = async () => {
    carrier.stop()
    await endpoint.close('the node stops')
    // Whoever removes the folder of a stopped node finds nobody writing to it.
    await context.trustStore.settled()
  }
  return { api, stop }
}

async function createContext(host: Host, given: QuicOptions): Promise<CarrierContext> {
  const { disk, entropy, clock, log } = host
  const options = resolveOptions(given, host.dataDir, host.node.name)
  const { authKeyDir: keyDir, quicCertDir: certDir, authEnabled, authTrustMode: mode, cookieOnlyNodes } = options
  const { hidden, authTimestampWindowMs: timestampWindowMs, onKeyChange } = options
  if (!authEnabled) log.warn('authentication is off: every node that reaches this one may take any name')
  const self = { name: host.node.name, creation: host.node.creation }
  const cluster = await openCluster(options.cluster, { node: self.name, hidden, timestampWindowMs }, host)
  checkOpenness(options, cluster, self.name)
  const identity = await IdentityKeeper.load({ node: self.name, keyDir, certDir, disk, entropy, clock, log })
  const trustStore = await openTrustStore(disk, clock, keyDir, log)
  // A certificate that peers would refuse stops the start.
  cluster?.certificateFor(identity.current.keys)
  const trust = new TrustPolicy(trustStore, { mode, authEnabled, cookieOnly: cookieOnlyNodes, onKeyChange, log })
  const userStreams = new UserStreams({ node: host.node, clock, log })
  const shared = { buffers: new ParcelBuffers(), counts: createCounts() }
  return { host, self, options, identity, cluster, trust, trustStore, userStreams, clock, entropy, log, ...shared }
}

function createApi(
  { identity, cluster, options, self, trust, userStreams, counts }: CarrierContext,
  { address }: Endpoint,
  carrier: QuicCarrier,
): QuicApi {
  return {
    address,
    get publicKey() {
      return Uint8Array.from(identity.current.keys.publicKey)
    },
    get fingerprint() {
      return identity.current.keys.fingerprint
    },
    get trustMode() {
      return trust.mode
    },
    setTrustMode(mode) {
      checkOpenness({ ...options, authTrustMode: mode }, cluster, self.name)
      trust.setMode(mode)
    },
    trust: createTrust(trust.store, fingerprint => carrier.closeKey(fingerprint, 'the key is revoked')),
    rotateCert: () => identity.rotateCert(),
    async rotateIdentity() {
      if (cluster?.canSign === false) throw otherKey()
      return identity.rotateIdentity()
    },
    streams: userStreams,
    migratePeer: async (node, options) => carrier.channelTo(node).migrate(migrationTimeout(options)),
    pathStats: node => carrier.channelTo(node).pathStats,
    get counts() {
      return structuredClone(counts)
    },
    setConnectOptions: (node, options) => carrier.routes.set(node, options),
    getConnectOptions: node => carrier.routes.get(node),
    clearConnectOptions: node => carrier.routes.clear(node),
  }
}

/**
 * A node that anybody may reach does not start where it would believe anybody.
 * @throws E_CLUSTER_OPEN
 */
function checkOpenness(options: ResolvedOptions, cluster: Cluster | undefined, node: NodeName): void {
  const { address, authEnabled, authTrustMode, openToStrangers } = options
  const believesAnybody = !authEnabled || authTrustMode === 'tofu'
  if (cluster !== undefined || openToStrangers || !believesAnybody || isLoopback(address)) return
  throw quicError('E_CLUSTER_OPEN', { node, address })
}

function otherKey(): Error {
  const problem = 'it is for the present key, and peers would refuse the new one'
  return quicError('E_CLUSTER_CERTIFICATE_INVALID', { source: 'of this node', problem })
}

function openEndpoint({ options, identity, ...context }: CarrierContext, carrier: QuicCarrier): Promise<Endpoint> {
  const { address: host, listenPort: port, idleTimeoutMs, keepAliveMs, packetBytesMax } = options
  const { certificatePem, privateKeyPem } = identity.current.certificate
  const { clock, entropy, log } = context
  const tls = { certificatePem, privateKeyPem, alpn }
  const untrusted = { bytesMax: quicLimits.untrustedBytesMax, streamsMax: quicLimits.untrustedStreamsMax }
  return Endpoint.open(
    { host, port, ...tls, idleTimeoutMs, keepAliveMs, packetBytesMax, untrusted, clock, entropy, log },
    carrier.accept,
  )
}

function migrationTimeout({ timeoutMs = 5_000 }: { readonly timeoutMs?: number } = {}): number {
  if (timeoutMs > 0) return timeoutMs
  throw quicError('E_QUIC_OPTION_INVALID', { option: 'timeoutMs', rule: 'it is a number of milliseconds above 0' })
}
