/**
 * The channel to one node: signals wait in it while it is dialing, and go straight to the session once it is up.
 *
 *   dialing --authenticated session--> settled --key kept--> up --session ended--> closed
 *      \--every address failed--> closed  \--session ended--> closed
 */
import {
  type Channel,
  type Flow,
  hasCode,
  type NodeLife,
  type NodeName,
  type PeerRole,
  type Signal,
  type SignalDecoder,
  type SignalEncoder,
  type Timer,
} from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import type { HandshakeResult } from '../handshake/state.ts'
import { limits } from '../limits.ts'
import type { PathStats } from '../quic/path-stats.ts'
import type { CarrierContext } from './context.ts'
import { countMigration } from './counts.ts'
import type { UsedChannel } from './idle.ts'
import { IncomingFlows, type IncomingFlowsOwner } from './incoming-flows.ts'
import { Migration } from './migration.ts'
import { type FlowOwner, OutgoingFlow } from './outgoing-flow.ts'
import type { ParcelBuffers } from './parcel-buffers.ts'
import { closeCode, type Session } from './session.ts'
import { flowOf } from './streams.ts'
import { flowThatLeaves, leaveWord, type Word, word } from './words.ts'

/** What the carrier hears of a channel. */
export interface ChannelEvents {
  received(channel: QuicChannel, signal: Signal, flow: Flow): void
  /** What waits has fallen to the low-water mark. */
  drained(channel: QuicChannel): void
  /** Whether the channel may end for being idle, which the other end offers. */
  mayEnd(channel: QuicChannel): boolean
  /** Exactly once. `held` was given while it ended for being idle, and wants a new channel. */
  closed(channel: QuicChannel, cause: Error, held: readonly Held[]): void
}

/** A signal that was given while the other end was asked to close the channel; encoded by itself. */
export interface Held {
  readonly sender: number
  readonly bytes: Uint8Array
}

export class QuicChannel implements Channel, FlowOwner, IncomingFlowsOwner, UsedChannel {
  readonly node: NodeName
  readonly #context: CarrierContext
  readonly #events: ChannelEvents
  readonly #outgoing: (OutgoingFlow | undefined)[] = []
  #incoming = new IncomingFlows(this)
  readonly underWay: { bytes: number } = { bytes: 0 }
  readonly waiting: { bytes: number } = { bytes: 0 }
  #state: 'dialing' | 'settled' | 'up' | 'closed' = 'dialing'
  #session: Session | undefined
  #peer: HandshakeResult | undefined
  /** What waits for the channel to come up, by flow. */
  #early: ((session: Session) => void)[] = []
  /** Means nothing from then on. */
  #earlyBytes = 0
  /** Whether somebody was told that too much waits. */
  #isHigh = false
  /** While the other end is asked to close it: what was given meanwhile. */
  #held: Held[] | undefined
  #offerTimer: Timer | undefined
  #migration: Migration | undefined
  /** Signals so far, both ways: who looks twice sees whether the channel is used. */
  signalsCount = 0

  constructor(node: NodeName, context: CarrierContext, events: ChannelEvents) {
    this.node = node
    this.#context = context
    this.#events = events
  }

  get life(): NodeLife | undefined {
    return this.#state === 'up' ? this.#peer?.peer : undefined
  }

  get role(): PeerRole {
    return this.#peer?.role ?? 'node'
  }

  /** Probes have no key: they have shown the one cookie. */
  get fingerprint(): string {
    return this.#peer?.fingerprint ?? 'cookie'
  }

  get rttMs(): number | undefined {
    return this.#session?.connection.rttMs
  }

