/**
 * What each QUIC connection is set up with. One configuration for peers on this machine, which takes the large
 * packets that loopback carries, and one for the network. Both ends show a certificate; the library lets any
 * through, because the layer above judges the peer by its certificate.
 */
import type { Config, Quiche } from '@matrixai/quic/native/index.js'
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
const windowsPerConnection = 8

export interface TransportOptions {
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly alpn: string
  readonly idleTimeoutMs: number
  readonly packetBytesMax?: number | undefined
}

/** What a peer is dialed or accepted with. */
export interface Transport {
  readonly config: Config
  readonly packetBytes: number
}

/** How many bytes a peer on loopback may have under way, given what the kernel says it buffers. */
export function loopbackWindow(socketBufferBytes: number): number {
  // A packet takes the kernel up to twice its length.
  return Math.max(loopbackWindowBytesMin, Math.min(loopbackWindowBytesMax, Math.floor(socketBufferBytes / 2)))
}

/** The transport for peers on the network. Throws when certificate or key are unusable. */
export function networkTransport(quiche: Quiche, options: TransportOptions): Transport {
  return buildTransport(quiche, options, options.packetBytesMax ?? networkPacketBytes, networkWindowBytes)
}

/** The transport for peers on this machine. Throws when certificate or key are unusable. */
export function loopbackTransport(quiche: Quiche, options: TransportOptions, socketBufferBytes: number): Transport {
  const packetBytes = options.packetBytesMax ?? loopbackPacketBytes
  return buildTransport(quiche, options, packetBytes, loopbackWindow(socketBufferBytes))
}

function buildTransport(quiche: Quiche, options: TransportOptions, packetBytes: number, window: number): Transport {
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
  config.setActiveConnectionIdLimit(2)
  config.setDisableActiveMigration(true)
  config.enableDgram(false, 0, 0)
  setFlow(quiche, config, window)
  return { config, packetBytes }
}

function setFlow(quiche: Quiche, config: Config, window: number): void {
  config.setInitialMaxData(window * windowsPerConnection)
  config.setInitialMaxStreamDataBidiLocal(window)
  config.setInitialMaxStreamDataBidiRemote(window)
  config.setInitialMaxStreamDataUni(window)
  config.setMaxConnectionWindow(window * windowsPerConnection)
  config.setMaxStreamWindow(window)
  config.setCcAlgorithm(quiche.CongestionControlAlgorithm.CUBIC)
  config.enableHystart(true)
}
