/** The carrier: one channel a node, whoever opened it. Which connection carries it is decided by `channel/line.ts`. */
import { type Carrier, type CarrierEvents, hasCode, type NodeLife, type NodeName } from '@barrel-actors/runtime'
import { BackOff } from './channel/back-off.ts'
import { type Held, QuicChannel } from './channel/channel.ts'
import { ConnectOptionsTable } from './channel/connect-options.ts'
import type { CarrierContext } from './channel/context.ts'
import { Dial } from './channel/dial.ts'
import { HandshakeLog } from './channel/handshake-log.ts'
import { IdleCollector } from './channel/idle.ts'
import {
  createLine,
  isSuperseded,
  isTaken,
  type LineEffect,
  type LineInput,
  type LineState,
  step,
} from './channel/line.ts'
import { closeCode, Session } from './channel/session.ts'
import { quicError } from './errors.ts'
import type { TrustQuestion } from './handshake/options.ts'
import type { HandshakeResult } from './handshake/state.ts'
import { fingerprintOf } from './identity/keys.ts'
import { limits } from './limits.ts'
import type { ConnectionHandler, QuicConnection } from './quic/contract.ts'
import type { Endpoint } from './quic/endpoint.ts'
import { linkOf } from './user-streams/connection-link.ts'

/** What there is of one node: the state, and what the driver holds for it. */
interface Line {
  readonly state: LineState
  channel: QuicChannel
  dial: Dial | undefined
}

/** A session that has proved who is at its other end. */
interface Proved {
  readonly session: Session
  readonly result: HandshakeResult
}

export class QuicCarrier implements Carrier {
  readonly #context: CarrierContext
  readonly #events: CarrierEvents
  readonly #lines = new Map<NodeName, Line>()
  readonly #idle: IdleCollector
  readonly #backOff: BackOff
  readonly #handshakeLog: HandshakeLog
  #endpoint!: Endpoint
  #lastSession = 0

