/**
 * One QUIC connection: feeds datagrams to the native one, hands stream bytes up as soon as they are there, and
 * collects what is written until the endpoint flushes it, once a turn.
 *
 *   opening --TLS done--> open --close, loss, error--> closing --quiet for long enough--> gone
 */
import { problemOf, quicError } from '../errors.ts'
import { type Address, withoutZone } from './address.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { ConnectionTimer, type Timing } from './connection-timer.ts'
import type { ConnectionHandler, QuicConnection } from './contract.ts'
import { Incoming } from './incoming.ts'
import { limits } from './limits.ts'
import type { NativeConnection } from './native.ts'
import { Outgoing, type OutgoingEvents } from './outgoing.ts'

/** What a connection needs of its endpoint. */
export interface ConnectionOwner extends Timing {
  readonly chunks: ChunkPool
  /** Stream bytes are read through it, so it is reused between calls. */
  readonly readBuffer: Buffer
  /** Where the next packet is written; asked for anew for each packet. */
  readonly packet: Buffer
  /** Whether packets should wait; the owner flushes again when they need not. */
  readonly full: boolean
  send(length: number, host: string, port: number): void
  flushSoon(connection: Connection): void
  /** TLS of an accepted connection is done: gives its handler. */
  accepted(connection: Connection): ConnectionHandler
  /** It is no longer opening, one way or the other. */
  settled(connection: Connection): void
  /** Nothing is left of it. */
  gone(connection: Connection): void
  /** Something threw, and ended that connection only. */
  broke(): void
}

type Phase = 'opening' | 'open' | 'closing' | 'gone'

// RFC 9000 20.1: INTERNAL_ERROR, and the TLS alerts bad_certificate and certificate_required.
const internalErrorCode = 0x1
const certificateCodes = { bad: 0x12a, required: 0x174 } as const

export class Connection implements QuicConnection {
  readonly key: string
  readonly remote: Address
  readonly dialed: boolean
  /** Set by the endpoint while a flush is due. */
  dirty = false
  readonly #native: NativeConnection
  readonly #owner: ConnectionOwner
  readonly #outgoing: Outgoing
  readonly #outgoingEvents: OutgoingEvents
  readonly #timer: ConnectionTimer
  readonly #local: Address
  readonly #zone: string
  readonly #incoming: Incoming
  #handler: ConnectionHandler | undefined
  #phase: Phase = 'opening'
  #cause: Error | undefined
  #peerCertificate: Uint8Array | undefined

