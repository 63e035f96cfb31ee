/**
 * The carrier: one channel a node, whoever opened it. Two nodes that dial each other at the same time end up with
 * one channel: the dial of the greater name wins, unless it has not even been answered yet.
 */
import { type Carrier, type CarrierEvents, type Channel, hasCode, type NodeName } from '@barrel-actors/runtime'
import { QuicChannel } from './channel/channel.ts'
import type { CarrierContext } from './channel/context.ts'
import { Dial } from './channel/dial.ts'
import { closeCode, Session } from './channel/session.ts'
import type { HandshakeResult } from './handshake/state.ts'
import type { ConnectionHandler, QuicConnection } from './quic/contract.ts'
import type { Endpoint } from './quic/endpoint.ts'

/** One node's channel, and the dial that it waits for. */
interface Line {
  readonly channel: QuicChannel
  dial: Dial | undefined
}

export class QuicCarrier implements Carrier {
  readonly #context: CarrierContext
  readonly #events: CarrierEvents
  readonly #lines = new Map<NodeName, Line>()
  #endpoint!: Endpoint

  constructor(context: CarrierContext, events: CarrierEvents) {
    this.#context = context
    this.#events = events
  }

  /** Binds the endpoint, whose connections `accept` takes. */
  bind(endpoint: Endpoint): void {
    this.#endpoint = endpoint
  }

  open(node: NodeName): Channel {
    const known = this.#lines.get(node)
    if (known !== undefined) return known.channel
    const line = this.#addLine(node)
    const dial = new Dial(node, this.#context, {
      connect: address => {
        const session = this.#createSession(node)
        session.bind(this.#endpoint.dial(address, session))
        return session
      },
      failed: cause => this.#dialFailed(line, cause),
    })
    line.dial = dial
    // A pin whose file the operator has removed is forgotten before the name is dialed.
    void this.#context.trustStore
      .refresh(node)
      .catch(error => this.#context.log.error('pin not readable', { node, problem: String(error) }))
      .then(() => dial.start())
    return line.channel
  }

  /** Takes a connection that somebody else dialed. */
  readonly accept = (connection: QuicConnection): ConnectionHandler => {
    const session = this.#createSession(undefined)
    session.bind(connection)
    return session
  }

  /** Closes every channel whose peer has shown that key. */
  closeKey(fingerprint: string, reason: string): void {
    for (const { channel } of [...this.#lines.values()]) {
      if (channel.peer?.fingerprint === fingerprint) channel.close(reason)
    }
  }

  #addLine(node: NodeName): Line {
    const channel = new QuicChannel(node, this.#context, {
      received: (channel, signal) => this.#events.received(channel, signal),
      closed: (channel, cause) => this.#channelClosed(channel, cause),
    })
    const line: Line = { channel, dial: undefined }
    this.#lines.set(node, line)
    return line
  }

  #createSession(dialed: NodeName | undefined): Session {
    let channel: QuicChannel | undefined
    return new Session(
      this.#context,
      {
        isSuperseded: node => this.#isSuperseded(node),
        answered: session => this.#dialOf(session)?.answered(),
        authenticated: (session, result) => {
          channel = this.#adopt(session, result)
          if (channel !== undefined) void this.#comeUp(channel, session, result)
        },
        frame: (bytes, start, end) => channel?.receive(bytes, start, end),
        closed: (session, cause) => {
          if (channel !== undefined) channel.end(cause)
          else if (hasCode(cause, 'E_DIAL_SUPERSEDED')) this.#dialOf(session)?.giveWay(cause)
          else this.#dialOf(session)?.ended(cause)
        },
      },
      dialed,
    )
  }

  /** The dial that this session belongs to, unless it has been abandoned or has gone on. */
  #dialOf(session: Session): Dial | undefined {
    const dial = session.dialed === undefined ? undefined : this.#lines.get(session.dialed)?.dial
    return dial?.session === session ? dial : undefined
  }

  /**
   * The peer of a session has proved who it is: the session carries the channel, or is closed. Decided at once: the
   * other end decides by the order of the messages too, and a wait of either would let them choose differently.
   */
  #adopt(session: Session, result: HandshakeResult): QuicChannel | undefined {
    const { name } = result.peer
    const refusal = this.#refusal(session, result)
    if (refusal !== undefined) {
      session.close(closeCode.normal, refusal)
      return undefined
    }
    const old = this.#lines.get(name)
    if (old !== undefined && !old.channel.isDialing) old.channel.close('the node has connected anew')
    const line = this.#lines.get(name) ?? this.#addLine(name)
    const dial = line.dial
    line.dial = undefined
    if (dial?.session !== session) dial?.abandon(anotherWon)
    line.channel.settle(session, result)
    return line.channel
  }

  /** The key is on disk before anything relies on it. The channel may be closed or replaced meanwhile. */
  async #comeUp(channel: QuicChannel, session: Session, result: HandshakeResult): Promise<void> {
    const isKept = await this.#pin(session, result)
    if (!isKept || session.isOver || !channel.up()) return
    this.#context.log.info('channel up', { ...result.peer, fingerprint: result.fingerprint, dialed: session.dialed })
    this.#events.up(channel)
    session.begin()
  }

  #refusal(session: Session, { peer, role }: HandshakeResult): string | undefined {
    const line = this.#lines.get(peer.name)
    if (line === undefined) return session.dialed === undefined ? undefined : anotherWon
    // What is sent to a name, or comes from it, must not go to who has only the cookie.
    if (role === 'probe' && line.channel.peer?.role !== 'probe') return 'a probe does not take the place of a node'
    const life = line.channel.settledWith
    if (life !== undefined) {
      // Another session carries the channel by now.
      if (session.dialed !== undefined) return anotherWon
      // A new life, or the same one that has lost its end: it replaces what is left of the old channel.
      return peer.creation < life.creation ? 'a later life of this node is connected' : undefined
    }
    return undefined
  }

  /** Both sides must come to the same answer: it is looked at before the other side is told that it has won. */
  #isSuperseded(node: NodeName): boolean {
    const line = this.#lines.get(node)
    const isDialing = line?.channel.isDialing === true && line.dial?.session?.isAnswered === true
    return isDialing && this.#context.self.name > node
  }

  /** On first use. Whether the session may go on: a key that cannot be kept ends it. */
  async #pin(session: Session, result: HandshakeResult): Promise<boolean> {
    try {
      await this.#context.trust.keep(result)
      return true
    } catch (error) {
      this.#context.log.error('key not pinned', { node: result.peer.name, problem: (error as Error).message })
      session.close(closeCode.refused, 'the key could not be pinned', error as Error)
      return false
    }
  }

  #dialFailed(line: Line, cause: Error): void {
    line.dial = undefined
    line.channel.end(cause)
  }

  #channelClosed(channel: QuicChannel, cause: Error): void {
    const line = this.#lines.get(channel.node)
    if (line?.channel === channel) {
      this.#lines.delete(channel.node)
      line.dial?.abandon('the channel is not wanted any more')
    }
    this.#events.closed(channel, cause)
  }
}

const anotherWon = 'another connection carries the channel'
