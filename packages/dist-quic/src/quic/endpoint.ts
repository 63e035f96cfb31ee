/** The QUIC endpoint of a node: one UDP socket that dials and listens. It knows nothing of nodes or processes. */
import { isIP } from 'node:net'
import type { Clock, Entropy, Log } from '@barrel-actors/runtime'
import type { DatagramAdapter } from './adapter.ts'
import { type Address, writtenFor } from './address.ts'
import { type EndpointCertificate, loopbackPacketBytes } from './config.ts'
import type { Connection } from './connection.ts'
import type { UntrustedBounds } from './connection-owner.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import { DatagramSocket } from './datagram-socket.ts'
import { DropLog } from './drop-log.ts'
import { failedDial } from './failed-dial.ts'
import { HandshakeCaps } from './handshake-caps.ts'
import { limits } from './limits.ts'
import { loadNative, type Quiche } from './native.ts'
import { StrangerDesk } from './stranger.ts'
import { type Accept, Switchboard } from './switchboard.ts'
import { Transports } from './transports.ts'

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
  /** Accepted connections whose peer is not trusted yet. Default 256; 16 from one address, 64 from loopback. */
  readonly handshakesMax?: number | undefined
  readonly handshakesPerAddressMax?: number | undefined
  /** Connections of any state, past which none is accepted. Default 8,192. */
  readonly connectionsMax?: number | undefined
  /** A TLS handshake that was accepted and takes longer is given up. Default 5,000 ms. */
  readonly handshakeTimeoutMs?: number | undefined
  /** Bounds of a peer until `QuicConnection.trusted()` is called for it. Default: each is trusted from the start. */
  readonly untrusted?: UntrustedBounds | undefined
  /** False: peers are told not to move connections to another address of theirs. Default true. */
  readonly migration?: boolean | undefined
  readonly clock: Clock
  readonly entropy: Entropy
  readonly log: Log
}

/** How one peer is dialed. */
export interface DialOptions {
  /** What carries its datagrams, instead of the endpoint's socket. The connection owns it from the call on. */
  readonly adapter?: DatagramAdapter
}

export class Endpoint {
  readonly #transports: Transports
  readonly #socket: DatagramSocket
  readonly #caps: HandshakeCaps<Connection>
  readonly #switchboard: Switchboard
  #closing: Promise<void> | undefined

  /** Rejects with E_QUIC_UNAVAILABLE, E_CERTIFICATE_INVALID, E_PORT_IN_USE, E_PORT_DENIED or E_BIND_FAILED. */
  static async open(options: EndpointOptions, accept: Accept): Promise<Endpoint> {
    const quiche = await loadNative()
    const { clock, entropy, log, idleTimeoutMs, keepAliveMs, untrusted } = options
    const caps = capsFrom(options)
    const packetBytes = Math.max(options.packetBytesMax ?? loopbackPacketBytes, limits.initialBytesMin)
    const socket = await DatagramSocket.open(options, packetBytes, {
      received: (packet, { address, port }) => switchboard.receive(packet, address, port),
      roomAgain: () => switchboard.schedule(),
    })
    const transports = await transportsOf(quiche, options, socket)
    const switchboard = new Switchboard({
      clock,
      entropy,
      idleTimeoutMs,
      keepAliveMs,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? limits.handshakeMsMax,
      connectionsMax: options.connectionsMax ?? limits.connectionsMax,
      untrusted,
      quiche,
      socket,
      transports,
      strangers: new StrangerDesk(quiche, clock, entropy),
      drops: new DropLog(clock, log),
      caps,
      accept,
    })
    return new Endpoint(transports, socket, caps, switchboard)
  }

  private constructor(
    transports: Transports,
    socket: DatagramSocket,
    caps: HandshakeCaps<Connection>,
    switchboard: Switchboard,
  ) {
    this.#transports = transports
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

  /** Connection ids under which datagrams find those connections. */
  get connectionIdsCount(): number {
    return this.#switchboard.idsCount
  }

  /** Accepted connections whose peer is not trusted yet. */
  get handshakesCount(): number {
    return this.#caps.total
  }

  /**
   * Starts a connection; `remote.host` is an IP literal. Never throws: every failure comes as `handler.closed`, in
   * a later turn. Silence is noticed only after the idle time-out; who wants to give up sooner calls `close()`.
   */
  dial(remote: Address, handler: ConnectionHandler, { adapter }: DialOptions = {}): QuicConnection {
    if (this.#closing !== undefined) return failedDial(remote, handler, 'the endpoint is closed', adapter)
    if (adapter !== undefined) {
      if (isIP(remote.host) === 0) return failedDial(remote, handler, 'it is not an IP address', adapter)
      return this.#switchboard.dialThrough(adapter, remote, handler)
    }
    const host = writtenFor(this.#socket.type, remote.host)
    if (host === undefined) return failedDial(remote, handler, `a socket on ${this.address.host} cannot reach it`)
    return this.#switchboard.dial({ host, port: remote.port }, handler)
  }

  /**
   * Connections that begin from here on, dialed or accepted, show this certificate; those there are go on with
   * theirs. Throws E_CERTIFICATE_INVALID, and changes nothing, when certificate and key cannot be used together.
   */
  useCertificate(certificate: EndpointCertificate): void {
    this.#transports.use(certificate)
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

function capsFrom({ handshakesMax, handshakesPerAddressMax, clock }: EndpointOptions): HandshakeCaps<Connection> {
  return new HandshakeCaps(clock, {
    max: handshakesMax ?? limits.handshakesMax,
    perPartyMax: handshakesPerAddressMax ?? limits.handshakesPerAddressMax,
    loopbackMax: handshakesPerAddressMax ?? limits.handshakesLoopbackMax,
  })
}

async function transportsOf(quiche: Quiche, options: EndpointOptions, socket: DatagramSocket): Promise<Transports> {
  try {
    return new Transports(quiche, options, socket.receiveBufferBytes)
  } catch (error) {
    await socket.close()
    throw error
  }
}
