/** Messages as they are, each behind its length: what the bare binding carries, with no serialisation. */

export const lengthBytes = 4

/** A message of a packet or less goes behind its length in one piece, a larger one is not copied. */
const copiedBytesMax = 16 * 1024

/** The pieces to be written one after another. */
export function framed(message: Uint8Array): Buffer[] {
  const isSmall = message.length <= copiedBytesMax
  const head = Buffer.allocUnsafe(lengthBytes + (isSmall ? message.length : 0))
  head.writeUInt32BE(message.length, 0)
  if (!isSmall) return [head, Buffer.from(message.buffer, message.byteOffset, message.length)]
  head.set(message, lengthBytes)
  return [head]
}

export class LengthReader {
  readonly #received: (message: Buffer) => void
  readonly #head: Buffer = Buffer.alloc(lengthBytes)
  #headHave = 0
  #message: Buffer | undefined
  #have = 0

  constructor(received: (message: Buffer) => void) {
    this.#received = received
  }

  /** Hands on every message that is whole now; `bytes` may be used again afterwards. */
  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#message === undefined) at = this.#readHead(bytes, at)
      if (this.#message !== undefined) at = this.#readMessage(this.#message, bytes, at)
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + lengthBytes - this.#headHave)
    bytes.copy(this.#head, this.#headHave, at, end)
    this.#headHave += end - at
    if (this.#headHave === lengthBytes) {
      this.#headHave = 0
      this.#message = Buffer.allocUnsafe(this.#head.readUInt32BE(0))
      this.#have = 0
    }
    return end
  }

  #readMessage(message: Buffer, bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + message.length - this.#have)
    bytes.copy(message, this.#have, at, end)
    this.#have += end - at
    if (this.#have === message.length) {
      this.#message = undefined
      this.#received(message)
    }
    return end
  }
}