  /** Who proved to be at the other end of the session that carries it, or is about to. */
  get peer(): HandshakeResult | undefined {
    return this.#peer
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  get isReading(): boolean {
    return this.#state === 'up'
  }

  /** The session that carries it, once it is up. */
  get session(): Session | undefined {
    return this.#session
  }

  get isCongested(): boolean {
    return this.#state !== 'closed' && this.#waitingBytes > this.#context.options.queueBytesHigh
  }

  deliver(signal: Signal, sender: number): boolean {
    if (this.#state === 'closed') return true
    if (this.#held === undefined) this.#flow(flowOf(sender)).send(signal, sender)
    else this.#hold(signal, sender, this.#held)
    this.signalsCount++
    return this.#hasRoom()
  }

  #hold(signal: Signal, sender: number, held: Held[]): void {
    const { encoder } = this.#flow(flowOf(sender))
    // The channel that takes it in the end may lead to a later life: pids of this one must say so.
    encoder.remote = undefined
    try {
      const bytes = encoder.encodeAlone(signal)
      held.push({ sender, bytes })
      this.waiting.bytes += bytes.length
    } finally {
      encoder.remote = this.life
    }
  }

  /** Asks the other end to close it. What is given until the answer waits for the answer. */
  offerEnd(): void {
    if (this.#state !== 'up' || this.#held !== undefined) return
    this.#held = []
    this.#session?.say(word.idle)
    this.#offerTimer = this.#context.clock.setTimer(limits.idleAnswerMsMax, () => this.#goOn())
  }

  /** The other end says something. */
  said(said: Word): void {
    this.#migration?.said(said)
    const flow = flowThatLeaves(said)
    if (flow !== undefined) return this.#flow(flow).leave()
    if (said !== word.idle && said !== word.busy) return
    if (said === word.busy) this.#goOn()
    else if (!this.#events.mayEnd(this)) this.#session?.say(word.busy)
    else this.#closeIdle()
  }

  #goOn(): void {
    this.#offerTimer?.cancel()
    const held = this.#held ?? []
    this.#held = undefined
    for (const { bytes } of held) this.waiting.bytes -= bytes.length
    this.takeHeld(held)
  }

  /** Signals that were held back, here or in a channel before this one. */
  takeHeld(held: readonly Held[]): void {
    for (const { sender, bytes } of held) this.#flow(flowOf(sender)).addParcel(sender, bytes)
  }

  #closeIdle(): void {
    const reason = 'it was idle'
    this.#session?.close(closeCode.idle, reason)
    this.end(quicError('E_CHANNEL_CLOSED', { node: this.node, reason, code: closeCode.idle }))
  }

  get hasWaiting(): boolean {
    // Closing the channel would lose the bytes of a flow that is left unread.
    return this.#waitingBytes > 0 || this.#incoming.hasPaused
  }

  #flow(index: number): OutgoingFlow {
    const known = this.#outgoing[index]
    if (known !== undefined) return known
    const flow = new OutgoingFlow(index, this)
    this.#outgoing[index] = flow
    return flow
  }

  createEncoder(): SignalEncoder {
    const encoder = this.#context.host.createEncoder()
    encoder.remote = this.life
    return encoder
  }

  createDecoder(): SignalDecoder {
    return this.#context.host.createDecoder((this.#peer as HandshakeResult).peer)
  }

  get buffers(): ParcelBuffers {
    return this.#context.buffers
  }

  write(flow: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#state === 'up') return this.#session?.write(flow, bytes, start, end)
    // Not `slice`, which gives a Buffer a view of itself.
    const copy = new Uint8Array(bytes.subarray(start, end))
    this.#early.push(session => session.write(flow, copy, 0, copy.length))
    this.#earlyBytes += copy.length
  }

  hand(flow: number, head: Uint8Array, bytes: Uint8Array, taken?: () => void): void {
    if (this.#state === 'up') return this.#session?.hand(flow, head, bytes, taken)
    this.#early.push(session => session.hand(flow, head, bytes, taken))
    this.#earlyBytes += head.length + bytes.length
  }

  queuedBytesOf(flow: number): number {
    return this.#state === 'up' ? (this.#session?.queuedBytesOf(flow) ?? 0) : this.#earlyBytes
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
    if (this.#state !== 'settled' || session === undefined) return false
    this.#state = 'up'
    this.#migration = new Migration(session, this.#context.clock, this.node)
    for (const flow of this.#outgoing) if (flow !== undefined) flow.encoder.remote = this.life
    for (const write of this.#early.splice(0)) write(session)
    this.#feed()
    return true
  }

  /** Bytes of a flow. What the peer did wrong, or nothing. Throws E_SIGNAL_INVALID. */
  receive(flow: number, bytes: Uint8Array): string | undefined {
    if (this.#state !== 'up') return undefined
    return this.#incoming.receive(flow, bytes)
  }

  received(signal: Signal, flow: Flow): void {
    this.signalsCount++
    this.#events.received(this, signal, flow)
  }

  pause(flow: number): void {
    this.#incoming.pause(flow)
  }

  resume(flow: number): void {
    this.#incoming.resume(flow)
  }

  pauseStream(flow: number): void {
    this.#session?.pause(flow)
  }

  resumeStream(flow: number): void {
    this.#session?.resume(flow)
  }

  askToLeave(flow: number): void {
    this.#session?.say(leaveWord(flow))
  }

  /** Figures of the path in use. Only while it is up. */
  get pathStats(): PathStats {
    const stats = this.#session?.connection.pathStats
    if (stats === undefined) throw quicError('E_NOT_CONNECTED', { node: this.node })
    return stats
  }

  /** Moves the connection to another local address; settles when the new path is validated. */
  async migrate(timeoutMs: number): Promise<void> {
    if (this.#migration === undefined || this.#state !== 'up') throw quicError('E_NOT_CONNECTED', { node: this.node })
    await countMigration(this.#context.counts.migrations, this.#migration.migrate(timeoutMs))
  }

  /** There is room in the streams. */
  drained(): void {
    this.#feed()
    if (!this.#isHigh || this.#waitingBytes > this.#context.options.queueBytesHigh / 2) return
    this.#isHigh = false
    this.#context.counts.drained++
    this.#events.drained(this)
  }

  #feed(): void {
    for (const flow of this.#outgoing) flow?.feed()
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
    this.#early = []
    this.#outgoing.length = 0
    this.#incoming = new IncomingFlows(this)
    this.#offerTimer?.cancel()
    this.#migration?.ended(cause)
    const held = this.#held ?? []
    this.#held = undefined
    const wasIdle = hasCode(cause, 'E_CHANNEL_CLOSED') && cause.fields['code'] === closeCode.idle
    if (wasIdle) this.#context.counts.reaped++
    this.#events.closed(this, cause, wasIdle ? held : [])
  }

  get #waitingBytes(): number {
    const queuedBytes = this.#state === 'up' ? (this.#session as Session).connection.queuedBytes : this.#earlyBytes
    return queuedBytes + this.waiting.bytes
  }

  #hasRoom(): boolean {
    const { queueBytesHigh, queueBytesMax } = this.#context.options
    const waiting = this.#waitingBytes
    if (waiting <= queueBytesHigh) return true
    if (!this.#isHigh) this.#context.counts.congested++
    this.#isHigh = true
    if (waiting > queueBytesMax) this.#overflow(queueBytesMax)
    return false
  }

  #overflow(bytesMax: number): void {
    const cause = quicError('E_CHANNEL_OVERFLOW', { node: this.node, bytesMax })
    this.#context.counts.overflowed++
    this.#context.log.error('channel closed: too much waited to be sent', { node: this.node, bytesMax })
    this.#session?.close(closeCode.normal, 'too much waited to be sent', cause)
    this.end(cause)
  }
}
