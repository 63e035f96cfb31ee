/**
 * Where nodes can be reached, as their contacts' addresses and what peers say tell: also of those that the views do not
 * hold, such as the origin of a walk under way.
 */
import type { Address, Endpoint, NodeName } from '@barrel-actors/runtime'
import { setNewest } from './bounded-map.ts'
import { dialable } from './discovery/endpoint-check.ts'
import type { HyparviewMessage } from './hyparview/messages.ts'
import { limits } from './limits.ts'
import type { Overlay } from './overlay/overlay.ts'
import type { Peer } from './peer.ts'

interface Heard {
  /** As the node itself said, having proved who it is. */
  readonly own: Peer | undefined
  /** As others say, where they speak of a later life than that. */
  readonly told: Peer | undefined
}

// What others say of a later life is tried first, since that has its port perhaps elsewhere; a lie leaves room for the rest.
const toldFirstMax = 2

export class Descriptors {
  readonly #heard = new Map<NodeName, Heard>()
  readonly #contacts = new Map<NodeName, Endpoint>()
  readonly #onLoopback: boolean
  /** Endpoints that may not be dialed. */
  refused = 0

  constructor(onLoopback: boolean) {
    this.#onLoopback = onLoopback
  }

  get size(): number {
    return this.#heard.size
  }

  /** The user says where that node is to be found. */
  addContact({ node, endpoint }: Address): void {
    if (endpoint !== undefined) this.#contacts.set(node, endpoint)
  }

  /** Notes every descriptor of a message. */
  note(from: NodeName, creation: number, message: HyparviewMessage): void {
    if ('peer' in message) this.#add(message.peer, from, creation)
    if ('origin' in message) this.#add(message.origin, from, creation)
    if ('evicted' in message && message.evicted !== undefined) this.#add(message.evicted, from, creation)
    if ('instead' in message && message.instead !== undefined) this.#add(message.instead, from, creation)
    if ('peers' in message) for (const peer of message.peers) this.#add(peer, from, creation)
  }

  /**
   * Where to dial a node, in that order: what others say of a later life, what it has said itself, where the user says
   * that it is. Where it has said nothing itself, the user knows better than others.
   */
  resolve({ views, detector }: Pick<Overlay, 'views' | 'detector'>, node: NodeName): readonly Endpoint[] | undefined {
    const heard = this.#heard.get(node)
    const own = views.active.get(node) ?? heard?.own
    const told = latest(
      [detector?.table.get(node), heard?.told, views.passive.get(node), views.failed.get(node)],
      own?.creation,
    )
    const contact = this.#contacts.get(node)
    const said = this.#fit(own === undefined ? told : [...told.slice(0, toldFirstMax), ...own.endpoints])
    if (contact === undefined) return said.length > 0 ? said : undefined
    const others = said.filter(({ host, port }) => host !== contact.host || port !== contact.port)
    return own === undefined ? [contact, ...others] : [...others, contact]
  }

  #fit(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    return dialable(endpoints, this.#onLoopback, () => this.refused++)
  }

  #add(peer: Peer, from: NodeName, creation: number): void {
    const known = this.#heard.get(peer.node)
    const isOwn = peer.node === from && peer.creation === creation
    // Words of others do not take the place of its own, nor those of an earlier life that of a later one.
    const newest = known?.told?.creation ?? known?.own?.creation ?? -1
    if (!isOwn && (peer.creation < newest || peer.creation === known?.own?.creation)) return
    const told = known?.told !== undefined && known.told.creation > peer.creation ? known.told : undefined
    const heard = isOwn ? { own: peer, told } : { own: known?.own, told: peer }
    setNewest(this.#heard, peer.node, heard, limits.descriptorsMax)
  }
}

/** The endpoints of the latest life among those, where it is later than that one. */
function latest(peers: readonly (Peer | undefined)[], than = -1): readonly Endpoint[] {
  let found: Peer | undefined
  for (const peer of peers) if (peer !== undefined && peer.creation > (found?.creation ?? than)) found = peer
  return found?.endpoints ?? []
}
