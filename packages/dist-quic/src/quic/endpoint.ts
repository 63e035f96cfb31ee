/** The QUIC endpoint of a node: one UDP socket that dials and listens. It knows nothing of nodes or processes. */
import type { Clock, Entropy, Log } from '@barrel-actors/runtime'
import { type Address, writtenFor } from './address.ts'
import { loopbackPacketBytes, loopbackTransport, networkTransport } from './config.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import { DatagramSocket } from './datagram-socket.ts'
import { DropLog } from './drop-log.ts'
import { failedDial } from './failed-dial.ts'
import { HandshakeCaps } from './handshake-caps.ts'
import { limits } from './limits.ts'
import { loadNative } from './native.ts'
import { connectionIdBytes } from './packet-head.ts'
import { StrangerDesk } from './stranger.ts'
import { type Accept, Switchboard } from './switchboard.ts'

export interface EndpointOptions {
  /** Local IP address to bind: `0.0.0.0`, `127.0.0.1`, `::` and the like. */
  readonly host: string
  /** 0: the system chooses. */
  readonly port: number
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly alpn: string
  /** A connection is lost after this silence. The lower of both ends' holds. */
  readonly idleTimeoutMs: number
  /** A connection that sent nothing for this long sends a ping. */
  readonly keepAliveMs: number
  /** Bytes of a UDP payload. Default: 16 KiB to loopback, 1350 to others. */
  readonly packetBytesMax?: number | undefined
  /** Accepted connections that have not finished TLS. Default 512; 64 of them from one address. */
  readonly handshakesMax?: number | undefined
  readonly clock: Clock
  readonly entropy: Entropy
  readonly log: Log
}

export class Endpoint {
  readonly #entropy: Entropy
  readonly #socket: DatagramSocket
  readonly #caps: HandshakeCaps
  readonly #switchboard: Switchboard
  #closing: Promise<void> | undefined

  /** Rejects with E_QUIC_UNAVAILABLE, E_PORT_IN_USE, E_PORT_DENIED or E_BIND_FAILED. */
  static async open(options: EndpointOptions, accept: Accept): Promise<Endpoint> {
    const quiche = await loadNative()
    const network = networkTransport(quiche, options)
    const { clock, entropy, log, idleTimeoutMs, keepAliveMs } = options
    const caps = new HandshakeCaps(options.handshakesMax ?? limits.handshakesMax, limits.handshakesPerAddressMax)
    const packetBytes = Math.max(options.packetBytesMax ?? loopbackPacketBytes, limits.initialBytesMin)
    const socket = await DatagramSocket.open(options, packetBytes, {
      received: (packet, { address, port }) => switchboard.receive(packet, address, port),
      roomAgain: () => switchboard.schedule(),
    })
    const switchboard = new Switchboard({
      clock,
      idleTimeoutMs,
      keepAliveMs,
      quiche,
      socket,
      transports: { network, loopback: loopbackTransport(quiche, options, socket.receiveBufferBytes) },
      strangers: new StrangerDesk(quiche, clock, entropy),
      drops: new DropLog(clock, log),
      caps,
      accept,
    })
    return new Endpoint(entropy, socket, caps, switchboard)
  }

  private constructor(entropy: Entropy, socket: DatagramSocket, caps: HandshakeCaps, switchboard: Switchboard) {
    this.#entropy = entropy
    this.#socket = socket
    this.#caps = caps
    this.#switchboard = switchboard
  }

  /** Where it is bound. */
  get address(): Address {
    return this.#socket.address
  }

  /** Connections of which something is left, those that linger after their end included. */
  get connectionsCount(): number {
    return this.#switchboard.size
  }

  /** Accepted connections whose TLS is not done. */
  get handshakesCount(): number {
    return this.#caps.total
  }

  /**
   * Starts a connection; `remote.host` is an IP literal. Never throws: every failure comes as `handler.closed`, in
   * a later turn. Silence is noticed only after the idle time-out; who wants to give up sooner calls `close()`.
   */
  dial(remote: Address, handler: ConnectionHandler): QuicConnection {
    const host = writtenFor(this.#socket.type, remote.host)
    if (this.#closing !== undefined) return failedDial(remote, handler, 'the endpoint is closed')
    if (host === undefined) return failedDial(remote, handler, `a socket on ${this.address.host} cannot reach it`)
    const sourceId = this.#entropy.bytes(connectionIdBytes)
    return this.#switchboard.dial({ host, port: remote.port }, sourceId, handler)
  }

  /** Closes every connection, which their peers learn, then the socket. May be called again. */
  close(reason: string): Promise<void> {
    if (this.#closing === undefined) {
      this.#switchboard.closeAll(reason)
      this.#closing = this.#socket.close()
    }
    return this.#closing
  }
}
