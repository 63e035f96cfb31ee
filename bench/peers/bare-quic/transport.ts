/**
 * How the bare binding is set up: the flow windows, the congestion control and the packets of our own carrier, so
 * that what differs is what is built on top.
 */

import { quiche } from '@matrixai/quic/native/index.js'
import { makeSelfSigned } from '../self-signed.ts'
import { certificateName } from '../sockets-ready.ts'

type Config = ReturnType<typeof quiche.Config.withBoringSslCtx>

const KiB = 1024
const MiB = 1024 * KiB

/** QUIC adds its own limit a little below 16 KiB. */
export const loopbackPacketBytes: number = 16 * KiB
export const socketBufferBytes: number = 4 * MiB
const windowBytesMax = 2 * MiB
const receivedPacketBytesMax = 65_527

/** `receiveBufferBytes`: what the kernel says that the socket holds; a packet takes up to twice its length. */
export function transportConfig(packetBytes: number, receiveBufferBytes: number): Config {
  const { certificatePem, privateKeyPem } = makeSelfSigned(certificateName)
  const config = quiche.Config.withBoringSslCtx(
    true,
    true,
    null,
    [Buffer.from(privateKeyPem)],
    [Buffer.from(certificatePem)],
    'ecdsa_secp256r1_sha256:ed25519',
  )
  config.setApplicationProtos(['bench'])
  config.setMaxIdleTimeout(0)
  config.setMaxSendUdpPayloadSize(packetBytes)
  config.setMaxRecvUdpPayloadSize(receivedPacketBytesMax)
  config.setInitialMaxStreamsBidi(16)
  config.setActiveConnectionIdLimit(2)
  config.setDisableActiveMigration(true)
  const window = Math.min(windowBytesMax, Math.floor(receiveBufferBytes / 2))
  config.setInitialMaxData(window)
  config.setInitialMaxStreamDataBidiLocal(window)
  config.setInitialMaxStreamDataBidiRemote(window)
  config.setMaxConnectionWindow(window)
  config.setMaxStreamWindow(window)
  config.setCcAlgorithm(quiche.CongestionControlAlgorithm.CUBIC)
  config.enableHystart(true)
  return config
}
