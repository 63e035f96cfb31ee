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

// The key is changed this often, counted in lives of a token. The last key before it stays good for one life more.
const livesPerKey = 60
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

/**
 * Mints and checks tokens, under a key that is made here, never leaves and changes: a key that an attacker found out
 * is worth little. Times are milliseconds of any clock that does not jump.
 */
export class RetryTokens {
  readonly #makeKey: () => Uint8Array
  readonly #validMs: number
  #key: Uint8Array
  #oldKey: Uint8Array | undefined
  #since: number | undefined

  constructor(makeKey: () => Uint8Array, validMs: number) {
    this.#makeKey = makeKey
    this.#validMs = validMs
    this.#key = makeKey()
  }

  mint(claim: RetryClaim, now: number): Buffer {
    this.#rotate(now)
    const time = Buffer.alloc(timeBytes)
    time.writeUIntBE(Math.floor(now), 0, timeBytes)
    return Buffer.concat([time, claim.firstId, macOf(this.#key, time, claim)])
  }

  /** Gives the client's first destination id, or undefined when the token is forged, borrowed or too old. */
  check(token: Uint8Array, client: Address, retryId: Uint8Array, now: number): Uint8Array | undefined {
    if (token.length < timeBytes + macBytes || token.length > timeBytes + 20 + macBytes) return undefined
    const bytes = Buffer.from(token)
    const time = bytes.subarray(0, timeBytes)
    const firstId = bytes.subarray(timeBytes, bytes.length - macBytes)
    const mac = bytes.subarray(bytes.length - macBytes)
    this.#rotate(now)
    const claim = { client, firstId, retryId }
    const keys = this.#oldKey === undefined ? [this.#key] : [this.#key, this.#oldKey]
    if (!keys.some(key => timingSafeEqual(macOf(key, time, claim), mac))) return undefined
    const age = now - time.readUIntBE(0, timeBytes)
    return age < -1 || age > this.#validMs ? undefined : firstId
  }

  #rotate(now: number): void {
    this.#since ??= now
    const age = now - this.#since
    if (age >= this.#validMs * livesPerKey) {
      // A token of the old key that is older than that is out of date whatever its key.
      this.#oldKey = age < this.#validMs * (livesPerKey + 1) ? this.#key : undefined
      this.#key = this.#makeKey()
      this.#since = now
    } else if (age > this.#validMs) this.#oldKey = undefined
  }
}

// Each part is preceded by its length, so that no two claims give the same bytes.
function macOf(key: Uint8Array, time: Buffer, { client, firstId, retryId }: RetryClaim): Buffer {
  const mac = createHmac('sha256', key)
  for (const part of [time, Buffer.from(`${client.host} ${client.port}`), firstId, retryId]) {
    mac.update(Uint8Array.of(part.length)).update(part)
  }
  return mac.digest()
}
