/** The term of a broadcast as bytes: encoded once, whoever it goes to. Pids in it stay those of its origin. */
import type { Host, NodeName, SignalEncoder } from '@barrel-actors/runtime'
import { membershipError } from './errors.ts'
import { limits } from './limits.ts'

export class PayloadCodec {
  readonly #host: Host
  readonly #encoder: SignalEncoder

  constructor(host: Host) {
    this.#host = host
    this.#encoder = host.createEncoder()
  }

  /** @throws E_MESSAGE_INVALID, E_BROADCAST_INVALID */
  encode(payload: unknown): Uint8Array {
    const { pid } = this.#host.node
    const lowered = this.#encoder.lower({ kind: 'send', from: pid, to: 'membership', message: payload })
    const bytes = this.#encoder.packAlone(lowered)
    if (bytes.length > limits.payloadBytesMax) throw broadcastInvalid(`it takes ${bytes.length} bytes`)
    // What is kept must not hold a far larger buffer, nor one that msgpackr writes to again.
    return Uint8Array.from(bytes)
  }

  /** @throws E_SIGNAL_INVALID */
  decode(node: NodeName, creation: number, bytes: Uint8Array): unknown {
    // A copy: the bytes stay in the cache, and large ones within the term would be views of them.
    const signal = this.#host.createDecoder({ name: node, creation }).decodeAlone(Uint8Array.from(bytes))
    return 'message' in signal ? signal.message : undefined
  }
}

export function broadcastInvalid(problem: string): Error {
  const { tagCharactersMax, payloadBytesMax } = limits
  return membershipError('E_BROADCAST_INVALID', { problem, tagCharactersMax, payloadBytesMax })
}
