/** What dialing gives when there is nothing to dial with: a connection that was over before it began. */
import { quicError } from '../errors.ts'
import type { DatagramAdapter } from './adapter.ts'
import type { Address } from './address.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'

/** Tells the handler in a later turn, as every other failure does. */
export function failedDial(
  remote: Address,
  handler: ConnectionHandler,
  reason: string,
  adapter?: DatagramAdapter,
): QuicConnection {
  const cause = quicError('E_CHANNEL_CLOSED', { node: remote.host, reason })
  setImmediate(() => {
    try {
      adapter?.close()
    } finally {
      handler.closed(cause)
    }
  })
  return {
    dialed: true,
    remote,
    peerCertificate: undefined,
    ownCertificateHash: new Uint8Array(),
    pathStats: undefined,
    rttMs: undefined,
    queuedBytes: 0,
    queuedBytesOf: () => 0,
    write() {},
    hand() {},
    finish() {},
    abandon() {},
    prioritize() {},
    pause() {},
    resume() {},
    trusted() {},
    migrate: () => Promise.reject(cause),
    close() {},
  }
}
