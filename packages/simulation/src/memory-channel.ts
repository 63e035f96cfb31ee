import type {
  Channel,
  Flow,
  NodeLife,
  NodeName,
  PeerRole,
  Signal,
  SignalDecoder,
  SignalEncoder,
  Timer,
} from '@barrel-actors/runtime'
import { Connection, coded, type End, type Peer } from './connection.ts'
import { flowsCount, MemoryFlow } from './memory-flow.ts'
import type { MemoryNetwork } from './network.ts'

/** The node that a channel belongs to. */
export interface ChannelOwner {
  readonly peer: Peer
  readonly network: MemoryNetwork
  setTimer(delayMs: number, expire: () => void): Timer
  createEncoder(): SignalEncoder
  createDecoder(peer: NodeLife): SignalDecoder
  up(channel: MemoryChannel): void
  received(channel: MemoryChannel, signal: Signal, flow: Flow): void
  drained(channel: MemoryChannel): void
  closed(channel: MemoryChannel, cause: Error): void
}

/** A signal that was given before the channel was up. */
interface Kept {
  readonly flow: number
  readonly bytes: Uint8Array
}

/** One node's end of a channel. It outlives the dial that it began with, when the other side's dial wins. */
export class MemoryChannel implements Channel, End {
  readonly node: NodeName
  readonly #owner: ChannelOwner
  readonly #flows: (MemoryFlow | undefined)[] = []
  #state: 'dialing' | 'up' | 'closing' | 'closed' = 'dialing'
  #peer: Peer | undefined
  #rttMs: number | undefined
  #connection: Connection | undefined
  #dialTimer: Timer | undefined
  /** Signals given before it was up. */
  #kept: Kept[] = []
  /** Of what was given and is not at the other end yet. */
  #queuedBytes = 0
  /** Whether somebody was told that too much waits. */
  #isHigh = false

  constructor(owner: ChannelOwner, node: NodeName) {
    this.#owner = owner
    this.node = node
  }

  get life(): NodeLife | undefined {
    return this.#peer
  }

  get role(): PeerRole {
    return this.#peer?.role ?? 'node'
  }

  /** In memory the name of a node is believed. */
  get fingerprint(): string {
    return this.node
  }

  get isCongested(): boolean {
    return this.#queuedBytes > this.#owner.network.queueBytesHigh
  }

