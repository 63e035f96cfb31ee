/** Calls of 64 bytes between two OS processes: one after another, many at once, and beside bulk. */

import type { Figure } from '../harness/figure.ts'
import { bareCalls, bareRoundTrip } from '../peers/bare-quic/arms.ts'
import { erlangTls } from '../peers/erlang-tls.ts'
import { classesCalls, classesRoundTrip } from '../peers/quic-classes.ts'
import { socketCalls, socketRoundTrip, socketRoundTripUnderBulk } from '../peers/sockets.ts'
import { quicCalls, quicRoundTrip, quicRoundTripUnderBulk } from './quic-nodes.ts'

export const quicRoundTripP50: Figure = roundTrip('rtt_p50', 0.5)
export const quicRoundTripP99: Figure = roundTrip('rtt_p99', 0.99)

function roundTrip(name: 'rtt_p50' | 'rtt_p99', share: number): Figure {
  return {
    name: `quic.${name}`,
    unit: 'ms',
    better: 'lower',
    peer: 'bare',
    ours: quicRoundTrip(share),
    peers: {
      bare: bareRoundTrip(share),
      tls: socketRoundTrip('tls', share),
      tcp: socketRoundTrip('tcp', share),
      classes: classesRoundTrip(share),
      erlang: erlangTls(name),
    },
  }
}

export const quicCall64: Figure = {
  name: 'quic.call64',
  unit: 'calls/s',
  better: 'higher',
  peer: 'tls',
  ours: quicCalls(),
  peers: {
    bare: bareCalls(),
    tls: socketCalls('tls'),
    tcp: socketCalls('tcp'),
    classes: classesCalls(),
    erlang: erlangTls('call64'),
  },
}

/**
 * The peer is ours without the bulk: the ratio says how much the bulk costs the round trips. The others have a
 * connection for each of the two.
 */
export const quicRoundTripUnderBulkP99: Figure = {
  name: 'quic.rtt_p99_under_bulk',
  unit: 'ms',
  better: 'lower',
  peer: 'idle',
  ours: quicRoundTripUnderBulk(0.99),
  peers: {
    idle: quicRoundTrip(0.99),
    tls: socketRoundTripUnderBulk('tls', 0.99),
    tcp: socketRoundTripUnderBulk('tcp', 0.99),
  },
}