  constructor(
    native: NativeConnection,
    owner: ConnectionOwner,
    who: { key: string; local: Address; remote: Address; handler: ConnectionHandler | undefined },
  ) {
    this.key = who.key
    this.remote = who.remote
    this.dialed = who.handler !== undefined
    this.#native = native
    this.#owner = owner
    this.#local = who.local
    this.#zone = who.remote.host.slice(withoutZone(who.remote.host).length)
    this.#handler = who.handler
    this.#incoming = new Incoming(native, owner.readBuffer, {
      received: (streamId, bytes, fin) => this.#tell(handler => handler.received(streamId, bytes, fin)),
      reset: streamId => this.#tell(handler => handler.abandoned?.(streamId)),
      more: () => this.#phase === 'open',
    })
    this.#outgoing = new Outgoing(owner.chunks)
    this.#outgoingEvents = {
      drained: streamId => this.#tell(handler => handler.drained(streamId)),
      stopped: streamId => this.#tell(handler => handler.abandoned?.(streamId)),
    }
    this.#timer = new ConnectionTimer(native, owner, quiet => this.#expire(quiet))
    if (!this.dialed) this.#timer.giveUpAfter(limits.handshakeMsMax)
  }

  get peerCertificate(): Uint8Array | undefined {
    return this.#peerCertificate
  }

  get rttMs(): number | undefined {
    if (this.#phase !== 'open') return undefined
    return this.#native.pathStats()[0]?.rtt
  }

  get queuedBytes(): number {
    return this.#outgoing.bytes
  }

  queuedBytesOf(streamId: number): number {
    return this.#outgoing.bytesOf(streamId)
  }

  write(streamId: number, bytes: Uint8Array): void {
    if (!this.#alive) return
    this.#outgoing.append(streamId, bytes)
    if (!this.dirty) this.#owner.flushSoon(this)
  }

  finish(streamId: number): void {
    if (!this.#alive) return
    this.#outgoing.finish(streamId)
    this.#owner.flushSoon(this)
  }

  abandon(streamId: number): void {
    if (!this.#alive) return
    this.#outgoing.stop(streamId)
    this.#incoming.forget(streamId)
    this.#guard(() => {
      this.#shutdown(streamId, 0)
      this.#shutdown(streamId, 1)
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

  close(code: number, reason: string): void {
    if (!this.#alive) return
    this.#guard(() => {
      if (this.#phase === 'open') this.#outgoing.push(this.#native, { drained() {}, stopped() {} })
      this.#sendPackets()
      this.#native.close(true, code, Buffer.from(reason).subarray(0, limits.reasonBytesMax))
    })
    this.#end(quicError('E_CHANNEL_CLOSED', { node: this.#name, reason }))
    this.#owner.flushSoon(this)
  }

  /** A datagram for this connection. Its buffer is decrypted in place. */
  receive(packet: Buffer, host: string, port: number): void {
    if (this.#phase === 'gone') return
    this.#guard(() => {
      this.#native.recv(packet, { from: { host: withoutZone(host), port }, to: this.#local })
      if (this.#phase === 'opening') this.#establish()
      if (this.#phase === 'open') this.#incoming.read()
    })
    this.#owner.flushSoon(this)
  }

  /** Sends what there is to send, and notices an end. The endpoint calls it once a turn when it was asked to. */
  flush(): void {
    this.#guard(() => {
      if (this.#phase === 'gone') return
      if (this.#phase === 'open') {
        this.#incoming.read()
        this.#outgoing.push(this.#native, this.#outgoingEvents)
      }
      if (this.#sendPackets()) this.#owner.flushSoon(this)
      this.#noticeEnd()
    })
    this.#tellEnd()
  }

  /** Forgets it at once: the endpoint's socket closes, so nothing can come or go any more. */
  drop(): void {
    this.#vanish()
  }

  get #alive(): boolean {
    return this.#phase === 'opening' || this.#phase === 'open'
  }

  get #name(): string {
    const { host, port } = this.remote
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  }

  #establish(): void {
    if (!this.#native.isEstablished()) return
    const [certificate, ...others] = this.#native.peerCertChain() ?? []
    const proper = certificate !== undefined && certificate.length <= limits.certificateBytesMax && others.length === 0
    // A resumed session would show an old certificate that nobody proved to hold now.
    if (!proper || this.#native.isResumed()) {
      const code = certificate === undefined ? certificateCodes.required : certificateCodes.bad
      this.#native.close(false, code, Buffer.alloc(0))
      return
    }
    this.#peerCertificate = new Uint8Array(certificate)
    this.#phase = 'open'
    this.#timer.giveUpAfter(undefined)
    this.#owner.settled(this)
    this.#handler ??= this.#owner.accepted(this)
    this.#tell(handler => handler.established())
  }

  // Whether there is more to send than one flush may.
  #sendPackets(): boolean {
    const owner = this.#owner
    for (let left = limits.flushPacketsMax; left > 0; left--) {
      if (owner.full) return true
      const sent = this.#native.send(owner.packet)
      if (sent === null) return false
      const [length, { to }] = sent
      owner.send(length, this.#zone === '' ? to.host : to.host + this.#zone, to.port)
      this.#timer.sent()
    }
    return true
  }

  #shutdown(streamId: number, direction: 0 | 1): void {
    try {
      this.#native.streamShutdown(streamId, direction, 0)
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
    })
    this.flush()
  }

  #noticeEnd(): void {
    const native = this.#native
    const closed = native.isClosed()
    if (this.#alive && (closed || native.isDraining() || native.localError() !== null)) this.#end(this.#causeOfEnd())
    if (closed) this.#vanish()
    else this.#timer.arm(this.#phase === 'open')
  }

  #causeOfEnd(): Error {
    const native = this.#native
    const node = this.#name
    if (native.isTimedOut()) return quicError('E_CHANNEL_LOST', { node, timeoutMs: this.#owner.idleTimeoutMs })
    const error = native.peerError() ?? native.localError()
    if (error === null) return quicError('E_CHANNEL_LOST', { node, timeoutMs: this.#owner.idleTimeoutMs })
    const text = Buffer.from(error.reason).subarray(0, limits.reasonBytesMax).toString()
    const side = native.peerError() === null ? 'our' : 'its'
    const reason =
      text === '' ? `${side} QUIC ${error.isApp ? 'application' : 'transport'} code ${error.errorCode}` : text
    return quicError('E_CHANNEL_CLOSED', { node, reason, code: error.errorCode })
  }

  #end(cause: Error): void {
    if (!this.#alive) return
    if (this.#phase === 'opening') this.#owner.settled(this)
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
    this.#owner.gone(this)
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
