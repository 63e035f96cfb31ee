/**
 * A worked example of an adapter: datagrams for a peer go to a relay, wrapped in the name of who is meant, and the
 * relay passes them on. It is UDP in UDP here; a SOCKS proxy, WebRTC or a serial line have the same four methods.
 *
 *   connection -> TunnelAdapter --wrapped--> TunnelRelay --bare--> the peer's endpoint
 */
import { createSocket, type Socket } from 'node:dgram'
import type { DatagramAdapter } from '../src/quic/adapter.ts'
import type { Address } from '../src/quic/address.ts'

/** A wrapped datagram: 2 bytes port of the peer, then the datagram. */
const portBytes = 2

export class TunnelAdapter implements DatagramAdapter {
  readonly #socket: Socket = createSocket('udp4')
  readonly #relay: Address
  readonly #peerPort: number

  /** The relay knows the host of the peer; the peer is named by its port. */
  constructor(relay: Address, peerPort: number) {
    this.#relay = relay
    this.#peerPort = peerPort
  }

  start(received: (packet: Uint8Array) => void): void {
    this.#socket.on('message', received)
    // To QUIC, what the system says of a packet already gone is loss.
    this.#socket.on('error', () => {})
  }

  send(packet: Uint8Array): void {
    const wrapped = Buffer.alloc(portBytes + packet.length)
    wrapped.writeUInt16BE(this.#peerPort)
    wrapped.set(packet, portBytes)
    this.#socket.send(wrapped, this.#relay.port, this.#relay.host)
  }

  close(): void {
    this.#socket.close()
  }
}

/** Unwraps what adapters send, and gives back to each what its peer answers. */
export class TunnelRelay {
  readonly #front: Socket
  readonly #rears = new Map<string, Socket>()
  /** Datagrams that went through it, either way. */
  passed = 0

  /** `socket` is bound already. */
  constructor(socket: Socket) {
    this.#front = socket
    socket.on('message', (wrapped, from) => {
      this.passed++
      const port = wrapped.readUInt16BE()
      this.#rearFor(from, port).send(wrapped.subarray(portBytes), port, '127.0.0.1')
    })
  }

  get address(): Address {
    return { host: '127.0.0.1', port: this.#front.address().port }
  }

  close(): void {
    for (const rear of this.#rears.values()) rear.close()
  }

  // One socket for each adapter and peer, as a NAT has a port for each.
  #rearFor(client: { address: string; port: number }, peerPort: number): Socket {
    const key = `${client.address}:${client.port} ${peerPort}`
    let rear = this.#rears.get(key)
    if (rear === undefined) {
      rear = createSocket('udp4')
      rear.on('message', packet => {
        this.passed++
        this.#front.send(packet, client.port, client.address)
      })
      this.#rears.set(key, rear)
    }
    return rear
  }
}
