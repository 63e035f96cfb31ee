/** Why a native connection ended, as an error for those who used it. */
import type { BarrelError } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import type { Address } from './address.ts'
import { limits } from './limits.ts'
import type { NativeConnection } from './native.ts'

type Ended = Pick<NativeConnection, 'isTimedOut' | 'localError' | 'peerError'>

/** How errors name a peer whose node is not known. */
export function nameOf({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** E_CHANNEL_LOST after silence, otherwise E_CHANNEL_CLOSED with the reason that either side gave. */
export function causeOfEnd(native: Ended, remote: Address, idleTimeoutMs: number): BarrelError {
  const node = nameOf(remote)
  const error = native.peerError() ?? native.localError()
  if (native.isTimedOut() || error === null) return quicError('E_CHANNEL_LOST', { node, timeoutMs: idleTimeoutMs })
  const text = Buffer.from(error.reason).subarray(0, limits.reasonBytesMax).toString()
  const side = native.peerError() === null ? 'our' : 'its'
  const reason =
    text === '' ? `${side} QUIC ${error.isApp ? 'application' : 'transport'} code ${error.errorCode}` : text
  return quicError('E_CHANNEL_CLOSED', { node, reason, code: error.errorCode })
}