  get rttMs(): number | undefined {
    return this.#rttMs
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  /** Whether its own dial is still on its way, or on its way back. */
  get isDialing(): boolean {
    return this.#state === 'dialing'
  }

  /** Whether the dial has been lost; it still waits until it times out. */
  get isDialLost(): boolean {
    return this.#connection?.isBroken === true
  }

  dial(): void {
    const { network, peer } = this.#owner
    this.#connection = new Connection(network, peer, this.node, this)
    const timeoutMs = network.dialTimeoutMs
    this.#dialTimer = this.#owner.setTimer(timeoutMs, () => {
      this.#connection?.close(this, 'the dial timed out')
      this.#close(coded('E_NODE_UNREACHABLE', `${this.node} did not answer within ${timeoutMs} ms`))
    })
    this.#connection.dial()
  }

  /** Takes the dial of the other side, instead of its own if it has one. */
  accept(connection: Connection): void {
    this.#connection?.abandon()
    connection.accept(this, this.#owner.peer)
    this.#rise(connection, connection.dialer, (this.#owner.network.clock.now() - connection.sentMs) * 2)
  }

  accepted(connection: Connection, peer: Peer): void {
    if (this.#state !== 'dialing' || connection !== this.#connection) return
    this.#rise(connection, peer, this.#owner.network.clock.now() - connection.sentMs)
  }

  #rise(connection: Connection, peer: Peer, rttMs: number): void {
    this.#dialTimer?.cancel()
    this.#state = 'up'
    this.#connection = connection
    this.#peer = peer
    this.#rttMs = rttMs
    for (const flow of this.#flows) if (flow !== undefined) flow.encoder.remote = peer
    // Before `up`, in which new ones may come.
    for (const { flow, bytes } of this.#kept.splice(0)) this.#send(connection, flow, bytes)
    this.#owner.up(this)
  }

  deliver(signal: Signal, sender: number): boolean {
    if (this.#state === 'closed' || this.#state === 'closing') return true
    const flow = sender % flowsCount
    const bytes = this.#encode(signal, flow)
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes > this.#owner.network.queueBytesMax) {
      this.#failSoon(
        coded('E_CHANNEL_OVERFLOW', `more than ${this.#owner.network.queueBytesMax} bytes wait for ${this.node}`),
      )
      return false
    }
    if (this.isUp && this.#connection !== undefined) this.#send(this.#connection, flow, bytes)
    else this.#kept.push({ flow, bytes })
    this.#isHigh ||= this.isCongested
    return !this.isCongested
  }

  #flow(index: number): MemoryFlow {
    let flow = this.#flows[index]
    if (flow === undefined) {
      flow = new MemoryFlow(this.#owner.createEncoder())
      flow.encoder.remote = this.#peer
      this.#flows[index] = flow
    }
    return flow
  }

  #encode(signal: Signal, flow: number): Uint8Array {
    // A copy: the encoder writes the next signal over this one.
    return new Uint8Array(this.#flow(flow).encoder.encode(signal))
  }

  #send(connection: Connection, flow: number, bytes: Uint8Array): void {
    this.#flow(flow).send(bytes, this.#owner.network.clock.now(), (signals, left) => {
      connection.send(this, flow, signals, { left, read: () => this.#readThere(signals) })
    })
  }

  #readThere(signals: readonly Uint8Array[]): void {
    for (const bytes of signals) this.#queuedBytes -= bytes.length
    if (!this.#isHigh || this.#queuedBytes > this.#owner.network.queueBytesHigh / 2) return
    this.#isHigh = false
    if (this.isUp) this.#owner.drained(this)
  }

  arrived(signals: readonly Uint8Array[], flow: number, read: () => void): void {
    this.#flow(flow).arrived(signals, read)
    this.#read(flow)
  }

  pause(flow: number): void {
    this.#flow(flow).isPaused = true
  }

  resume(flow: number): void {
    this.#flow(flow).isPaused = false
    // Not from inside whatever resumed it.
    this.#owner.setTimer(0, () => this.#read(flow))
  }

  #read(index: number): void {
    const kinds = new Map<string, number>()
    const flow = this.#flow(index)
    while (this.isUp) {
      const bytes = flow.next()
      if (bytes === undefined) break
      this.#decode(flow, index, bytes, kinds)
    }
    const text = [...kinds].map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`)).join(', ')
    if (text !== '') this.#owner.network.note(this.#owner.peer.name, `got ${text} from ${this.node}`)
  }

  #decode(flow: MemoryFlow, index: number, bytes: Uint8Array, kinds: Map<string, number>): void {
    try {
      const decoder = flow.decoder(() => this.#owner.createDecoder(this.#peer as Peer))
      const signal = decoder.decode(bytes)
      kinds.set(signal.kind, (kinds.get(signal.kind) ?? 0) + 1)
      this.#owner.network.arrived(this.node, this.#owner.peer.name, signal)
      this.#owner.received(this, signal, { flow: index, heapBytes: decoder.heapBytes, refusal: decoder.refusal })
    } catch (error) {
      this.#connection?.close(this, (error as Error).message)
      this.#close(error as Error)
    }
  }

  close(reason: string): void {
    if (this.#state === 'closed' || this.#state === 'closing') return
    this.#connection?.close(this, reason)
    this.#close(coded('E_CHANNEL_CLOSED', `this side closed the channel: ${reason}`))
  }

  ended(connection: Connection, cause: Error): void {
    if (connection === this.#connection) this.#close(cause)
  }

  /** The other side has dialed anew: what this one led to is gone. */
  replaced(): void {
    this.#connection?.abandon()
    this.#close(coded('E_CHANNEL_REPLACED', `${this.node} dialed anew`))
  }

  /** Says that there is no way to the other node. */
  refuse(cause: Error): void {
    this.#failSoon(cause)
  }

  // After the code that is running now: whoever is giving a signal does not expect the end of the channel.
  #failSoon(cause: Error): void {
    this.#state = 'closing'
    this.#connection?.close(this, cause.message)
    this.#owner.setTimer(0, () => this.#close(cause))
  }

  /** Ends it without telling anybody. */
  kill(): void {
    this.#dialTimer?.cancel()
    this.#state = 'closed'
    this.#kept = []
  }

  #close(cause: Error): void {
    if (this.#state === 'closed') return
    this.kill()
    this.#owner.closed(this, cause)
  }
}
