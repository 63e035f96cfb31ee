/**
 * One connection on its way to being a channel: TLS, then the handshake of the nodes on the control stream, then
 * signals. It drives the pure handshake and knows the peer only once that is done.
 */
import { createHash } from 'node:crypto'
import { type BarrelError, hasCode, type LogFields, type NodeName, type Timer } from '@barrel-actors/runtime'
import { type QuicCode, quicError } from '../errors.ts'
import { nonceBytes } from '../handshake/messages.ts'
import type { TrustAnswer, TrustQuestion } from '../handshake/options.ts'
import { createHandshake, type Effect, type HandshakeResult, type HandshakeState, step } from '../handshake/state.ts'
import { askCallback } from '../identity/auth-callback.ts'
import type { Identity } from '../identity/identity.ts'
import { limits } from '../limits.ts'
import type { ConnectionHandler, QuicConnection } from '../quic/contract.ts'
import { limits as quicLimits } from '../quic/limits.ts'
import type { StreamHandler } from '../user-streams/stream-link.ts'
import type { CarrierContext } from './context.ts'
import { countHandshake, type HandshakeOutcome, outcomeOfFailure } from './counts.ts'
import {
  controlStream,
  flowOfStream,
  isTwoWay,
  sharedFlow,
  signalStreamsCount,
  streamOfFlow,
  urgency,
} from './streams.ts'
import { WordAllowance } from './word-allowance.ts'
import { encodeWord, type Word, WordReader } from './words.ts'

/** Close codes of the application, for people who look at packets: the reason says it in words. */
export const closeCode = { normal: 0, refused: 1, invalid: 2, idle: 3 } as const

/** Who is told what becomes of a session. */
export interface SessionEvents {
  /** Whether an accepted connection from that node, which has yet to prove its name, must give way to a dial of ours. */
  isSuperseded(node: NodeName): boolean
  /** Whether the channel to that node is up with another key, and nothing says that the name belongs to this one. */
  isTaken(question: TrustQuestion): boolean
  /** TLS is done: the peer has answered. */
  answered(session: Session): void
  /** The peer has proved who it is. Signals wait until `begin`. */
  authenticated(session: Session, result: HandshakeResult): void
  /** Bytes of a flow of signals, after `authenticated`: what is wrong with them, or nothing. Throws E_SIGNAL_INVALID. */
  flow(flow: number, bytes: Uint8Array): string | undefined
  /** The peer has said something on the control stream, after `authenticated`. */
  said(word: Word): void
  /** Its handshake failed here. */
  failed(fields: LogFields): void
  /** There is room in the streams. */
  drained(): void
  /** Exactly once, unless the session was dropped. */
  closed(session: Session, cause: Error): void
}

export class Session implements ConnectionHandler {
  readonly #context: CarrierContext
  readonly #events: SessionEvents
  /** Taken when the connection begins: a rotation in the middle must not mix two keys or two certificates. */
  readonly #identity: Identity
  /** The node that was dialed; undefined for an accepted connection. */
  readonly dialed: NodeName | undefined
  connection!: QuicConnection
  #handshake: HandshakeState | undefined
  #deadline: Timer | undefined
  /** When the handshake began; undefined before that, and once it is counted. */
  #beganMs: number | undefined
  #failure: Error | undefined
  #isReady = false
  #isOver = false
  /** Who has proved to be at the other end. */
  #peer: NodeName | undefined
  readonly #words = new WordReader()
  readonly #wordAllowance: WordAllowance
  #userStreams: StreamHandler | undefined
  /** The flows that have been written to, a bit each. */
  #opened = 0

  constructor(context: CarrierContext, events: SessionEvents, dialed: NodeName | undefined) {
    this.#context = context
    this.#events = events
    this.#identity = context.identity.current
    this.#wordAllowance = new WordAllowance(context.clock)
    this.dialed = dialed
  }

  /** Whether its connection has ended. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Binds the connection, which reports to this session. */
  bind(connection: QuicConnection): void {
    this.connection = connection
  }

  established(): void {
    const { options, clock } = this.#context
    // Signals may overtake the last words of the handshake: they wait in their streams until it is done.
    for (let flow = 0; flow < signalStreamsCount; flow++) this.pause(flow)
    this.connection.prioritize(controlStream, urgency.control)
    this.#handshake = this.#createHandshake(this.connection.peerCertificate as Uint8Array)
    this.#beganMs = clock.now()
    this.#deadline = clock.setTimer(options.authHandshakeTimeoutMs, () => this.#input({ kind: 'expire' }))
    this.#events.answered(this)
    this.#input({ kind: 'start' })
  }

