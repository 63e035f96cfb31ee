/**
 * One QUIC connection: feeds datagrams to the native one, hands stream bytes up as soon as they are there, and
 * collects what is written until the endpoint flushes it, once a turn.
 *
 *   opening --TLS done--> open --close, loss, error--> closing --quiet for long enough--> gone
 */
import { problemOf, quicError } from '../errors.ts'
import type { Address } from './address.ts'
import { causeOfEnd, nameOf } from './connection-end.ts'
import type { ConnectionOwner, ConnectionStart } from './connection-owner.ts'
import { ConnectionTimer } from './connection-timer.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import type { DatagramPort } from './datagram-port.ts'
import { Incoming, type IncomingEvents } from './incoming.ts'
import { limits } from './limits.ts'
import type { NativeConnection } from './native.ts'
import { NativeSink } from './native-sink.ts'
import { Outgoing, type OutgoingEvents } from './outgoing.ts'
import { longHead, noConnectionId } from './packet-head.ts'
import { PacketSender } from './packet-sender.ts'
import { type PathStats, pathStatsOf } from './path-stats.ts'
import { type PathEvents, Paths } from './paths.ts'
import { PeerBudget } from './peer-budget.ts'
import { certificateOf } from './peer-certificate.ts'
import { SourceIds } from './source-ids.ts'

type Phase = 'opening' | 'open' | 'closing' | 'gone'

// RFC 9000 20.1: INTERNAL_ERROR.
const internalErrorCode = 0x1

export class Connection implements QuicConnection {
  readonly dialed: boolean
  readonly ownCertificateHash: Uint8Array
  /** Set by the endpoint while a flush is due. */
  dirty = false
  readonly #native: NativeConnection
  readonly #owner: ConnectionOwner
  readonly #outgoing: Outgoing
  readonly #outgoingEvents: OutgoingEvents
  readonly #sink: NativeSink
  readonly #timer: ConnectionTimer
  readonly #incoming: Incoming
  /** Of an accepted connection. */
  readonly #ids: SourceIds | undefined
  readonly #home: DatagramPort
  readonly #paths: Paths
  readonly #sender: PacketSender
  readonly #countSent: () => void = () => this.#timer.sent()
  readonly #budget: PeerBudget
  readonly #windowBytes: number
  readonly #peersBytes: () => number = () => this.#native.stats().recvBytes
  #handler: ConnectionHandler | undefined
  #phase: Phase = 'opening'
  #cause: Error | undefined
  #peerCertificate: Uint8Array | undefined

