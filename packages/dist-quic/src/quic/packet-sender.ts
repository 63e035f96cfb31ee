/** Takes packets out of a native connection and sends them, each as large as its path carries. */
import type { Clock } from '@barrel-actors/runtime'
import type { Address } from './address.ts'
import { Flight } from './flight.ts'
import { limits } from './limits.ts'
import type { NativeConnection } from './native.ts'
import { isLong } from './packet-head.ts'
import { PacketSize } from './packet-size.ts'
import type { Paths } from './paths.ts'
import type { PeerBudget } from './peer-budget.ts'

type Native = Pick<NativeConnection, 'send' | 'sendOnPath' | 'stats'>

export class PacketSender {
  readonly #native: Native
  readonly #clock: Clock
  readonly #paths: Paths
  readonly #budget: PeerBudget
  readonly #size: PacketSize
  readonly #flight: Flight
  /** The part of the port's packet buffer that the library may fill, and the buffer that it is part of. */
  #packet: Buffer | undefined
  #packetOf: Buffer | undefined

  /** `sizes`: see `PacketSize`. */
  constructor(native: Native, clock: Clock, paths: Paths, budget: PeerBudget, sizes: readonly number[]) {
    this.#native = native
    this.#clock = clock
    this.#paths = paths
    this.#budget = budget
    this.#size = new PacketSize(sizes)
    this.#flight = new Flight(clock, (bytes, length, from, to) => paths.send(bytes, length, from, to))
  }

  /** Bytes of a UDP payload that are sent at most. */
  get packetBytes(): number {
    return this.#size.bytes
  }

  /** `sent` is called for each packet. Whether there is more to send than one flush may. */
  flush(opening: boolean, sent: () => void): boolean {
    const paths = this.#paths
    for (let left = limits.flushPacketsMax; left > 0; left--) {
      // The endpoint flushes again when its socket has room; a socket of our own asks for it.
      if (paths.port.full) return paths.port.kind === 'shared'
      const packet = this.#nextPacket(opening)
      const made = this.#native.send(packet)
      if (made === null) return false
      const [length, { from, to }] = made
      paths.send(packet, length, from, to)
      // Also the last packets of the handshake, with which it is done here and not yet there.
      if (isLong(packet)) this.#flight.sent(packet, length, from, to)
      this.#count(length)
      sent()
    }
    return true
  }

  /** A datagram came, which began with that packet. */
  answered(packet: Buffer): void {
    this.#flight.answered(!isLong(packet))
  }

  /** Sends nothing any more by itself. */
  stop(): void {
    this.#flight.stop()
  }

  /** A timer of the connection fired. */
  expired(): void {
    this.#size.expired(this.#native.stats().lost, this.#clock.now())
    for (const { from, to } of this.#paths.left) this.#probeLeft(to, from)
  }

  // A loss probe for a path that is gone goes where the peer is now, who knows nothing of our paths and acknowledges
  // it like any packet. Only then does the library find out what else was lost on that path.
  #probeLeft(local: Address, peer: Address): void {
    const packet = this.#paths.port.packet.subarray(0, limits.initialBytesMin)
    try {
      const made = this.#native.sendOnPath(packet, local, peer)
      if (made === null) return
      this.#paths.sendHere(packet, made[0])
      this.#budget.sent()
    } catch {
      // The library has given that path up.
    }
  }

  /** Another path is in use, and what was under way on the old one was given up. */
  moved(): void {
    this.#size.restart(this.#native.stats().lost)
  }

  // How long it is says how large a packet the library makes.
  #nextPacket(opening: boolean): Buffer {
    const { packet } = this.#paths.port
    // The handshake has to get through before anything can be learned of the path.
    const bytes = opening ? limits.initialBytesMin : this.#size.nextBytes
    if (this.#packetOf !== packet || this.#packet?.length !== bytes) {
      this.#packetOf = packet
      this.#packet = packet.subarray(0, bytes)
    }
    return this.#packet as Buffer
  }

  #count(bytes: number): void {
    this.#budget.sent()
    if (this.#size.sent(bytes)) this.#size.check(this.#native.stats().lost, this.#clock.now())
  }
}
