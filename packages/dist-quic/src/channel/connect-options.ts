/** How single nodes are dialed: through something that moves datagrams, in place of the endpoint's own socket. */
import { checkNodeName, type NodeName } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { DatagramAdapter } from '../quic/adapter.ts'
import type { DialOptions } from '../quic/endpoint.ts'

export interface ConnectOptions {
  /** Makes what carries the datagrams of one dial. What it throws ends that dial. */
  readonly adapter: () => DatagramAdapter
}

export class ConnectOptionsTable {
  readonly #options = new Map<NodeName, ConnectOptions>()

  /** Throws E_QUIC_OPTION_INVALID, E_NODE_NAME_INVALID. */
  set(node: NodeName, options: ConnectOptions): void {
    if (typeof options?.adapter !== 'function') throw invalid('adapter', 'it is a function that makes an adapter')
    checkNodeName(node)
    if (!this.#options.has(node) && this.#options.size >= limits.connectOptionsMax) {
      throw invalid('connect options', `they are of at most ${limits.connectOptionsMax} nodes`)
    }
    this.#options.set(node, options)
  }

  get(node: NodeName): ConnectOptions | undefined {
    return this.#options.get(node)
  }

  clear(node: NodeName): void {
    this.#options.delete(node)
  }

  /** Whether it goes through an adapter, which needs no address that can be looked up. */
  has(node: NodeName): boolean {
    return this.#options.has(node)
  }

  /** For one dial. Throws what the adapter's maker throws. */
  dialOptionsFor(node: NodeName): DialOptions {
    const options = this.#options.get(node)
    return options === undefined ? {} : { adapter: options.adapter() }
  }
}

function invalid(option: string, rule: string): Error {
  return quicError('E_QUIC_OPTION_INVALID', { option, rule })
}
