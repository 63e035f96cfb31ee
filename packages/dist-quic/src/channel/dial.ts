/** Dialing one node: its addresses one after the other, each for a while, until one answers. */
import { hostOf, type Endpoint as NodeEndpoint, type NodeName, type Timer } from '@barrel-actors/runtime'
import { problemOf, quicError } from '../errors.ts'
import { limits } from '../limits.ts'
import { quicDefaults } from '../options.ts'
import type { Address } from '../quic/address.ts'
import { lookUp } from '../quic/look-up.ts'
import type { CarrierContext } from './context.ts'
import { closeCode, type Session } from './session.ts'

/** How a dial reports, and how it gets its connections. */
export interface DialDriver {
  /** Starts a session to that address; it reports to the carrier. */
  connect(address: Address): Session
  /** Whether the node is reached through an adapter, for which there is no address to look up. */
  isThroughAdapter(): boolean
  /** No address is left. Called once. */
  failed(cause: Error): void
}

export class Dial {
  readonly node: NodeName
  readonly #context: CarrierContext
  readonly #driver: DialDriver
  #addresses: Address[] = []
  #session: Session | undefined
  #timer: Timer | undefined
  #isOver = false

  constructor(node: NodeName, context: CarrierContext, driver: DialDriver) {
    this.node = node
    this.#context = context
    this.#driver = driver
  }

  /** The session under way. */
  get session(): Session | undefined {
    return this.#session
  }

  /** Begins after that long: a node that could not be reached just now is left alone for a while. */
  start(delayMs: number): void {
    if (this.#isOver) return
    if (delayMs > 0) this.#timer = this.#context.clock.setTimer(delayMs, () => void this.#begin())
    else void this.#begin()
    this.#timer?.keepAlive(true)
  }

  async #begin(): Promise<void> {
    this.#giveLookUpsTime()
    try {
      this.#addresses = await this.#resolve()
    } catch (error) {
      return this.#fail(error as Error)
    }
    this.#timer?.cancel()
    if (!this.#isOver) this.#next()
  }

  // Neither the system's resolver nor that of somebody else says when it gives up.
  #giveLookUpsTime(): void {
    const { dialTimeoutMs } = this.#context.options
    this.#timer = this.#context.clock.setTimer(dialTimeoutMs, () => {
      this.#fail(this.#unresolved(hostOf(this.node), new Error(`no answer within ${dialTimeoutMs} ms`)))
    })
    this.#timer.keepAlive(true)
  }

  /** The peer has answered: from here on the handshake has its own deadline. */
  answered(): void {
    this.#timer?.cancel()
  }

  /** The session under way has ended: the next address is tried, where there is one. */
  ended(cause: Error): void {
    this.#timer?.cancel()
    this.#session = undefined
    if (this.#addresses.length === 0) this.#fail(cause)
    else if (!this.#isOver) this.#next()
  }

  /** The peer dials too, and its dial wins: waits for it as long as a handshake may take. */
  giveWay(cause: Error): void {
    this.#session = undefined
    this.#timer?.cancel()
    this.#timer = this.#context.clock.setTimer(this.#context.options.authHandshakeTimeoutMs, () => this.#fail(cause))
  }

  /** Another session won, or nobody wants the channel any more. */
  abandon(reason: string): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#session?.close(closeCode.normal, reason)
  }

  #next(): void {
    const address = this.#addresses.shift() as Address
    const { clock, options } = this.#context
    const session = this.#connect(address)
    if (session === undefined) return
    this.#session = session
    this.#timer = clock.setTimer(options.dialTimeoutMs, () => {
      const fields = { node: this.node, address: `${address.host}:${address.port}`, timeoutMs: options.dialTimeoutMs }
      session.close(closeCode.normal, 'no answer', quicError('E_NODE_UNREACHABLE', fields))
    })
    this.#timer.keepAlive(true)
  }

  /** The maker of an adapter is users' code. */
  #connect(address: Address): Session | undefined {
    try {
      return this.#driver.connect(address)
    } catch (error) {
      this.#fail(quicError('E_ADAPTER_FAILED', { node: this.node, problem: problemOf(error) }, error))
      return undefined
    }
  }

  #fail(cause: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#driver.failed(cause)
  }

  async #resolve(): Promise<Address[]> {
    if (this.#driver.isThroughAdapter()) return [nominalAddress]
    const known = await this.#context.host.resolveAddress(this.node)
    const endpoints: readonly NodeEndpoint[] = known.length > 0 ? known : [{ host: hostOf(this.node) }]
    const found = await Promise.allSettled(endpoints.map(endpoint => this.#lookUp(endpoint)))
    const addresses = found.flatMap(each => (each.status === 'fulfilled' ? each.value : []))
    // One host that is known nowhere does not keep the others from being tried.
    const [first] = found
    if (addresses.length === 0 && first?.status === 'rejected') throw first.reason
    return addresses.slice(0, limits.dialAddressesMax)
  }

  async #lookUp({ host, port = defaultPort }: NodeEndpoint): Promise<Address[]> {
    try {
      const hosts = await lookUp(host, this.#context.options.address)
      return hosts.map(host => ({ host, port }))
    } catch (error) {
      throw this.#unresolved(host, error)
    }
  }

  #unresolved(host: string, cause: unknown): Error {
    return quicError('E_ADDRESS_UNRESOLVED', { host, node: this.node, problem: problemOf(cause) }, cause)
  }
}

const defaultPort = quicDefaults.listenPort

/** RFC 5737: an address of nobody. QUIC wants one, and nothing is ever sent to it. */
const nominalAddress: Address = { host: '192.0.2.1', port: defaultPort }
