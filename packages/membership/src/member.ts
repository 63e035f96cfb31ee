/** The overlay of one node, fed by its process: who is watched, who is told, and the way in. */
import type { Host, NodeName, Origin } from '@barrel-actors/runtime'
import { Bootstrap } from './bootstrap.ts'
import { Descriptors } from './descriptors.ts'
import type { Detector } from './detector/state.ts'
import type { DiscoveryChain } from './discovery/chain.ts'
import { SeldomLog } from './discovery/seldom-log.ts'
import type { HyparviewMessage } from './hyparview/messages.ts'
import { isLoopbackNode, type ResolvedOptions } from './options.ts'
import { type Delivery, type Missed, Overlay, type OverlayEvent, type OverlayMessage } from './overlay/overlay.ts'
import { encodePayload } from './payload-codec.ts'
import type { MembershipServer } from './server.ts'
import { Subscribers } from './subscribers.ts'

/** Under this name the process of every node is known to the others. */
export const processName = 'membership'

export interface MemberCounts {
  /** From processes of this node. */
  local: number
  /** From tools and probes. */
  role: number
  /** Payloads of broadcasts that were no terms. */
  undecodable: number
  /** Messages given to a channel that had too much waiting. */
  congested: number
}

export class Member {
  readonly overlay: Overlay
  readonly subscribers: Subscribers
  readonly descriptors: Descriptors
  readonly counts: MemberCounts = { local: 0, role: 0, undecodable: 0, congested: 0 }
  readonly #host: Host
  readonly #bootstrap: Bootstrap
  readonly #log: SeldomLog
  #server: MembershipServer | undefined

  constructor(host: Host, options: ResolvedOptions, chain: DiscoveryChain | undefined) {
    const { node, clock, random } = host
    this.#host = host
    this.#log = new SeldomLog(host)
    this.descriptors = new Descriptors(isLoopbackNode(node.name))
    this.subscribers = new Subscribers(node, (pid, isWatched) => this.#server?.watchSubscriber(pid, isWatched))
    for (const contact of options.contacts) this.descriptors.addContact(contact)
    const contacts = options.contacts.map(contact => contact.node)
    this.#bootstrap = new Bootstrap(
      node.name,
      contacts,
      options.discoverContacts ? chain : undefined,
      options.contactRetryMs,
      {
        clock,
        random,
        isDone: () => this.#isInOrOut,
        join: contact => this.join(contact),
        introduce: node => this.#introduce(node),
        inVain: () => this.#log.warn('no contact has let this node in', { contacts: contacts.join(' ') }),
      },
    )
    const self = { node: node.name, creation: node.creation, endpoints: options.endpoints }
    this.overlay = new Overlay(
      self,
      { ...options, seeds: contacts },
      this.#seams(options.discoverContacts && chain !== undefined),
    )
  }

  /** The process begins. In place of an earlier one: the others have seen that end, and hold no links any more. */
  serve(server: MembershipServer): void {
    this.#server = server
    for (const pid of this.subscribers.pids) server.watchSubscriber(pid, true)
    const { active, pending } = this.overlay.views
    for (const node of [...active.keys(), ...pending.keys()]) this.lost(node)
    this.#bootstrap.begin()
  }

  /** The way in is looked for from here on. */
  begin(): void {
    this.#bootstrap.start()
  }

  get detector(): Readonly<Detector> {
    return this.overlay.detector as Detector
  }

  receive(origin: Origin | undefined, message: unknown): void {
    if (origin === undefined) {
      this.counts.local++
      return
    }
    const { node, creation, role } = origin
    if (role !== 'node') {
      this.counts.role++
      return
    }
    if (this.overlay.receive(node, creation, message)) this.#stepped()
  }

  lost(node: NodeName): void {
    this.overlay.lost(node)
    this.#stepped()
  }

  join(node: NodeName): void {
    this.overlay.join(node)
    this.#stepped()
  }

  leave(): void {
    this.overlay.leave()
    this.#stepped()
  }

  /**
   * Whether there is room at every neighbour that it went to.
   * @throws E_MESSAGE_INVALID, E_BROADCAST_INVALID
   */
  broadcast(tag: string, payload: unknown): boolean {
    const { congested } = this.counts
    this.overlay.broadcast(tag, encodePayload(this.#host.terms, payload))
    return this.counts.congested === congested
  }

  /** Says goodbye, and nothing any more. */
  stop(): void {
    this.#bootstrap.stop()
    this.overlay.leave()
    this.#server = undefined
    this.overlay.stop()
  }

  #introduce(node: NodeName): void {
    this.overlay.introduce(node)
    this.#stepped()
  }

  get #isInOrOut(): boolean {
    const { isOut, active } = this.overlay.views
    return isOut || active.size > 0
  }

  #seams(listsNodes: boolean) {
    const { clock, random } = this.#host
    return {
      clock: {
        now: () => clock.now(),
        setTimer: (delayMs: number, run: () => void) =>
          clock.setTimer(delayMs, () => {
            run()
            this.#stepped()
          }),
      },
      random,
      send: (to: readonly NodeName[], message: OverlayMessage) => {
        for (const node of to) this.#send(node, message)
      },
      sendLinked: (to: NodeName, message: OverlayMessage) => {
        if (this.#host.isConnected(to)) this.#send(to, message)
      },
      deliver: (delivery: Delivery) => this.#deliver(delivery),
      missed: (missed: Missed) => this.#missed(missed),
      heard: (from: NodeName, creation: number, message: HyparviewMessage) =>
        this.descriptors.note(from, creation, message),
      ...(listsNodes && { lookAround: () => void this.#bootstrap.lookAround() }),
      tell: (event: OverlayEvent) => this.subscribers.tellOfPeers(() => ({ kind: 'membership', ...event })),
    }
  }

  // The process speaks; where there is none for a moment, or at the end, the node does.
  #send(node: NodeName, message: OverlayMessage): void {
    const speaker = this.#server?.alive ? this.#server : this.#host.node
    if (!speaker.send({ name: processName, node }, message)) this.counts.congested++
  }

  /** After each change of the views: who matters is watched, which keeps the channel to it, and nobody else. */
  #stepped(): void {
    const { active, pending } = this.overlay.views
    this.#server?.watchNodes(node => active.has(node) || pending.has(node), [active.keys(), pending.keys()])
    this.#bootstrap.watch()
  }

  #deliver({ origin: node, creation, tag, payload }: Delivery): void {
    if (!this.subscribers.hasTag(tag)) return
    try {
      this.subscribers.tellTag(tag, () => ({
        kind: 'broadcast',
        tag,
        payload: this.#host.terms.decode(payload),
        origin: { node, creation },
      }))
    } catch (error) {
      this.counts.undecodable++
      this.#log.warn('broadcast that cannot be read', { node, tag, problem: (error as Error).message })
    }
  }

  #missed({ origin: node, creation, from, to }: Missed): void {
    this.subscribers.tellTagged(() => ({ kind: 'broadcastMissed', origin: { node, creation }, from, to }))
  }
}
