/**
 * The local sockets and the peer's addresses that one connection uses. RFC 9000 9: the end that dialed may move to
 * another local address; the other end follows it there, and follows it also when a NAT gives it another port. The
 * library probes each new path, and until the peer has answered it sends no more than three times what came from it.
 *
 *   migrate: bind a socket -> probe from it -> the peer answers -> use it -> close the one that was left
 */
import type { BarrelError, Timer } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import { type Address, keyOfAddress, keyOfSender, withoutZone } from './address.ts'
import { nameOf } from './connection-end.ts'
import type { Timing } from './connection-timer.ts'
import { type DatagramPort, isAt } from './datagram-port.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { limits } from './limits.ts'
import type { NativeConnection } from './native.ts'
import { keyOf } from './packet-head.ts'

type Native = Pick<
  NativeConnection,
  'availableDcids' | 'destinationId' | 'migrate' | 'pathEventNext' | 'probePath' | 'stats'
>

/** What happens to the paths of a connection. */
export interface PathEvents {
  /** Opens a socket on that local host, whose datagrams the connection is given, as if they came to the endpoint. */
  openSocket(host: string): DatagramSocket
  /** Something is to be sent. */
  flushSoon(): void
  /** Another path is in use; what was under way on the old one counts as lost. */
  moved(): void
}

/** How the library is told of a datagram. */
export interface Arrival {
  readonly from: Address
  readonly to: Address
}

interface Attempt {
  readonly socket: DatagramSocket
  readonly timer: Timer
  readonly resolve: (address: Address) => void
  readonly reject: (error: Error) => void
  probing: boolean
}

const newIdReason = 'the peer took its connection ids back'

export class Paths {
  readonly #native: Native
  readonly #clock: Timing['clock']
  readonly #events: PathEvents
  readonly #home: DatagramPort
  readonly #zone: string
  /** While the peer may come from nowhere else: its address. */
  #onlyFrom: string | undefined
  /** The id by which the peer is addressed, of a dialed connection. */
  #peerId = ''
  /** Sockets of its own: the one in use, the one it tries, those it left. None before the first migration. */
  readonly #sockets: DatagramSocket[] = []
  #port: DatagramPort
  #remote: Address
  /** Where the last datagram came from, and how the library is told so. */
  #host = ''
  #arrival: Arrival = { from: { host: '', port: 0 }, to: { host: '', port: 0 } }
  /** Where each end was before a move: no more than the library follows. */
  readonly #left: Arrival[] = []
  #watching = false
  #exhausted = false
  #attempt: Attempt | undefined
  #migration: Promise<Address> | undefined
  #cause: Error | undefined

  constructor(native: Native, clock: Timing['clock'], events: PathEvents, home: DatagramPort, remote: Address) {
    this.#native = native
    this.#clock = clock
    this.#events = events
    this.#home = home
    this.#port = home
    this.#remote = remote
    this.#zone = remote.host.slice(withoutZone(remote.host).length)
    this.#onlyFrom = keyOfAddress(remote)
  }

  /** From here on the peer is followed to other addresses. Only for an accepted connection. */
  follow(): void {
    this.#onlyFrom = undefined
  }

  /** TLS is done. `peerId` is the id that the peer of a dialed connection began with. */
  established(peerId: Uint8Array): void {
    this.#peerId = keyOf(peerId)
  }

  /** Where the peer is. */
  get remote(): Address {
    return this.#remote
  }

  /** The port whose packet buffer is written to, and which says whether to wait. */
  get port(): DatagramPort {
    return this.#port
  }

  /**
   * The paths that either end moved away from. What the library sent on one and was lost with it, a window update above
   * all, it sends again only when something that it sent on that path later is acknowledged.
   */
  get left(): readonly Arrival[] {
    return this.#left
  }

  /** Whether the peer changed its address more often than the library follows. */
  get isExhausted(): boolean {
    return this.#exhausted
  }

