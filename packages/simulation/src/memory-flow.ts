/** One ordered way within a channel: what is sent at the same moment goes in one packet, flows overtake each other. */

import type { SignalDecoder, SignalEncoder } from '@barrel-actors/runtime'

/** So many flows has a channel; each sender has one. */
export const flowsCount = 16

interface Packet {
  readonly sentMs: number
  readonly signals: Uint8Array[]
}

export class MemoryFlow {
  readonly encoder: SignalEncoder
  #decoder: SignalDecoder | undefined
  /** What is sent at this moment. */
  #packet: Packet | undefined
  /** What came while it was paused. */
  #unread: Uint8Array[] = []
  isPaused = false

  constructor(encoder: SignalEncoder) {
    this.encoder = encoder
  }

  decoder(create: () => SignalDecoder): SignalDecoder {
    this.#decoder ??= create()
    return this.#decoder
  }

  /** Adds a signal to the packet of this moment; `carry` takes a new one to the other end. */
  send(bytes: Uint8Array, nowMs: number, carry: (signals: readonly Uint8Array[], taken: () => void) => void): void {
    if (this.#packet?.sentMs !== nowMs) {
      const packet: Packet = { sentMs: nowMs, signals: [] }
      this.#packet = packet
      carry(packet.signals, () => {
        if (this.#packet === packet) this.#packet = undefined
      })
    }
    this.#packet.signals.push(bytes)
  }

  /** Signals have come. */
  arrived(signals: readonly Uint8Array[]): void {
    this.#unread.push(...signals)
  }

  /** The next one to read; undefined where there is none, or it is paused. */
  next(): Uint8Array | undefined {
    return this.isPaused ? undefined : this.#unread.shift()
  }
}
