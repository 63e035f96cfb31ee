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
  /** The end that hears nothing any more, while the other one still does. */
  #deaf: NodeName | undefined

  constructor(network: MemoryNetwork, dialer: Peer, acceptor: NodeName, dialerEnd: End) {
    this.#network = network
    this.dialer = dialer
    this.acceptor = acceptor
    this.sentMs = network.clock.now()
    this.#dialerEnd = dialerEnd
  }

  /** Whether something does not pass any more, so that it ends. */
  get isBroken(): boolean {
    return this.#isBroken || this.#deaf !== undefined
  }

  /** Whether packets to that node still arrive. */
  reaches(name: NodeName): boolean {
    return !this.#isBroken && this.#deaf !== name
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
    const noticing = () => {
      this.#tellLoss(this.dialer.name, this.#dialerEnd)
      this.#tellLoss(this.acceptor, this.#acceptorEnd)
    }
    this.#network.clock.setTimer(this.#network.detectionMs, noticing)
  }

  /** Nothing comes to that node any more: it notices after the detection time, and the other one as long after it. */
  breakTowards(name: NodeName): void {
    if (!this.reaches(name)) return
    if (this.#deaf !== undefined) return this.break()
    this.#deaf = name
    const opposite = name === this.acceptor ? this.dialer.name : this.acceptor
    this.#network.clock.setTimer(this.#network.detectionMs, () => this.giveUp(opposite))
  }

  /** Whoever is connected to that node has not heard of it for the detection time. */
  giveUp(silent: NodeName): void {
    if (this.#isBroken) return
    this.break()
    if (silent === this.acceptor) this.#tellLoss(this.dialer.name, this.#dialerEnd)
    else this.#tellLoss(this.acceptor, this.#acceptorEnd)
  }

  // Only an end that is up: one may have come up since, or have ended.
  #tellLoss(name: NodeName, end: End | undefined): void {
    const lost = coded('E_CHANNEL_LOST', `nothing came for ${this.#network.detectionMs} ms`)
    this.#network.admit(name, () => {
      if (end?.isUp === true) end.ended(this, lost)
    })
  }

  #carryFrom(from: End, arrive: () => void, flow?: number): void {
    if (this.#isBroken) return
    const isDialer = from === this.#dialerEnd
    const names = [this.dialer.name, this.acceptor] as const
    const to = names[isDialer ? 1 : 0]
    if (this.reaches(to)) this.#network.carry(this, names[isDialer ? 0 : 1], to, arrive, flow)
  }

  #opposite(end: End): End | undefined {
    return end === this.#dialerEnd ? this.#acceptorEnd : this.#dialerEnd
  }
}

/** An error as a carrier reports it: with a code for people who look for one. */
export function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
