/**
 * Proof that a client receives what is sent to its address, kept by the client instead of by us:
 *
 *   client                          server
 *   Initial ----------------------->  holds nothing
 *   <------------- Retry(id, token)
 *   Initial(id, token) ------------>  token proves address, port, both ids and time
 *
 * Token: 6 bytes milliseconds, the first destination id, 32 bytes HMAC-SHA256 over all of it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Address } from './address.ts'

const timeBytes = 6
const macBytes = 32

/** What a token speaks of. */
export interface RetryClaim {
  readonly client: Address
  /** The destination id that the client chose for its first packet. */
  readonly firstId: Uint8Array
  /** The id that we gave it in the Retry. */
  readonly retryId: Uint8Array
}

/** Mints and checks tokens under one key. Times are milliseconds of any clock that does not jump. */
export class RetryTokens {
  readonly #key: Uint8Array
  readonly #validMs: number

  constructor(key: Uint8Array, validMs: number) {
    this.#key = key
    this.#validMs = validMs
  }

  mint(claim: RetryClaim, now: number): Buffer {
    const time = Buffer.alloc(timeBytes)
    time.writeUIntBE(Math.floor(now), 0, timeBytes)
    return Buffer.concat([time, claim.firstId, this.#mac(time, claim)])
  }

  /** Gives the client's first destination id, or undefined when the token is forged, borrowed or too old. */
  check(token: Uint8Array, client: Address, retryId: Uint8Array, now: number): Uint8Array | undefined {
    if (token.length < timeBytes + macBytes || token.length > timeBytes + 20 + macBytes) return undefined
    const bytes = Buffer.from(token)
    const time = bytes.subarray(0, timeBytes)
    const firstId = bytes.subarray(timeBytes, bytes.length - macBytes)
    const expected = this.#mac(time, { client, firstId, retryId })
    if (!timingSafeEqual(expected, bytes.subarray(bytes.length - macBytes))) return undefined
    const age = now - time.readUIntBE(0, timeBytes)
    return age < -1 || age > this.#validMs ? undefined : firstId
  }

  // Each part is preceded by its length, so that no two claims give the same bytes.
  #mac(time: Buffer, { client, firstId, retryId }: RetryClaim): Buffer {
    const mac = createHmac('sha256', this.#key)
    for (const part of [time, Buffer.from(`${client.host} ${client.port}`), firstId, retryId]) {
      mac.update(Uint8Array.of(part.length)).update(part)
    }
    return mac.digest()
  }
}
