/** How the path of a connection is doing, as QUIC measures it. */
import type { NativeConnection } from './native.ts'

/** Figures of the path in use. Counts begin with the path: a migration begins them anew. */
export interface PathStats {
  /** Smoothed round-trip time, RFC 9002 5.3, in whole milliseconds: the library gives no more. 0 on loopback. 333 until a new path has been measured, 6.2.2. */
  readonly smoothedRttMs: number
  /** Bytes that may be under way at a time. */
  readonly congestionWindowBytes: number
  /** Packets sent on it, those received on it, and those of them sent that are counted as lost. */
  readonly sent: number
  readonly received: number
  readonly lost: number
  /** The same in bytes. */
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly lostBytes: number
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
    sentBytes: path.sentBytes,
    receivedBytes: path.recvBytes,
    lostBytes: path.lostBytes,
    packetBytes,
    deliveryRate: path.deliveryRate,
  }
}
