/** The user streams of a QUIC connection: all bidirectional ones but stream 0, which is the carrier's. */
import type { QuicConnection } from '../quic/contract.ts'
import type { StreamLink } from './stream-link.ts'

// RFC 9000, 2.1: of the four kinds of streams, ids of one kind are four apart.
const idStep = 4

export function linkOf(connection: QuicConnection): StreamLink {
  let nextId = connection.dialed ? idStep : 1
  return {
    dialed: connection.dialed,
    open() {
      const id = nextId
      nextId += idStep
      return id
    },
    write: (streamId, bytes) => connection.write(streamId, bytes),
    finish: streamId => connection.finish(streamId),
    abandon: (streamId, code) => connection.abandon(streamId, code),
    pause: streamId => connection.pause(streamId),
    resume: streamId => connection.resume(streamId),
    queuedBytesOf: streamId => connection.queuedBytesOf(streamId),
  }
}
