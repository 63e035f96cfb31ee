/**
 * The last datagrams of a handshake under way, sent again until the peer has moved on. The library knows no round trip
 * before the handshake is nearly done, and waits a second, then two, then four for each that is lost: more than the
 * handshake has. RFC 9000 13.3 would have new packets; the same ones are as good, because a peer drops what it has.
 */
import type { Clock, Timer } from '@barrel-actors/runtime'
import type { Address } from './address.ts'
import { limits } from './limits.ts'

interface Datagram {
  readonly bytes: Buffer
  readonly from: Address
  readonly to: Address
}

/** Sends a datagram. */
export type SendDatagram = (bytes: Buffer, length: number, from: Address, to: Address) => void

export class Flight {
  readonly #clock: Clock
  readonly #send: SendDatagram
  #datagrams: Datagram[] = []
  #isAnswered = false
  #times = 0
  #timer: Timer | undefined

  constructor(clock: Clock, send: SendDatagram) {
    this.#clock = clock
    this.#send = send
  }

  /** A datagram came: what is sent from here on is a new flight. A short packet says that the peer needs none. */
  answered(isShort: boolean): void {
    this.#isAnswered = true
    if (isShort) this.stop()
  }

  /** A datagram of it went out. */
  sent(packet: Buffer, length: number, from: Address, to: Address): void {
    if (this.#isAnswered) {
      this.stop()
      this.#isAnswered = false
      this.#times = 0
    }
    if (this.#datagrams.length < limits.flightDatagramsMax) {
      this.#datagrams.push({ bytes: Buffer.from(packet.subarray(0, length)), from, to })
    }
    if (this.#timer === undefined) this.#wait()
  }

  /** Sends nothing again. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#datagrams = []
  }

  #wait(): void {
    this.#timer = this.#clock.setTimer(limits.flightMsFirst * 2 ** this.#times, () => {
      for (const { bytes, from, to } of this.#datagrams) this.#send(bytes, bytes.length, from, to)
      if (++this.#times < limits.flightTimesMax) this.#wait()
      else this.stop()
    })
  }
}
