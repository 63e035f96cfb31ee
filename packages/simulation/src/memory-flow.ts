/** One ordered way within a channel: what is sent at the same moment goes in one packet, flows overtake each other. */

import type { SignalDecoder, SignalEncoder } from '@barrel-actors/runtime'

/** So many flows has a channel, as over QUIC; each sender has one. */
export const flowsCount = 4

interface Packet {
  readonly sentMs: number
  readonly signals: Uint8Array[]
}

interface Unread {
  readonly bytes: Uint8Array
  readonly read: (() => void) | undefined
}

export class MemoryFlow {
  readonly encoder: SignalEncoder
  #decoder: SignalDecoder | undefined
  /** What is sent at this moment. */
  #packet: Packet | undefined
  /** What came and has not been read; the last signal of a packet says so to its sender. */
  #unread: Unread[] = []
  #first = 0
  isPaused = false

  constructor(encoder: SignalEncoder) {
    this.encoder = encoder
  }

  decoder(create: () => SignalDecoder): SignalDecoder {
    this.#decoder ??= create()
    return this.#decoder
  }

  /** Adds a signal to the packet of this moment; `carry` takes a new one to the other end. */
  send(bytes: Uint8Array, nowMs: number, carry: (signals: readonly Uint8Array[], left: () => void) => void): void {
    if (this.#packet?.sentMs !== nowMs) {
      const packet: Packet = { sentMs: nowMs, signals: [] }
      this.#packet = packet
      carry(packet.signals, () => {
        if (this.#packet === packet) this.#packet = undefined
      })
    }
    this.#packet.signals.push(bytes)
  }

  /** A packet has come; `read` runs when all of it has been read. */
  arrived(signals: readonly Uint8Array[], read: () => void): void {
    const last = signals.length - 1
    for (const [index, bytes] of signals.entries()) {
      this.#unread.push({ bytes, read: index === last ? read : undefined })
    }
  }

  /** The next one to read; undefined where there is none, or it is paused. */
  next(): Uint8Array | undefined {
    if (this.isPaused || this.#first === this.#unread.length) return undefined
    const { bytes, read } = this.#unread[this.#first] as Unread
    this.#first++
    if (this.#first === this.#unread.length) {
      this.#unread = []
      this.#first = 0
    }
    read?.()
    return bytes
  }
}
