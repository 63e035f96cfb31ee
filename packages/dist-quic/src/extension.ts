/** `quic()`: the extension that gives a node its carrier. */
import { type Extension, type ExtensionKey, extensionKey, type Host, type Installed } from '@barrel-actors/runtime'
import { QuicCarrier } from './carrier.ts'
import type { CarrierContext } from './channel/context.ts'
import { loadOrCreateCertificate } from './identity/certificate.ts'
import { fingerprintOf, loadOrCreateKeys } from './identity/keys.ts'
import { openTrustStore } from './identity/trust-store.ts'
import { type QuicOptions, resolveOptions } from './options.ts'
import { Endpoint } from './quic/endpoint.ts'

/** What the QUIC carrier offers: `node.extension(Quic)`. */
export interface QuicApi {
  /** Where the node listens and dials from. */
  readonly address: { readonly host: string; readonly port: number }
  /** The fingerprint of the node's key, to be compared by people. */
  readonly fingerprint: string
}

export const Quic: ExtensionKey<QuicApi> = extensionKey<QuicApi>('quic')

/** One ALPN a wire version: another version is another protocol, there is no fallback. */
const alpn = 'barrel-actors/1'

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
  const api: QuicApi = { address: endpoint.address, fingerprint: context.keys.fingerprint }
  context.log.info('quic listening', { ...endpoint.address, fingerprint: api.fingerprint })
  const stop = () => {
    carrier.stop()
    return endpoint.close('the node stops')
  }
  return { api, stop }
}

async function createContext(host: Host, given: QuicOptions): Promise<CarrierContext> {
  const { disk, entropy, clock, log } = host
  const options = resolveOptions(given, host.dataDir)
  const keys = await loadOrCreateKeys(disk, entropy, options.authKeyDir)
  const certificate = await loadOrCreateCertificate(disk, entropy, clock, options.quicCertDir, log)
  const trustStore = await openTrustStore(disk, clock, options.authKeyDir, log)
  const self = { name: host.node.name, creation: host.node.creation }
  return { host, self, options, keys, certificate, trustStore, fingerprintOf, clock, entropy, log }
}

function openEndpoint({ options, certificate, ...context }: CarrierContext, carrier: QuicCarrier): Promise<Endpoint> {
  const { address: host, listenPort: port, idleTimeoutMs, keepAliveMs, packetBytesMax } = options
  const { certificatePem, privateKeyPem } = certificate
  const { clock, entropy, log } = context
  const tls = { certificatePem, privateKeyPem, alpn }
  return Endpoint.open(
    { host, port, ...tls, idleTimeoutMs, keepAliveMs, packetBytesMax, clock, entropy, log },
    carrier.accept,
  )
}
