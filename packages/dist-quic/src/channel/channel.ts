/**
 * The channel to one node: signals wait in it while it is dialing, go straight to the session once it is up.
 *
 *   dialing --authenticated session--> settled --key kept--> up --session ended--> closed
 *      \--every address failed--> closed  \--session ended--> closed
 */
import {
  type Channel,
  hasCode,
  type NodeLife,
  type NodeName,
  type Signal,
  type SignalDecoder,
  type SignalEncoder,
} from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import type { HandshakeResult } from '../handshake/state.ts'
import type { CarrierContext } from './context.ts'
import { frameHeadBytes, writeFrameHead } from './frames.ts'
import { closeCode, type Session } from './session.ts'

/** What the carrier hears of a channel. */
export interface ChannelEvents {
  received(channel: QuicChannel, signal: Signal): void
  /** Exactly once. */
  closed(channel: QuicChannel, cause: Error): void
}

export class QuicChannel implements Channel {
  readonly node: NodeName
  readonly #context: CarrierContext
  readonly #events: ChannelEvents
  readonly #encoder: SignalEncoder
  #decoder: SignalDecoder | undefined
  #state: 'dialing' | 'settled' | 'up' | 'closed' = 'dialing'
  #session: Session | undefined
  #peer: HandshakeResult | undefined
  /** Frames that wait for the channel to come up. */
  #waiting: Uint8Array[] = []
  #waitingBytes = 0

  constructor(node: NodeName, context: CarrierContext, events: ChannelEvents) {
    this.node = node
    this.#context = context
    this.#events = events
    this.#encoder = context.host.createEncoder()
  }

  get life(): NodeLife | undefined {
    return this.#state === 'up' ? this.#peer?.peer : undefined
  }

  get hidden(): boolean {
    return this.#peer?.hidden === true
  }

  get rttMs(): number | undefined {
    return this.#session?.connection.rttMs
  }

  /** The life of the node whose session carries it, or is about to. */
  get settledWith(): NodeLife | undefined {
    return this.#state === 'closed' ? undefined : this.#peer?.peer
  }

  /** Who proved to be at the other end of that session. */
  get peer(): HandshakeResult | undefined {
    return this.#peer
  }

  /** Whether no session has won it yet. */
  get isDialing(): boolean {
    return this.#state === 'dialing'
  }

  /** The session that carries it, once it is up. */
  get session(): Session | undefined {
    return this.#session
  }

  deliver(signal: Signal): boolean {
    if (this.#state === 'closed') return true
    const frame = this.#encode(signal)
    writeFrameHead(frame)
    if (this.#state === 'up') this.#session?.write(frame)
    else this.#wait(frame)
    return this.#hasRoom()
  }

  #encode(signal: Signal): Uint8Array {
    try {
      return this.#encoder.encode(signal, frameHeadBytes)
    } catch (error) {
      // The stream of this encoder cannot go on: the next signal needs a new channel.
      if (hasCode(error, 'E_ENCODER_BROKEN')) this.close('a message could not be encoded')
      throw error
    }
  }

  /** Takes the session that won. Nothing is sent or received before `up`. */
  settle(session: Session, peer: HandshakeResult): void {
    this.#state = 'settled'
    this.#session = session
    this.#peer = peer
  }

  /** The peer may be relied on: the signals that waited go first. Whether it was waiting for that. */
  up(): boolean {
    const session = this.#session
    const peer = this.#peer?.peer
    if (this.#state !== 'settled' || session === undefined || peer === undefined) return false
    this.#state = 'up'
    this.#encoder.remote = peer
    this.#decoder = this.#context.host.createDecoder(peer)
    for (const frame of this.#waiting.splice(0)) session.write(frame)
    this.#waitingBytes = 0
    return true
  }

  /** One frame of the session. Throws E_SIGNAL_INVALID. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.#state !== 'up') return
    const signal = this.#decoder?.decode(bytes, start, end)
    if (signal !== undefined) this.#events.received(this, signal)
  }

  /** At once: what is sent from here on needs a new channel. */
  close(reason: string): void {
    this.#session?.close(closeCode.normal, reason)
    this.end(quicError('E_CHANNEL_CLOSED', { node: this.node, reason }))
  }

  /** It is over: nothing is sent or received any more. */
  end(cause: Error): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#waiting = []
    this.#events.closed(this, cause)
  }

  #wait(frame: Uint8Array): void {
    this.#waiting.push(new Uint8Array(frame))
    this.#waitingBytes += frame.length
  }

  #hasRoom(): boolean {
    const { queueBytesHigh, queueBytesMax } = this.#context.options
    const queued = this.#state === 'up' ? (this.#session?.connection.queuedBytes ?? 0) : this.#waitingBytes
    if (queued <= queueBytesHigh) return true
    if (queued > queueBytesMax) this.#overflow(queueBytesMax)
    return false
  }

  #overflow(bytesMax: number): void {
    const cause = quicError('E_CHANNEL_OVERFLOW', { node: this.node, bytesMax })
    this.#context.log.error('channel closed: too much waited to be sent', { node: this.node, bytesMax })
    this.#session?.close(closeCode.normal, 'too much waited to be sent', cause)
    this.end(cause)
  }
}