  received(streamId: number, bytes: Uint8Array, fin: boolean): void {
    if (streamId === controlStream) {
      if (this.#isReady) this.#readWords(bytes)
      else this.#input({ kind: 'bytes', bytes })
      return
    }
    if (isTwoWay(streamId) && this.#userStreams !== undefined) return this.#userStreams.received(streamId, bytes, fin)
    const flow = flowOfStream(streamId, !this.connection.dialed)
    if (flow !== undefined && this.#isReady) {
      this.#readFlow(flow, bytes)
      if (fin) this.#invalid('a stream of signals ended')
    }
    // Nothing else is spoken on this connection.
    else this.connection.abandon(streamId)
  }

  /** It carries a channel from here on: what has come meanwhile is read. */
  begin(userStreams: StreamHandler): void {
    this.#userStreams = userStreams
    // A flow has a stream of its own once it has left the shared one, which says so.
    this.resume(sharedFlow)
    for (const streamId of this.#theirUserStreams()) this.connection.resume(streamId)
  }

  /** The first user streams that the peer may open. */
  *#theirUserStreams(): Iterable<number> {
    const first = this.connection.dialed ? 1 : 4
    for (let count = 0; count < quicLimits.streamsBidiMax; count++) yield first + count * 4
  }

  abandoned(streamId: number, code: number | undefined): void {
    if (isTwoWay(streamId)) this.#userStreams?.abandoned(streamId, code)
  }

  /** Writes bytes of one flow. */
  write(flow: number, bytes: Uint8Array, start: number, end: number): void {
    this.connection.write(this.#streamOf(flow), bytes, start, end)
  }

  /** Writes the head and, without a copy, bytes that stay as they are until `taken` is called. */
  hand(flow: number, head: Uint8Array, bytes: Uint8Array, taken?: () => void): void {
    this.connection.hand(this.#streamOf(flow), head, bytes, taken)
  }

  #streamOf(flow: number): number {
    const { connection } = this
    const streamId = streamOfFlow(flow, connection.dialed)
    if ((this.#opened & (1 << flow)) === 0) {
      this.#opened |= 1 << flow
      connection.prioritize(streamId, urgency.signals)
    }
    return streamId
  }

  say(said: Word): void {
    const isUnread = this.connection.queuedBytesOf(controlStream) > limits.unreadWordsBytesMax
    if (isUnread) this.#invalid('it does not read what is said to it')
    else this.connection.write(controlStream, encodeWord(said))
  }

  /** Bytes of that flow which QUIC has not taken. */
  queuedBytesOf(flow: number): number {
    return this.connection.queuedBytesOf(streamOfFlow(flow, this.connection.dialed))
  }

  /** Leaves what the peer sends in that flow unread, so that flow control stops it. */
  pause(flow: number): void {
    this.connection.pause(streamOfFlow(flow, !this.connection.dialed))
  }

  resume(flow: number): void {
    this.connection.resume(streamOfFlow(flow, !this.connection.dialed))
  }

  drained(streamId?: number): void {
    if (streamId !== undefined && isTwoWay(streamId)) this.#userStreams?.drained(streamId)
    else if (this.#isReady) this.#events.drained()
  }

  closed(end: Error): void {
    const cause = this.#named(end)
    this.#isOver = true
    this.#deadline?.cancel()
    this.#count('lost')
    this.#userStreams?.closed(cause)
    const failure = this.#failure ?? cause
    if (this.#isReady || this.#failure !== undefined || this.#handshake === undefined) {
      return this.#events.closed(this, failure)
    }
    // The peer left in the middle; its reason says more than that.
    step(this.#handshake, { kind: 'closed' }, this.#context.clock.wall())
    this.#events.closed(this, this.#explain(cause))
  }

  /** Closes it; `closed` follows later. `failure` is what `closed` will say. */
  close(code: number, reason: string, failure?: Error): void {
    this.#failure ??= failure
    this.connection.close(code, reason)
  }

  #createHandshake(peerCertificate: Uint8Array): HandshakeState {
    const { self, options, entropy, cluster } = this.#context
    const { keys, succession } = this.#identity
    const { hidden, cookieOnly, cookieOnlyNodes } = options
    return createHandshake({
      ...(this.dialed === undefined ? { role: 'acceptor' } : { role: 'dialer', dialed: this.dialed, cookieOnly }),
      self,
      hidden,
      keys,
      succession,
      memberCertificate: cluster?.certificateFor(keys) ?? new Uint8Array(0),
      cluster: cluster?.trust,
      cookie: cookieOnlyNodes?.cookie,
      nonce: entropy.bytes(nonceBytes),
      ownCertificateHash: this.connection.ownCertificateHash,
      peerCertificateHash: createHash('sha256').update(peerCertificate).digest(),
      timestampWindowMs: options.authTimestampWindowMs,
      asks: options.authEnabled && options.authCallback !== undefined,
      trust: question => this.#trust(question),
    })
  }

  #trust(question: TrustQuestion): TrustAnswer {
    if (this.dialed === undefined && this.#events.isSuperseded(question.node)) return 'superseded'
    const answer = this.#context.trust.answer(question)
    return answer === 'accept' && this.dialed === undefined && this.#events.isTaken(question) ? 'taken' : answer
  }

  async #ask(result: HandshakeResult): Promise<void> {
    const { authCallback } = this.#context.options
    if (authCallback === undefined) return
    const who = { dialed: this.dialed !== undefined, address: this.connection.remote }
    this.#input({ kind: 'verdict', ...(await askCallback(authCallback, result, who)) })
  }

  #input(input: Parameters<typeof step>[1]): void {
    if (this.#handshake === undefined) return
    for (const effect of step(this.#handshake, input, this.#context.clock.wall())) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        return this.connection.write(controlStream, effect.bytes)
      case 'ask':
        return void this.#ask(effect.result)
      case 'rest':
        return this.#readWords(effect.bytes)
      case 'done':
        return this.#finish(effect.result)
      case 'failed': {
        const failure = this.#failed(effect.code, { ...effect.fields, problem: effect.problem })
        this.#count(outcomeOfFailure(effect.code))
        this.#noticeRemovedPin(effect.code, effect.fields['node'])
        this.#events.failed({ code: effect.code, problem: effect.problem, ...effect.fields })
        return this.close(closeCode.refused, effect.problem, failure)
      }
      default:
        return effect satisfies never
    }
  }

  // An operator who removes the pin file of a peer expects the peer's next try to succeed.
  #noticeRemovedPin(code: QuicCode, node: unknown): void {
    if (code !== 'E_PEER_KEY_CHANGED') return
    const { trustStore, log } = this.#context
    trustStore.refresh(node as NodeName).catch(error => log.error('pin not readable', { node, problem: String(error) }))
  }

  #failed(code: QuicCode, fields: Readonly<Record<string, unknown>>): BarrelError {
    const node = fields['node'] as NodeName
    return quicError(code, { path: this.#context.trustStore.pathOf(node) ?? '(in memory)', ...fields })
  }

  #finish(result: HandshakeResult): void {
    this.#deadline?.cancel()
    this.#count('done')
    this.#isReady = true
    // User streams wait as the flows do, until the channel is up.
    for (const streamId of this.#theirUserStreams()) this.connection.pause(streamId)
    this.connection.trusted()
    const { peer, role, fingerprint } = result
    this.#peer = peer.name
    const { host, port } = this.connection.remote
    const from = { address: host, port, dialed: this.dialed !== undefined }
    this.#context.log.info('peer accepted', { node: peer.name, role, fingerprint, ...from })
    this.#events.authenticated(this, result)
  }

  #count(outcome: HandshakeOutcome): void {
    if (this.#beganMs === undefined) return
    const { counts, clock } = this.#context
    const { dialed, accepted } = counts.handshakes
    countHandshake(this.dialed === undefined ? accepted : dialed, outcome, clock.now() - this.#beganMs)
    this.#beganMs = undefined
  }

  #readWords(bytes: Uint8Array): void {
    const before = this.#words.count
    const words = this.#words.push(bytes)
    if (typeof words === 'string') return this.#invalid(words)
    if (!this.#wordAllowance.take(this.#words.count - before)) return this.#invalid('it says too much')
    for (const said of words) this.#events.said(said)
  }

  #readFlow(flow: number, bytes: Uint8Array): void {
    try {
      const problem = this.#events.flow(flow, bytes)
      if (problem !== undefined) this.#invalid(problem)
    } catch (error) {
      this.#context.log.error('a signal could not be read', { problem: (error as Error).message })
      this.close(closeCode.invalid, 'a signal that cannot be read', error as Error)
    }
  }

  #invalid(problem: string): void {
    this.close(closeCode.invalid, problem, quicError('E_CHANNEL_CLOSED', { node: this.#peer, reason: problem }))
  }

  // QUIC knows an address only.
  #named(cause: Error): Error {
    const node = this.#peer
    if (node === undefined || !(hasCode(cause, 'E_CHANNEL_CLOSED') || hasCode(cause, 'E_CHANNEL_LOST'))) return cause
    return quicError(cause.code as QuicCode, { ...cause.fields, node }, cause.cause)
  }

  #explain(cause: Error): Error {
    const node = this.dialed ?? this.connection.remote.host
    return quicError('E_HANDSHAKE_FAILED', { node, problem: cause.message }, cause)
  }
}
