/** The term of a broadcast as bytes: encoded once, whoever it goes to. Pids in it stay those of its origin. */
import type { TermCodec } from '@barrel-actors/runtime'
import { membershipError } from './errors.ts'
import { limits } from './limits.ts'

/** @throws E_MESSAGE_INVALID, E_BROADCAST_INVALID */
export function encodePayload(terms: TermCodec, payload: unknown): Uint8Array {
  const bytes = terms.encode(payload)
  if (bytes.length > limits.payloadBytesMax) throw broadcastInvalid(`it takes ${bytes.length} bytes`)
  return bytes
}

export function broadcastInvalid(problem: string): Error {
  const { tagCharactersMax, payloadBytesMax } = limits
  return membershipError('E_BROADCAST_INVALID', { problem, tagCharactersMax, payloadBytesMax })
}
