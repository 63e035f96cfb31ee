/**
 * Which QUIC stream carries what. RFC 9000 2.1: the low bits of a stream's number say who opened it and whether
 * bytes go both ways on it.
 *
 *   0              the handshake, then what the two nodes have to tell each other; opened by the dialer
 *   2, 6, 10, 14   signals of the dialer, a stream for each flow that has left the shared one
 *   18             signals of the dialer, of all flows that have not
 *   3, 7, 11, 15, 19  signals of the acceptor
 *   4, 8, …  1, 5, …  user streams, of either
 */

/** The handshake and the words of the nodes, both ways. */
export const controlStream = 0

/** Ordered ways for signals, each way. A sender has one of them, by its serial. On the wire: both ends know it. */
export const flowsCount = 4

/** In the place of a flow: the stream that flows share while they carry little. */
export const sharedFlow: number = flowsCount

/** The streams of signals, each way. */
export const signalStreamsCount: number = flowsCount + 1

/** Lower goes first. */
export const urgency = { control: 0, signals: 64, user: 127 } as const

/** The flow of the process with that serial. */
export function flowOf(serial: number): number {
  return serial % flowsCount
}

/** The stream of a flow, or of those that share one, from one of the two ends. */
export function streamOfFlow(flow: number, fromDialer: boolean): number {
  return flow * 4 + (fromDialer ? 2 : 3)
}

/** The flow of a stream from one of the two ends, or `sharedFlow`; undefined where it carries no signals. */
export function flowOfStream(streamId: number, fromDialer: boolean): number | undefined {
  const flow = (streamId - (fromDialer ? 2 : 3)) / 4
  return Number.isInteger(flow) && flow >= 0 && flow < signalStreamsCount ? flow : undefined
}

/** Whether bytes go both ways on it: a user stream, unless it is the control stream. */
export function isTwoWay(streamId: number): boolean {
  return (streamId & 2) === 0
}
