/**
 * One dial and what comes of it: two ends, and packets between them.
 *
 *   dialer                     acceptor
 *   dial ---------------------->  up, unless its own dial wins
 *   up  <---------------- accept
 *   signals <-----------> signals
 *   close ---------------------->  closed
 */

import type { NodeLife, NodeName, PeerRole } from '@barrel-actors/runtime'
import type { MemoryNetwork } from './network.ts'

/** What one node tells another of itself when they connect. */
export interface Peer extends NodeLife {
  readonly role: PeerRole
}

/** One side of a connection: a channel. */
export interface End {
  readonly isUp: boolean
  /** The other side took the dial. */
  accepted(connection: Connection, peer: Peer): void
  /** Signals came, each of them encoded. */
  arrived(signals: readonly Uint8Array[], flow: number, read: () => void): void
  /** The other side closed it, or it is lost and that was noticed. */
  ended(connection: Connection, cause: Error): void
}

export class Connection {
  readonly dialer: Peer
  readonly acceptor: NodeName
  readonly sentMs: number
  readonly #network: MemoryNetwork
  readonly #dialerEnd: End
  #acceptorEnd: End | undefined
  #isBroken = false

  constructor(network: MemoryNetwork, dialer: Peer, acceptor: NodeName, dialerEnd: End) {
    this.#network = network
    this.dialer = dialer
    this.acceptor = acceptor
    this.sentMs = network.clock.now()
    this.#dialerEnd = dialerEnd
  }

  /** Whether nothing passes any more. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  joins(name: NodeName): boolean {
    return name === this.acceptor || name === this.dialer.name
  }

  dial(): void {
    this.#network.opened(this)
    this.#network.carry(this, this.dialer.name, this.acceptor, () => {
      const port = this.#network.port(this.acceptor)
      // Nobody is there to answer.
      if (port === undefined) this.break()
      else port.dialed(this)
    })
  }

  accept(end: End, peer: Peer): void {
    this.#acceptorEnd = end
    this.#network.carry(this, this.acceptor, this.dialer.name, () => this.#dialerEnd.accepted(this, peer))
  }

  /** Takes signals of one flow to the other end. The array may grow until they are there, which `left` says. */
  send(from: End, flow: number, signals: readonly Uint8Array[], on: { left(): void; read(): void }): void {
    const arrive = () => {
      on.left()
      this.#opposite(from)?.arrived(signals, flow, on.read)
    }
    this.#carryFrom(from, arrive, flow)
  }

  /** This end has closed: the other one learns it. */
  close(from: End, reason: string): void {
    this.#carryFrom(from, () => {
      this.#opposite(from)?.ended(this, coded('E_CHANNEL_CLOSED', `the other side closed the channel: ${reason}`))
      this.abandon()
    })
  }

  /** Lets go of it without a word. */
  abandon(): void {
    this.#isBroken = true
    this.#network.ended(this)
  }

  /** Nothing passes any more. An end that is up notices after the detection time; one that dials times out. */
  break(): void {
    if (this.#isBroken) return
    this.abandon()
    for (const end of [this.#dialerEnd, this.#acceptorEnd]) {
      if (end?.isUp !== true) continue
      const lost = coded('E_CHANNEL_LOST', `nothing came for ${this.#network.detectionMs} ms`)
      this.#network.clock.setTimer(this.#network.detectionMs, () => end.ended(this, lost))
    }
  }

  #carryFrom(from: End, arrive: () => void, flow?: number): void {
    if (this.#isBroken) return
    const isDialer = from === this.#dialerEnd
    const names = [this.dialer.name, this.acceptor] as const
    this.#network.carry(this, names[isDialer ? 0 : 1], names[isDialer ? 1 : 0], arrive, flow)
  }

  #opposite(end: End): End | undefined {
    return end === this.#dialerEnd ? this.#acceptorEnd : this.#dialerEnd
  }
}

/** An error as a carrier reports it: with a code for people who look for one. */
export function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
