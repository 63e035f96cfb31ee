/**
 * Which QUIC stream carries what. Each end sends on streams that it opened itself; the way back on them is not
 * used. RFC 9000 2.1: the low bits of a stream's number say who opened it.
 */

/** The handshake, both ways; opened by the dialer. */
export const controlStream = 0
/** Signals from the dialer. */
export const dialerSignals = 4
/** Signals from the acceptor. */
export const acceptorSignals = 1

/** Lower goes first. */
export const urgency = { control: 0, signals: 127 } as const
