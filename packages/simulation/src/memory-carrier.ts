/** Carries signals between nodes of one OS process: each is encoded and decoded as on a real wire. */

import {
  type Carrier,
  type CarrierEvents,
  type Extension,
  type ExtensionKey,
  extensionKey,
  type Flow,
  type Host,
  type NodeLife,
  type NodeName,
  type PeerRole,
  type Signal,
  type SignalDecoder,
  type SignalEncoder,
  type Timer,
} from '@barrel-actors/runtime'
import { type Connection, coded, type Peer } from './connection.ts'
import { type ChannelOwner, MemoryChannel } from './memory-channel.ts'
import type { MemoryNetwork, Port } from './network.ts'

export interface MemoryCarrierOptions {
  /** A tool, which is in nobody's list of nodes. Default false. */
  readonly hidden?: boolean
}

export const memoryCarrierKey: ExtensionKey<Carrier> = extensionKey('memory carrier')

/** Joins the node to a network in memory. */
export function memoryCarrier(network: MemoryNetwork, options: MemoryCarrierOptions = {}): Extension<Carrier> {
  return {
    key: memoryCarrierKey,
    install: async host => {
      const carrier = new MemoryCarrier(host, network, options.hidden === true ? 'tool' : 'node')
      return { api: carrier, stop: async () => carrier.stop() }
    },
  }
}

class MemoryCarrier implements Carrier, ChannelOwner, Port {
  readonly peer: Peer
  readonly network: MemoryNetwork
  readonly #host: Host
  readonly #events: CarrierEvents
  readonly #channels = new Map<NodeName, MemoryChannel>()
  #state: 'running' | 'stopped' | 'killed' = 'running'

  constructor(host: Host, network: MemoryNetwork, role: PeerRole) {
    this.#host = host
    this.network = network
    this.peer = { name: host.node.name, creation: host.node.creation, role }
    this.#events = host.setCarrier(this)
    network.join(this)
  }

  get name(): NodeName {
    return this.peer.name
  }

  open(node: NodeName): MemoryChannel {
    const open = this.#channels.get(node)
    if (open !== undefined) return open
    const channel = new MemoryChannel(this, node)
    if (this.#state === 'killed') channel.kill()
    else this.#channels.set(node, channel)
    if (this.#state === 'stopped') channel.refuse(coded('E_NODE_STOPPED', `the node ${this.name} has stopped`))
    if (this.#state === 'running') {
      this.network.note(this.name, `dials ${node}`)
      channel.dial()
    }
    return channel
  }

  dialed(connection: Connection): void {
    const { name } = connection.dialer
    const own = this.#channels.get(name)
    if (own !== undefined && !own.isDialing) {
      // Who dials has no channel to us: ours leads to an earlier life, or is lost and we have not noticed.
      own.replaced()
      return this.dialed(connection)
    }
    // Both dial: the dial of the greater name wins, unless it is lost.
    if (own !== undefined && this.name > name && !own.isDialLost) return
    const channel = own ?? new MemoryChannel(this, name)
    this.#channels.set(name, channel)
    channel.accept(connection)
  }

  /** Says goodbye on every channel and leaves the network. */
  stop(): void {
    if (this.#state !== 'running') return
    this.#state = 'stopped'
    this.network.leave(this)
    for (const channel of [...this.#channels.values()]) channel.close('the node has stopped')
  }

  kill(): void {
    this.#state = 'killed'
    for (const channel of this.#channels.values()) channel.kill()
    this.#channels.clear()
  }

  setTimer(delayMs: number, expire: () => void): Timer {
    return this.#host.clock.setTimer(delayMs, expire)
  }

  createEncoder(): SignalEncoder {
    return this.#host.createEncoder()
  }

  createDecoder(peer: NodeLife): SignalDecoder {
    return this.#host.createDecoder(peer)
  }

  up(channel: MemoryChannel): void {
    this.network.note(this.name, `up ${channel.node}`)
    this.#events.up(channel)
  }

  received(channel: MemoryChannel, signal: Signal, flow: Flow): void {
    this.#events.received(channel, signal, flow)
  }

  drained(channel: MemoryChannel): void {
    this.#events.drained(channel)
  }

  closed(channel: MemoryChannel, cause: Error): void {
    // First, so that whoever dials again in `closed` gets a new one.
    if (this.#channels.get(channel.node) === channel) this.#channels.delete(channel.node)
    this.network.note(this.name, `closed ${channel.node}: ${cause.message}`)
    this.#events.closed(channel, cause)
  }
}