  constructor(context: CarrierContext, events: CarrierEvents) {
    this.#context = context
    this.#events = events
    this.#handshakeLog = new HandshakeLog(context.clock, context.log)
    const { dialBackOffMs } = context.options
    this.#backOff = new BackOff({ firstMs: dialBackOffMs, maxMs: backOffMsMax, nodesMax: limits.failedNodesMax })
    const channels = () => [...this.#lines.values()].map(line => line.channel)
    this.#idle = new IdleCollector(context.clock, context.options, channels, node => isKept(context, node))
  }

  /** Binds the endpoint, whose connections `accept` takes. */
  bind(endpoint: Endpoint): void {
    this.#endpoint = endpoint
    this.#idle.start()
  }

  /** Looks after nothing any more. Its channels end with the endpoint. */
  stop(): void {
    this.#idle.stop()
    this.#handshakeLog.stop()
  }

  open(node: NodeName): QuicChannel {
    const known = this.#lines.get(node)
    if (known !== undefined) return known.channel
    const line = this.#addLine(node, true)
    this.#dial(line, node)
    return line.channel
  }

  /** Takes a connection that somebody else dialed. */
  readonly accept = (connection: QuicConnection): ConnectionHandler => {
    const session = this.#createSession(undefined)
    session.bind(connection)
    return session
  }

  /**
   * The channel to a node that is up.
   * @throws E_NOT_CONNECTED
   */
  channelTo(node: NodeName): QuicChannel {
    const channel = this.#lines.get(node)?.channel
    if (channel?.isUp !== true) throw quicError('E_NOT_CONNECTED', { node })
    return channel
  }

  /** How a node is dialed from the next time on. */
  readonly routes: ConnectOptionsTable = new ConnectOptionsTable()

  /** Closes every channel whose peer has shown that key. */
  closeKey(fingerprint: string, reason: string): void {
    for (const { channel } of [...this.#lines.values()]) {
      if (channel.peer?.fingerprint === fingerprint) channel.close(reason)
    }
  }

  #addLine(node: NodeName, isDialed: boolean): Line {
    const state = createLine(this.#context.self.name, node, isDialed)
    const line: Line = { state, channel: this.#createChannel(node), dial: undefined }
    this.#lines.set(node, line)
    return line
  }

  #createChannel(node: NodeName): QuicChannel {
    return new QuicChannel(node, this.#context, {
      received: (channel, signal, flow) => this.#events.received(channel, signal, flow),
      drained: channel => this.#events.drained(channel),
      mayEnd: channel => this.#idle.mayEnd(channel),
      closed: (channel, cause, held) => this.#channelClosed(channel, cause, held),
    })
  }

  #dial(line: Line, node: NodeName): void {
    const { trustStore, log, clock } = this.#context
    const dial = new Dial(node, this.#context, {
      connect: address => {
        const session = this.#createSession(node)
        session.bind(this.#endpoint.dial(address, session, this.routes.dialOptionsFor(node)))
        return session
      },
      isThroughAdapter: () => this.routes.has(node),
      failed: cause => this.#dialFailed(line, node, cause),
    })
    line.dial = dial
    // A pin whose file the operator has removed is forgotten before the name is dialed.
    void trustStore
      .refresh(node)
      .catch(error => log.error('pin not readable', { node, problem: String(error) }))
      .then(() => dial.start(this.#backOff.delayMs(node, clock.now())))
  }

  #dialFailed(line: Line, node: NodeName, cause: Error): void {
    this.#backOff.failed(node, this.#context.clock.now())
    line.dial = undefined
    this.#input(line, { kind: 'dialFailed', cause })
  }

  #createSession(dialed: NodeName | undefined): Session {
    this.#lastSession++
    const id = this.#lastSession
    /** The line and the channel that it carries. */
    let line: Line | undefined
    let channel: QuicChannel | undefined
    return new Session(
      this.#context,
      {
        isSuperseded: node => this.#isSuperseded(node),
        isTaken: question => this.#isTaken(question),
        answered: session => this.#answered(session),
        authenticated: (session, result) => {
          line = this.#authenticated(id, { session, result })
          channel = line?.channel
        },
        flow: (flow, bytes) => channel?.receive(flow, bytes),
        said: word => channel?.said(word),
        failed: fields => this.#handshakeLog.failed(fields),
        drained: () => channel?.drained(),
        closed: (session, cause) => {
          if (line !== undefined) this.#input(line, { kind: 'ended', session: id, cause })
          else this.#dialEnded(session, cause)
        },
      },
      dialed,
    )
  }