  /**
   * What to tell the library of a datagram from there; undefined when it is to be dropped: this connection has no such
   * port, or its peer must not come from there.
   */
  arrived(host: string, port: number, via: DatagramPort): Arrival | undefined {
    const known = this.#arrival
    if (this.#host === host && known.from.port === port && known.to === via.address) return known
    if (via !== this.#home && !this.#sockets.some(socket => socket === via)) return undefined
    if (this.#onlyFrom !== undefined && this.#onlyFrom !== keyOfSender(host, port)) return undefined
    // The first datagram of all makes no path.
    if (this.#host !== '') this.#watching = true
    this.#host = host
    this.#arrival = { from: { host: withoutZone(host), port }, to: via.address }
    return this.#arrival
  }

  /** After each datagram: what became of the paths. */
  refresh(): void {
    if (!this.#watching) return
    this.#probe()
    let reused = 0
    let added = 0
    for (let event = this.#native.pathEventNext(); event; event = this.#native.pathEventNext()) {
      if (event.type === 'Validated') this.#validated(event.local)
      else if (event.type === 'PeerMigrated') this.#followed(event.new)
      else if (event.type === 'ReusedSourceConnectionId') reused++
      else if (event.type === 'New') added++
    }
    // The library says that an id came from elsewhere, and made no path for it: there is room for no more.
    if (reused > added) this.#exhausted = true
  }

  /** Sends a packet from the local address that the library chose. */
  send(packet: Buffer, length: number, from: Address, to: Address): void {
    const port = isAt(this.#port, from) ? this.#port : this.#portAt(from)
    port?.send(packet, length, this.#zone === '' ? to.host : to.host + this.#zone, to.port)
  }

  /** Sends a packet over the path in use, whatever path the library made it for. */
  sendHere(packet: Buffer, length: number): void {
    this.#port.send(packet, length, this.#remote.host, this.#remote.port)
  }

  /** Moves to a new local socket, of the system's choice. Rejects with E_MIGRATION_TIMEOUT or E_MIGRATION_REFUSED. */
  migrate(timeoutMs: number): Promise<Address> {
    this.#migration ??= this.#migrate(timeoutMs).finally(() => {
      this.#migration = undefined
    })
    return this.#migration
  }

  /** The connection is over: nothing is sent or received any more. */
  end(cause: Error): void {
    this.#cause ??= cause
    this.#fail(cause)
    for (const socket of this.#sockets.splice(0)) void socket.close()
  }

  async #migrate(timeoutMs: number): Promise<Address> {
    if (this.#native.stats().peerDisableActiveMigration) throw this.#refused('the peer does not allow it')
    const socket = this.#events.openSocket(this.#home.address.host)
    return await new Promise<Address>((resolve, reject) => {
      const timer = this.#clock.setTimer(timeoutMs, () => this.#fail(this.#expired(socket, timeoutMs)))
      this.#attempt = { socket, timer, resolve, reject, probing: false }
      this.#keep(socket)
      this.#watching = true
      this.#probe()
      this.#events.flushSoon()
    })
  }

  // Each path takes an id that the peer gave. Those that come with the handshake's last packets may be under way.
  #probe(): void {
    const attempt = this.#attempt
    if (attempt === undefined || attempt.probing || this.#native.availableDcids() === 0) return
    attempt.probing = true
    if (this.#hasNewId) return this.#fail(this.#refused(newIdReason))
    try {
      this.#native.probePath(attempt.socket.address, this.#plainRemote())
      this.#events.flushSoon()
    } catch {
      this.#fail(this.#refused('its connection ids are used up'))
    }
  }

  #validated(local: Address): void {
    const attempt = this.#attempt
    if (attempt === undefined || !isAt(attempt.socket, local)) return
    if (this.#hasNewId) return this.#fail(this.#refused(newIdReason))
    this.#attempt = undefined
    attempt.timer.cancel()
    this.#native.migrate(attempt.socket.address, this.#plainRemote())
    this.#peerId = keyOf(this.#native.destinationId())
    const left = this.#port
    this.#left.push({ from: this.#plainRemote(), to: left.address })
    this.#port = attempt.socket
    this.#events.moved()
    this.#events.flushSoon()
    // The endpoint's own socket stays; one of ours takes what is still under way to it, then goes.
    if (left !== this.#home) this.#clock.setTimer(limits.leftSocketMs, () => this.#leave(left as DatagramSocket))
    attempt.resolve(attempt.socket.address)
  }

  // quiche 0.18 loops for ever over an id that the peer took back and gave again, once a path uses it. Nodes take none
  // back; a peer that did has had the id replaced that it is addressed by.
  get #hasNewId(): boolean {
    return keyOf(this.#native.destinationId()) !== this.#peerId
  }

  #followed(peer: Address): void {
    this.#left.push({ from: this.#plainRemote(), to: this.#home.address })
    this.#remote = { host: peer.host + this.#zone, port: peer.port }
    this.#events.moved()
  }

  #fail(error: Error): void {
    const attempt = this.#attempt
    if (attempt === undefined) return
    this.#attempt = undefined
    attempt.timer.cancel()
    this.#leave(attempt.socket)
    attempt.reject(error)
  }

  #keep(socket: DatagramSocket): void {
    // Only those that were left can be that many.
    const oldest = this.#sockets.find(other => other !== this.#port)
    if (this.#sockets.length + 1 >= limits.socketsMax && oldest !== undefined) this.#leave(oldest)
    this.#sockets.push(socket)
  }

  #leave(socket: DatagramSocket): void {
    const at = this.#sockets.indexOf(socket)
    if (at < 0) return
    this.#sockets.splice(at, 1)
    void socket.close()
  }

  // Undefined for a path whose socket is closed: what would go there is lost.
  #portAt(local: Address): DatagramPort | undefined {
    return isAt(this.#home, local) ? this.#home : this.#sockets.find(socket => isAt(socket, local))
  }

  #plainRemote(): Address {
    return { host: withoutZone(this.#remote.host), port: this.#remote.port }
  }

  #expired(socket: DatagramSocket, timeoutMs: number): BarrelError {
    if (this.#attempt?.probing === false) return this.#refused('the peer gives no more connection ids')
    const { host, port } = socket.address
    return quicError('E_MIGRATION_TIMEOUT', { node: nameOf(this.#remote), address: `${host}:${port}`, timeoutMs })
  }

  #refused(reason: string): BarrelError {
    return quicError('E_MIGRATION_REFUSED', { node: nameOf(this.#remote), reason })
  }
}
