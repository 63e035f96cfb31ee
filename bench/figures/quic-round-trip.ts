/** Calls between two OS processes, one after another: how long the median one and the slowest hundredth take. */

import type { Figure } from '../harness/figure.ts'
import { socketRoundTrip } from '../peers/sockets.ts'
import { measurement } from '../workload.ts'
import { quicRoundTrip } from './quic-nodes.ts'

export const quicRoundTripP50: Figure = roundTrip('quic.rtt_p50', 0.5)
export const quicRoundTripP99: Figure = roundTrip('quic.rtt_p99', 0.99)

function roundTrip(name: string, share: number): Figure {
  return {
    name,
    unit: 'ms',
    better: 'lower',
    peer: 'tls',
    ours: quicRoundTrip(share, measurement),
    peers: { tls: socketRoundTrip('tls', share, measurement), tcp: socketRoundTrip('tcp', share, measurement) },
  }
}
