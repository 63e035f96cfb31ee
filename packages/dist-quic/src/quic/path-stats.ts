/** How the path of a connection is doing, as QUIC measures it. */
import type { NativeConnection } from './native.ts'

/**
 * Figures of the path in use. Counts begin with the path: a migration begins them anew. The library tells neither the
 * latest nor the least round-trip time, nor how much it varies, nor the bytes in flight.
 */
export interface PathStats {
  /** Smoothed round-trip time, RFC 9002 5.3, in whole milliseconds: the library gives no more. 0 on loopback. 333 until a new path has been measured, 6.2.2. */
  readonly smoothedRttMs: number
  /** Bytes that may be under way at a time. */
  readonly congestionWindowBytes: number
  /** Packets sent on it, those received on it, and those of them sent that are counted as lost. */
  readonly sent: number
  readonly received: number
  readonly lost: number
  /** Packets sent whose frames had been in a packet that was counted as lost. */
  readonly retransmitted: number
  /** The same in bytes. */
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly lostBytes: number
  /** Bytes of streams that were sent again. */
  readonly retransmittedBytes: number
  /** Bytes of a UDP payload that we send at most. */
  readonly packetBytes: number
  /** What was acknowledged lately, in bytes a second. */
  readonly deliveryRate: number
}

/** Undefined while no path is in use. */
export function pathStatsOf(native: Pick<NativeConnection, 'pathStats'>, packetBytes: number): PathStats | undefined {
  const path = native.pathStats().find(({ active }) => active)
  if (path === undefined) return undefined
  return {
    smoothedRttMs: path.rtt,
    congestionWindowBytes: path.cwnd,
    sent: path.sent,
    received: path.recv,
    lost: path.lost,
    retransmitted: path.retrans,
    sentBytes: path.sentBytes,
    receivedBytes: path.recvBytes,
    lostBytes: path.lostBytes,
    retransmittedBytes: path.streamRetransBytes,
    packetBytes,
    deliveryRate: path.deliveryRate,
  }
}
