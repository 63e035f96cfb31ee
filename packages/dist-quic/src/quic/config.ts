/**
 * What each QUIC connection is set up with. One configuration for peers on this machine, which takes the large
 * packets that loopback carries, and one for the network. Both ends show a certificate; the library lets any
 * through, because the layer above judges the peer by its certificate.
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import type { Config, Quiche } from '@matrixai/quic/native/index.js'
import { problemOf, quicError } from '../errors.ts'
import { limits } from './limits.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** QUIC adds its own limit a little below 16 KiB; larger datagrams are received, never sent. */
export const loopbackPacketBytes: number = 16 * KiB
/** Fits an Ethernet path with IPv6 and a tunnel's header on top; MEASURED.md. */
export const networkPacketBytes = 1350
const receivedPacketBytesMax = 65_527

// On loopback the only thing that loses packets is the receiver's socket buffer, so no more is let under way
// than it holds; past 2 MiB nothing gets faster. Over a network the window has to cover bandwidth times delay:
// 4 MiB is 1 Gbit/s at 32 ms, for each stream.
const loopbackWindowBytesMin = 64 * KiB
const loopbackWindowBytesMax = 2 * MiB
const networkWindowBytes = 4 * MiB

// What lies unread in some streams must not keep the others from going on.
const windowsPerConnection = 4
const userStreamBytes = 256 * KiB

/** What this end shows to the other: one certificate, and its key. */
export interface EndpointCertificate {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

export interface TransportOptions extends EndpointCertificate {
  readonly alpn: string
  readonly idleTimeoutMs: number
  readonly packetBytesMax?: number | undefined
  /** False: peers are told not to move connections to another address of theirs. Default true. */
  readonly migration?: boolean | undefined
}

/** What a peer is dialed or accepted with. */
export interface Transport {
  readonly config: Config
  /** Bytes of a UDP payload, the largest first: the sizes to fall back to. */
  readonly packetSizes: readonly number[]
  /** What flow control lets a peer send before anybody reads it. */
  readonly windowBytes: number
  /** SHA-256 of the DER of the certificate that this end shows. */
  readonly certificateHash: Uint8Array
}

/** How many bytes a peer on loopback may have under way, given what the kernel says it buffers. */
export function loopbackWindow(socketBufferBytes: number): number {
  // A packet takes the kernel up to twice its length.
  return Math.max(loopbackWindowBytesMin, Math.min(loopbackWindowBytesMax, Math.floor(socketBufferBytes / 2)))
}

/** The transport for peers on the network. Throws E_CERTIFICATE_INVALID. */
export function networkTransport(quiche: Quiche, options: TransportOptions): Transport {
  return buildTransport(quiche, options, options.packetBytesMax ?? networkPacketBytes, networkWindowBytes)
}

/** The transport for peers on this machine. Throws E_CERTIFICATE_INVALID. */
export function loopbackTransport(quiche: Quiche, options: TransportOptions, socketBufferBytes: number): Transport {
  const packetBytes = options.packetBytesMax ?? loopbackPacketBytes
  return buildTransport(quiche, options, packetBytes, loopbackWindow(socketBufferBytes))
}

/** The transport for peers behind an adapter: nothing is known of its path but that it carries QUIC at all. */
export function adapterTransport(quiche: Quiche, options: TransportOptions): Transport {
  return buildTransport(quiche, options, options.packetBytesMax ?? limits.initialBytesMin, networkWindowBytes)
}

/** A size, and the smaller ones that may pass where it does not. */
export function packetSizesFrom(packetBytes: number): number[] {
  return [packetBytes, ...[networkPacketBytes, limits.initialBytesMin].filter(bytes => bytes < packetBytes)]
}

// Also a check that both can be used, before anything relies on them.
function hashOf({ certificatePem, privateKeyPem }: EndpointCertificate): Uint8Array {
  try {
    const certificate = new X509Certificate(certificatePem)
    if (!certificate.checkPrivateKey(createPrivateKey(privateKeyPem))) throw new Error('the key belongs to another')
    return new Uint8Array(createHash('sha256').update(certificate.raw).digest())
  } catch (error) {
    throw quicError('E_CERTIFICATE_INVALID', { path: '(given as text)', problem: problemOf(error) }, error)
  }
}

function buildTransport(quiche: Quiche, options: TransportOptions, packetBytes: number, window: number): Transport {
  const certificateHash = hashOf(options)
  const config = quiche.Config.withBoringSslCtx(
    true,
    true,
    null,
    [Buffer.from(options.privateKeyPem)],
    [Buffer.from(options.certificatePem)],
    'ecdsa_secp256r1_sha256:ed25519',
  )
  config.setApplicationProtos([options.alpn])
  config.setMaxIdleTimeout(options.idleTimeoutMs)
  config.setMaxSendUdpPayloadSize(packetBytes)
  config.setMaxRecvUdpPayloadSize(receivedPacketBytesMax)
  config.setInitialMaxStreamsBidi(limits.streamsBidiMax)
  config.setInitialMaxStreamsUni(limits.streamsUniMax)
  // Also how many paths the library takes up in the life of a connection.
  config.setActiveConnectionIdLimit(limits.connectionIdsMax)
  config.setDisableActiveMigration(options.migration === false)
  config.enableDgram(false, 0, 0)
  setFlow(quiche, config, window)
  return {
    config,
    packetSizes: packetSizesFrom(packetBytes),
    windowBytes: window * windowsPerConnection,
    certificateHash,
  }
}

function setFlow(quiche: Quiche, config: Config, window: number): void {
  config.setInitialMaxData(window * windowsPerConnection)
  // There may be many user streams: one that is not read from the start must not take much of the connection's.
  config.setInitialMaxStreamDataBidiLocal(Math.min(window, userStreamBytes))
  config.setInitialMaxStreamDataBidiRemote(Math.min(window, userStreamBytes))
  config.setInitialMaxStreamDataUni(window)
  config.setMaxConnectionWindow(window * windowsPerConnection)
  config.setMaxStreamWindow(window)
  config.setCcAlgorithm(quiche.CongestionControlAlgorithm.CUBIC)
  config.enableHystart(true)
}