  #isSuperseded(node: NodeName): boolean {
    const line = this.#lines.get(node)
    return line !== undefined && isSuperseded(line.state)
  }

  #isTaken({ node, publicKey, certifiedMs }: TrustQuestion): boolean {
    const line = this.#lines.get(node)
    if (line === undefined) return false
    const fingerprint = publicKey === undefined ? undefined : fingerprintOf(publicKey)
    return isTaken(line.state, { fingerprint, ownsName: this.#ownsName(node, certifiedMs) })
  }

  /** Whether a pin or a certificate says whose the name is. Trust has accepted the key. */
  #ownsName(node: NodeName, certifiedMs: number | undefined): boolean {
    return certifiedMs !== undefined || this.#context.trustStore.keyOf(node) !== undefined
  }

  #answered(session: Session): void {
    const line = this.#lineOfDial(session)
    if (line === undefined) return
    line.dial?.answered()
    this.#input(line, { kind: 'answered' })
  }

  #dialEnded(session: Session, cause: Error): void {
    const line = this.#lineOfDial(session)
    if (line === undefined) return
    this.#input(line, { kind: 'unanswered' })
    if (hasCode(cause, 'E_DIAL_SUPERSEDED')) line.dial?.giveWay(cause)
    else line.dial?.ended(cause)
  }

  /** The line whose dial this session is a try of, unless the dial has been abandoned or has gone on. */
  #lineOfDial(session: Session): Line | undefined {
    const line = session.dialed === undefined ? undefined : this.#lines.get(session.dialed)
    return line?.dial?.session === session ? line : undefined
  }

  /**
   * The peer of a session has proved who it is: the line that it carries from now on, or nothing where it is refused.
   * Decided at once: the other end decides by the order of the messages too, and a wait of either would let them
   * choose differently.
   */
  #authenticated(id: number, proved: Proved): Line | undefined {
    const { session, result } = proved
    const isOurs = session.dialed !== undefined
    const known = this.#lines.get(result.peer.name)
    if (known === undefined && isOurs) {
      session.close(closeCode.normal, 'the channel is not wanted any more')
      return undefined
    }
    const line = known ?? this.#addLine(result.peer.name, false)
    const { peer: life, role, fingerprint, certifiedMs } = result
    const ownsName = this.#ownsName(life.name, certifiedMs)
    const who = { life, isProbe: role === 'probe', fingerprint, ownsName }
    this.#input(line, { kind: 'authenticated', session: id, isOurs, ...who }, proved)
    return line.state.session === id ? line : undefined
  }

  #input(line: Line, input: LineInput, proved?: Proved): void {
    for (const effect of step(line.state, input)) this.#perform(line, effect, proved)
  }

  #perform(line: Line, effect: LineEffect, proved: Proved | undefined): void {
    switch (effect.kind) {
      case 'adopt':
        return this.#adopt(line, effect.session, proved as Proved)
      case 'replace':
        return this.#replace(line, effect.reason)
      case 'refuse':
        return proved?.session.close(closeCode.normal, effect.reason)
      case 'abandonDial':
        line.dial?.abandon(effect.reason)
        line.dial = undefined
        return
      case 'up':
        return this.#up(line)
      case 'close':
        return line.channel.end(effect.cause)
      default:
        return effect satisfies never
    }
  }

  #adopt(line: Line, id: number, { session, result }: Proved): void {
    line.dial = undefined
    line.channel.settle(session, result)
    void this.#keep(session, result).then(isKept => {
      if (isKept && !session.isOver) this.#input(line, { kind: 'kept', session: id })
    })
  }

  /** Whoever learns of the end finds the new channel in its place. */
  #replace(line: Line, reason: string): void {
    const old = line.channel
    line.channel = this.#createChannel(line.state.node)
    old.close(reason)
  }

  #up(line: Line): void {
    const { channel } = line
    if (!channel.up()) return
    this.#backOff.reached(channel.node)
    const { role } = channel
    this.#context.log.info('channel up', { ...(channel.life as NodeLife), role })
    const { session } = channel
    if (session === undefined) return
    const userStreams = this.#context.userStreams.attach(channel.node, linkOf(session.connection))
    this.#events.up(channel)
    session.begin(userStreams)
  }

  /** The key is on disk before anything relies on it. Whether the session may go on. */
  async #keep(session: Session, result: HandshakeResult): Promise<boolean> {
    try {
      await this.#context.trust.keep(result)
      return true
    } catch (error) {
      this.#context.log.error('key not pinned', { node: result.peer.name, problem: (error as Error).message })
      session.close(closeCode.refused, 'the key could not be pinned', error as Error)
      return false
    }
  }

  #channelClosed(channel: QuicChannel, cause: Error, held: readonly Held[]): void {
    const line = this.#lines.get(channel.node)
    if (line?.channel === channel) {
      this.#lines.delete(channel.node)
      for (const effect of step(line.state, { kind: 'closed' })) this.#perform(line, effect, undefined)
    }
    const next = held.length > 0 ? this.open(channel.node) : undefined
    next?.takeHeld(held)
    this.#events.closed(channel, cause, next)
  }
}

function isKept({ host, userStreams }: CarrierContext, node: NodeName): boolean {
  return host.isKept(node) || userStreams.holdsChannel(node)
}

/** With the time for an answer, below the 5 s of a call. */
const backOffMsMax = 1_000