  constructor(native: NativeConnection, owner: ConnectionOwner, start: ConnectionStart) {
    const { transport, remote, handler } = start
    this.dialed = handler !== undefined
    this.ownCertificateHash = transport.certificateHash
    this.#native = native
    this.#owner = owner
    this.#home = start.port
    this.#handler = handler
    this.#windowBytes = transport.windowBytes
    this.#budget = new PeerBudget(transport.windowBytes, owner.untrusted?.bytesMax, owner.clock.now())
    const idTable = { add: (key: string) => owner.addId(key, this), remove: (key: string) => owner.removeId(key) }
    if (!this.dialed) this.#ids = new SourceIds(native, owner.entropy, idTable, start.sourceId)
    const pathEvents: PathEvents = {
      openSocket: host => owner.openSocket(this, host),
      flushSoon: () => owner.flushSoon(this),
      moved: () => this.#sender.moved(),
    }
    this.#paths = new Paths(native, owner.clock, pathEvents, start.port, remote)
    this.#followPeer()
    this.#sender = new PacketSender(native, owner.clock, this.#paths, this.#budget, transport.packetSizes)
    const incomingEvents: IncomingEvents = {
      received: (streamId, bytes, fin) => this.#received(streamId, bytes, fin),
      reset: (streamId, code) => {
        this.#budget.read(this.#windowBytes)
        this.#tell(handler => handler.abandoned?.(streamId, code))
      },
      more: () => this.#phase === 'open',
    }
    this.#incoming = new Incoming(native, owner.readBuffer, incomingEvents, !this.#budget.trusted)
    this.#outgoing = new Outgoing(owner.chunks)
    this.#outgoingEvents = {
      drained: streamId => this.#tell(handler => handler.drained(streamId)),
      stopped: (streamId, code) => this.#tell(handler => handler.abandoned?.(streamId, code)),
    }
    this.#sink = new NativeSink(native, this.#budget)
    this.#timer = new ConnectionTimer(native, owner, quiet => this.#expire(quiet))
    if (!this.dialed) this.#timer.giveUpAfter(owner.handshakeTimeoutMs)
  }

  get remote(): Address {
    return this.#paths.remote
  }

  get peerCertificate(): Uint8Array | undefined {
    return this.#peerCertificate
  }

  get pathStats(): PathStats | undefined {
    return this.#phase === 'open' ? pathStatsOf(this.#native, this.#sender.packetBytes) : undefined
  }

  get rttMs(): number | undefined {
    return this.pathStats?.smoothedRttMs
  }

  get queuedBytes(): number {
    return this.#outgoing.bytes
  }

  queuedBytesOf(streamId: number): number {
    return this.#outgoing.bytesOf(streamId)
  }

  write(streamId: number, bytes: Uint8Array, start?: number, end?: number): void {
    if (!this.#alive) return
    this.#outgoing.append(streamId, bytes, start, end)
    if (!this.dirty) this.#owner.flushSoon(this)
    if (this.#phase === 'open' && this.#outgoing.isWorthSending) this.#sendEarly()
  }

  hand(streamId: number, head: Uint8Array, bytes: Uint8Array, taken?: () => void): void {
    if (!this.#alive) return
    this.#outgoing.append(streamId, head)
    this.#outgoing.adopt(streamId, bytes, taken)
    if (!this.dirty) this.#owner.flushSoon(this)
  }

  // The peer works on what it has got while this turn goes on.
  #sendEarly(): void {
    this.#guard(() => {
      this.#outgoing.pushWhole(this.#sink, this.#sender.packetBytes)
      this.#sendPackets()
    })
  }

  finish(streamId: number): void {
    if (!this.#alive) return
    this.#outgoing.finish(streamId)
    this.#owner.flushSoon(this)
  }

  abandon(streamId: number, code = 0): void {
    if (!this.#alive) return
    this.#outgoing.stop(streamId)
    this.#incoming.forget(streamId)
    // What is under way on it comes for nothing, and is not the peer's fault.
    this.#budget.read(this.#windowBytes)
    this.#guard(() => {
      this.#shutdown(streamId, 0, code)
      this.#shutdown(streamId, 1, code)
    })
    this.#owner.flushSoon(this)
  }

  prioritize(streamId: number, urgency: number): void {
    if (this.#alive) this.#outgoing.prioritize(streamId, urgency)
  }

  pause(streamId: number): void {
    this.#incoming.pause(streamId)
  }

  resume(streamId: number): void {
    if (this.#incoming.resume(streamId) && this.#alive) this.#owner.flushSoon(this)
  }

  trusted(): void {
    if (this.#budget.trusted) return
    this.#budget.trust()
    this.#followPeer()
    this.#incoming.open()
    if (!this.#alive) return
    this.#owner.settled(this)
    this.#owner.flushSoon(this)
  }

  migrate(timeoutMs: number): Promise<Address> {
    const node = this.#name
    if (this.#cause !== undefined) return Promise.reject(this.#cause)
    if (this.#home.kind === 'adapter') return Promise.reject(quicError('E_MIGRATION_UNSUPPORTED', { node }))
    const reason = this.#refusal()
    if (reason !== undefined) return Promise.reject(quicError('E_MIGRATION_REFUSED', { node, reason }))
    return this.#paths.migrate(timeoutMs)
  }

  close(code: number, reason: string): void {
    if (!this.#alive) return
    this.#guard(() => {
      if (this.#phase === 'open') this.#outgoing.push(this.#sink)
      this.#sendPackets()
      this.#native.close(true, code, Buffer.from(reason).subarray(0, limits.reasonBytesMax))
    })
    this.#end(quicError('E_CHANNEL_CLOSED', { node: this.#name, reason }))
    this.#owner.flushSoon(this)
  }

  /**
   * A datagram for this connection, to the id of that key, which came to that port. Its buffer is decrypted in place.
   * One that came to a port that it does not have, or from where its peer must not be, is dropped.
   */
  receive(packet: Buffer, host: string, port: number, via: DatagramPort, key: string | undefined): void {
    if (this.#phase === 'gone') return
    this.#guard(() => {
      const arrival = this.#paths.arrived(host, port, via)
      if (arrival === undefined) return
      this.#budget.received(packet.length)
      this.#native.recv(packet, arrival)
      this.#sender.answered(packet)
      if (key !== undefined) this.#ids?.use(key)
      this.#paths.refresh()
      if (this.#phase === 'opening') this.#establish(packet)
      if (this.#phase === 'open') this.#incoming.read()
    })
    this.#owner.flushSoon(this)
  }

  /** Sends what there is to send, and notices an end. The endpoint calls it once a turn when it was asked to. */
  flush(): void {
    this.#guard(() => {
      if (this.#phase === 'gone') return
      if (this.#phase === 'open') {
        this.#ids?.refresh()
        this.#incoming.read()
        this.#outgoing.push(this.#sink)
        this.#outgoing.tell(this.#outgoingEvents)
      }
      if (this.#sendPackets()) this.#owner.flushSoon(this)
      this.#judge()
      this.#noticeEnd()
    })
    this.#tellEnd()
  }

  /** What goes wrong in `run` ends this connection, as what a peer does wrong. */
  attempt(run: () => void): void {
    this.#guard(run)
  }

  /** Forgets it at once: nothing can come or go any more. The peer learns nothing. */
  drop(reason: string): void {
    this.#end(quicError('E_CHANNEL_CLOSED', { node: this.#name, reason }))
    this.#vanish()
    this.#tellEnd()
  }

  get #alive(): boolean {
    return this.#phase === 'opening' || this.#phase === 'open'
  }

  get #name(): string {
    return nameOf(this.remote)
  }

  // Why it cannot move, whatever the peer says.
  #refusal(): string | undefined {
    if (!this.dialed) return 'it was accepted here, and only the end that dialed may move it'
    return this.#phase === 'open' ? undefined : 'it is not open yet'
  }

  // The peer's cost to us, once a turn.
  #judge(): void {
    if (!this.#alive) return
    const held = this.#incoming.heldCount > (this.#owner.untrusted?.streamsMax ?? 0)
    const problem = held
      ? 'it opened too many streams before it was authenticated'
      : this.#paths.isExhausted
        ? 'it changed its address too often'
        : this.#budget.check(this.#owner.clock.now(), this.#peersBytes)
    if (problem !== undefined) this.close(0, problem)
  }

  #received(streamId: number, bytes: Uint8Array, fin: boolean): void {
    this.#budget.read(bytes.length)
    this.#tell(handler => handler.received(streamId, bytes, fin))
  }

  // The peer of a dialed connection is where it was dialed; that of an accepted one may move once it is trusted.
  #followPeer(): void {
    if (!this.dialed && this.#budget.trusted) this.#paths.follow()
  }

  // By that datagram, which begins with a long head.
  #establish(packet: Buffer): void {
    if (!this.#native.isEstablished()) return
    if (this.dialed) this.#paths.established(longHead(packet)?.source ?? noConnectionId)
    const certificate = certificateOf(this.#native)
    if (typeof certificate === 'number') return void this.#native.close(false, certificate, Buffer.alloc(0))
    this.#peerCertificate = certificate
    this.#phase = 'open'
    this.#timer.giveUpAfter(undefined)
    if (this.#budget.trusted) this.#owner.settled(this)
    this.#handler ??= this.#owner.accepted(this)
    this.#tell(handler => handler.established())
  }

  // Whether there is more to send than one flush may.
  #sendPackets(): boolean {
    return this.#sender.flush(this.#phase === 'opening', this.#countSent)
  }

  #shutdown(streamId: number, direction: 0 | 1, code: number): void {
    try {
      this.#native.streamShutdown(streamId, direction, code)
    } catch {
      // It is over in this direction already, or was never opened.
    }
  }

  // `quiet`: we sent nothing for so long that a ping is due.
  #expire(quiet: boolean): void {
    if (this.#phase === 'gone') return
    if (this.#timer.overdue) this.close(0, 'the handshake took too long')
    this.#guard(() => {
      if (quiet && this.#phase === 'open') this.#native.sendAckEliciting()
      this.#native.onTimeout()
      this.#sender.expired()
    })
    this.flush()
  }

  #noticeEnd(): void {
    const native = this.#native
    const closed = native.isClosed()
    if (this.#alive && (closed || native.isDraining() || native.localError() !== null))
      this.#end(causeOfEnd(native, this.remote, this.#owner.idleTimeoutMs))
    if (closed) this.#vanish()
    else this.#timer.arm(this.#phase === 'open')
  }

  #end(cause: Error): void {
    if (!this.#alive) return
    if (this.#phase === 'opening' || !this.#budget.trusted) this.#owner.settled(this)
    this.#phase = 'closing'
    this.#cause = cause
    this.#outgoing.clear()
  }

  #tellEnd(): void {
    const cause = this.#cause
    const handler = this.#handler
    if (cause === undefined || handler === undefined) return
    this.#handler = undefined
    try {
      handler.closed(cause)
    } catch {
      this.#owner.broke()
    }
  }

  #vanish(): void {
    if (this.#phase === 'gone') return
    this.#phase = 'gone'
    this.#timer.stop()
    this.#sender.stop()
    this.#ids?.clear()
    this.#paths.end(this.#cause ?? quicError('E_CHANNEL_CLOSED', { node: this.#name, reason: 'it ended' }))
    this.#owner.gone(this)
    try {
      if (this.#home.kind !== 'shared') this.#home.close()
    } catch {
      this.#owner.broke()
    }
  }

  #tell(call: (handler: ConnectionHandler) => void): void {
    if (this.#handler !== undefined && this.#phase === 'open') call(this.#handler)
  }

  // Whatever a peer sent, or a handler did wrong, ends this connection and nothing else.
  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#owner.broke()
      this.#breakOff(error)
    }
  }

  #breakOff(error: unknown): void {
    this.#owner.flushSoon(this)
    // What throws even while it ends has nothing left to say.
    if (!this.#alive) return this.#vanish()
    const cause = quicError('E_CHANNEL_CLOSED', { node: this.#name, reason: problemOf(error) }, error)
    try {
      this.#native.close(false, internalErrorCode, Buffer.alloc(0))
      this.#end(cause)
    } catch {
      this.#end(cause)
      this.#vanish()
    }
  }
}
