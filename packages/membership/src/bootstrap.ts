/**
 * The way into the overlay: contacts are asked until there is a neighbour, and again when there is none any more; and now
 * and then one that discovery lists, in case that this is an island.
 */
import type { Clock, NodeName, Random, Timer } from '@barrel-actors/runtime'
import type { DiscoveryChain } from './discovery/chain.ts'
import { limits } from './limits.ts'
import { pick, sample } from './random.ts'

export interface BootstrapSeams {
  readonly clock: Pick<Clock, 'setTimer'>
  readonly random: Random
  /** Whether this node is in the overlay, or has left it and is to stay out. */
  readonly isDone: () => boolean
  readonly join: (node: NodeName) => void
  /** Another node, which may know nobody that this one knows. */
  readonly introduce: (node: NodeName) => void
  /** Contacts have been asked, and none has let this node in. */
  readonly inVain: () => void
}

export class Bootstrap {
  readonly #self: NodeName
  readonly #contacts: readonly NodeName[]
  /** Asked for contacts where none are given. */
  readonly #chain: DiscoveryChain | undefined
  readonly #retryMs: number
  readonly #seams: BootstrapSeams
  #timer: Timer | undefined
  #isRunning = false

  constructor(
    self: NodeName,
    contacts: readonly NodeName[],
    chain: DiscoveryChain | undefined,
    retryMs: number,
    seams: BootstrapSeams,
  ) {
    this.#self = self
    this.#contacts = contacts
    this.#chain = chain
    this.#retryMs = retryMs
    this.#seams = seams
  }

  /** From here on contacts may be asked: whoever they tell of this node finds it ready. */
  start(): void {
    this.#isRunning = true
    this.begin()
  }

  /** Asks now, unless there is nobody to ask, no need, or a retry that is due anyway. */
  begin(): void {
    if (!this.#mayAsk || this.#timer !== undefined) return
    this.#arm()
    if (this.#contacts.length > 0) this.#join(this.#contacts)
    else void this.#joinListed()
  }

  /** Looks again a while later, where it does not do so already. */
  watch(): void {
    if (this.#mayAsk && this.#timer === undefined) this.#arm()
  }

  /** Introduces one that discovery lists, unless all of those are asked anyway. */
  async lookAround(): Promise<void> {
    if (this.#mayAsk && this.#contacts.length === 0) return
    const node = pick(await this.#listed(), this.#seams.random)
    if (this.#isRunning && node !== undefined) this.#seams.introduce(node)
  }

  stop(): void {
    this.#isRunning = false
    this.#timer?.cancel()
  }

  get #mayAsk(): boolean {
    return this.#isRunning && !this.#seams.isDone() && (this.#contacts.length > 0 || this.#chain !== undefined)
  }

  #arm(): void {
    this.#timer = this.#seams.clock.setTimer(this.#retryMs, () => {
      this.#timer = undefined
      if (this.#mayAsk && this.#contacts.length > 0) this.#seams.inVain()
      this.begin()
    })
  }

  async #joinListed(): Promise<void> {
    const listed = await this.#listed()
    if (this.#mayAsk) this.#join(listed)
  }

  async #listed(): Promise<NodeName[]> {
    const listed = (await this.#chain?.list()) ?? []
    return listed.map(({ node }) => node).filter(node => node !== this.#self)
  }

  // In any order: not everybody begins with the same one.
  #join(nodes: readonly NodeName[]): void {
    for (const node of sample(nodes, limits.pendingMax, this.#seams.random)) this.#seams.join(node)
  }
}
