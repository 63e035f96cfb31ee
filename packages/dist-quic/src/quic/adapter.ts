/**
 * The seam for peers that a UDP socket does not reach: whatever moves datagrams, such as a relay or a tunnel,
 * carries those of one connection. TLS, authentication and streams run over it unchanged.
 */
import type { Address } from './address.ts'
import type { DatagramPort } from './datagram-port.ts'
import { limits } from './limits.ts'

/**
 * Moves datagrams between this end and one peer. Owned by one connection, which calls `start` once, then `send` at
 * will, then `close` once, after which it calls nothing. What it throws ends that connection and nothing else.
 */
export interface DatagramAdapter {
  /** Where its end is, if it has an address. Told to QUIC only; default the unspecified address. */
  readonly localAddress?: Address
  /** Called before the first `send`. `received` may be called at any time from then on; it copies, never throws. */
  start(received: (packet: Uint8Array) => void): void
  /** One datagram to the peer, at most 1,200 bytes unless `packetBytesMax` says more. It is the adapter's to keep. */
  send(packet: Uint8Array): void
  close(): void
}

// RFC 768: a longer datagram does not exist.
const datagramBytesMax = 65_527
// Nothing is bound to it; QUIC wants an address that is not port 0.
const nominalPort = 1

/** The port of a connection that goes through an adapter. */
export class AdapterPort implements DatagramPort {
  readonly kind = 'adapter'
  readonly address: Address
  readonly packet: Buffer
  readonly full = false
  readonly #adapter: DatagramAdapter
  #started = false
  #closed = false

  constructor(adapter: DatagramAdapter, remote: Address, packetBytes: number) {
    const host = remote.host.includes(':') ? '::' : '0.0.0.0'
    this.address = adapter.localAddress ?? { host, port: nominalPort }
    this.packet = Buffer.allocUnsafeSlow(Math.max(packetBytes, limits.initialBytesMin))
    this.#adapter = adapter
  }

  /** `received` gets a copy of each datagram, to change as it likes. Throws what the adapter throws. */
  start(received: (packet: Buffer) => void): void {
    this.#started = true
    this.#adapter.start(packet => {
      if (this.#closed || !(packet instanceof Uint8Array) || packet.length > datagramBytesMax) return
      received(Buffer.from(packet))
    })
  }

  /** Throws what the adapter throws. */
  send(packet: Buffer, length: number): void {
    if (this.#started && !this.#closed) this.#adapter.send(new Uint8Array(packet.subarray(0, length)))
  }

  /** Throws what the adapter throws. May be called again. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#adapter.close()
  }
}
