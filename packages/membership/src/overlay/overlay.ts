/**
 * The overlay of one node: HyParView, Plumtree and the failure detector side by side, fed with what comes from other
 * nodes and with time. It knows no process and no channel: the extension gives it those of its node, the simulator those
 * of ten thousand.
 */
import type { Clock, NodeName, Random } from '@barrel-actors/runtime'
import { Detection, isDetectorMessage } from '../detector/detection.ts'
import type { DetectorMessage } from '../detector/messages.ts'
import type { DetectorOptions } from '../detector/options.ts'
import type { Detector, GoneReason, MemberChange } from '../detector/state.ts'
import { checkMessage, type HyparviewMessage } from '../hyparview/messages.ts'
import type { HyparviewOptions } from '../hyparview/options.ts'
import {
  createHyparview,
  type DownReason,
  type Hyparview,
  type HyparviewEvent,
  step as stepViews,
} from '../hyparview/state.ts'
import type { Peer } from '../peer.ts'
import type { PlumtreeMessage } from '../plumtree/messages.ts'
import type { PlumtreeOptions } from '../plumtree/options.ts'
import { createPlumtree, type Plumtree, type PlumtreeEvent, step as stepTree } from '../plumtree/state.ts'
import { pick } from '../random.ts'
import { TickTimer } from '../tick-timer.ts'

export type OverlayMessage = HyparviewMessage | PlumtreeMessage | DetectorMessage

/** What a broadcast was, where it is delivered. */
export interface Delivery {
  readonly origin: NodeName
  readonly creation: number
  readonly tag: string
  readonly payload: Uint8Array
}

/** Messages of one life of an origin that came by nobody, both ends included. */
export interface Missed {
  readonly origin: NodeName
  readonly creation: number
  readonly from: number
  readonly to: number
}

export type OverlayEvent =
  | { readonly event: 'peerUp'; readonly node: NodeName }
  | { readonly event: 'peerDown'; readonly node: NodeName; readonly reason: DownReason }
  | { readonly event: 'joined' | 'left' }
  | { readonly event: 'healed'; readonly node: NodeName }
  | { readonly event: 'nodeAlive'; readonly node: NodeName; readonly creation: number; readonly isBack: boolean }
  | { readonly event: 'nodeSuspected'; readonly node: NodeName; readonly creation: number }
  | { readonly event: 'nodeGone'; readonly node: NodeName; readonly creation: number; readonly reason: GoneReason }

/** What an overlay needs from outside. None of it may throw, or call back at once. */
export interface OverlaySeams {
  readonly clock: Pick<Clock, 'now' | 'setTimer'>
  readonly random: Random
  /** To each of them; where there is no channel one is opened. */
  send(to: readonly NodeName[], message: OverlayMessage): void
  /** Over the channel that is there: where there is none, the message is dropped. */
  sendLinked(to: NodeName, message: OverlayMessage): void
  deliver(delivery: Delivery): void
  missed(missed: Missed): void
  tell(event: OverlayEvent): void
  /** A message of the views came, and has had no effect yet. */
  heard?(from: NodeName, creation: number, message: HyparviewMessage): void
  /** Now and then: a node that is known elsewhere may be given to `introduce`. */
  lookAround?(): void
}

export interface OverlayOptions {
  readonly hyparview?: Partial<HyparviewOptions>
  readonly plumtree?: PlumtreeOptions
  /** `false`: there is none, and nobody knows the members. For more nodes than one OS process can hold a table each of. */
  readonly detector?: Partial<DetectorOptions> | false
  /** Nodes to begin from, kept for ever. */
  readonly seeds?: readonly NodeName[]
}

/** That of verdicts. No other broadcast has an empty one. */
const verdictTag = ''

const plumtreeKinds: ReadonlySet<unknown> = new Set(['gossip', 'ihave', 'graft', 'prune'])

export class Overlay {
  readonly #seams: OverlaySeams
  readonly #views: Hyparview
  readonly #tree: Plumtree
  readonly #detection: Detection | undefined
  readonly #viewsTimer: TickTimer
  readonly #treeTimer: TickTimer
  /** What comes up while the tree is given something, as a verdict that is answered by one. */
  readonly #treeWaiting: PlumtreeEvent[] = []
  #isTreeBusy = false
  #malformed = 0
  #isStopped = false

  constructor(self: Peer, options: OverlayOptions, seams: OverlaySeams) {
    const { hyparview, plumtree, detector = {}, seeds = [] } = options
    this.#seams = seams
    this.#viewsTimer = new TickTimer(seams.clock, () => this.#giveViews({ kind: 'tick' }))
    this.#treeTimer = new TickTimer(seams.clock, () => this.#giveTree({ kind: 'tick' }))
    const isGone = (node: NodeName, creation: number) => this.#isGone(node, creation)
    this.#views = createHyparview(self, { ...hyparview, seeds, isGone }, seams.clock.now(), seams.random)
    this.#tree = createPlumtree({ self, ...(plumtree !== undefined && { options: plumtree }) })
    if (detector !== false) this.#detection = new Detection(self, detector, this.#detectionSeams())
    this.#giveViews({ kind: 'tick' })
  }

  get views(): Readonly<Hyparview> {
    return this.#views
  }

  get tree(): Readonly<Plumtree> {
    return this.#tree
  }

  get detector(): Readonly<Detector> | undefined {
    return this.#detection?.state
  }

  /** Messages that were none. */
  get malformed(): number {
    return this.#malformed
  }

  join(contact: NodeName): void {
    this.#giveViews({ kind: 'join', contact })
  }

  /** Asks that node for what it knows, where it is no neighbour. */
  introduce(node: NodeName): void {
    this.#giveViews({ kind: 'introduce', node })
  }

  /** Tells the neighbours, and stays out until the next `join`. */
  leave(): void {
    this.#detection?.leave()
    this.#giveViews({ kind: 'leave' })
  }

  /** To every node, this one included. The tag is not empty; the payload belongs to the overlay from here on. */
  broadcast(tag: string, payload: Uint8Array): void {
    this.#giveTree({ kind: 'broadcast', tag, payload })
  }

  /** Whatever came from a node that has proved to be `from`, in that life. Never throws. Whether the views took it. */
  receive(from: NodeName, creation: number, message: unknown): boolean {
    if (this.#isStopped) return false
    if (plumtreeKinds.has((message as { kind?: unknown } | null | undefined)?.kind)) {
      this.#giveTree({ kind: 'received', from, message })
      return false
    }
    if (isDetectorMessage(message)) {
      this.#detection?.receive(from, creation, message)
      return false
    }
    const checked = checkMessage(message)
    if (typeof checked === 'string') {
      this.#malformed++
      return false
    }
    this.#seams.heard?.(from, creation, checked)
    if (checked.kind === 'disconnect' && checked.leaves) this.#detection?.saidToLeave(from, creation)
    this.#giveViews({ kind: 'received', from, creation, message: checked })
    return true
  }

  /** The channel to that node was lost, or could not be opened. */
  lost(node: NodeName): void {
    if (!this.#views.active.has(node)) this.#detection?.unreachable(node)
    this.#giveViews({ kind: 'lost', node })
  }

  /** Says nothing any more, to nobody. */
  stop(): void {
    this.#isStopped = true
    this.#viewsTimer.cancel()
    this.#treeTimer.cancel()
    this.#detection?.stop()
  }

  #giveViews(event: HyparviewEvent): void {
    if (this.#isStopped) return
    const seams = this.#seams
    let looksAround = false
    for (const effect of stepViews(this.#views, event, seams.clock.now(), seams.random)) {
      switch (effect.kind) {
        case 'send':
          seams.send([effect.to], effect.message)
          break
        case 'peerUp':
          this.#giveTree({ kind: 'peerUp', node: effect.peer.node })
          this.#detection?.peerUp(effect.peer)
          seams.tell({ event: 'peerUp', node: effect.peer.node })
          break
        case 'peerDown':
          this.#giveTree({ kind: 'peerDown', node: effect.node })
          this.#detection?.peerDown(effect.node, effect.reason)
          seams.tell({ event: 'peerDown', node: effect.node, reason: effect.reason })
          break
        case 'joined':
        case 'left':
          seams.tell({ event: effect.kind })
          break
        case 'healed':
          seams.tell({ event: 'healed', node: effect.node })
          break
        case 'lookAround':
          looksAround = true
          break
        case 'schedule':
          this.#viewsTimer.setFor(effect.atMs)
          break
        default:
          effect satisfies never
      }
    }
    if (looksAround) this.#lookAround()
  }

  #isGone(node: NodeName, creation: number): boolean {
    const known = this.#detection?.state.table.get(node)
    return known?.state === 'gone' && known.creation >= creation
  }

  // Those that are gone too: after a split that is how some of the other side are known.
  #lookAround(): void {
    const { random, lookAround } = this.#seams
    if (lookAround !== undefined && random.next() < 0.5) return lookAround()
    const node = this.#remembered()
    if (node !== undefined) this.introduce(node)
  }

  // However many of the one kind there are, the other has its turn.
  #remembered(): NodeName | undefined {
    const { active, self } = this.#views
    const alive: NodeName[] = []
    const gone: NodeName[] = []
    for (const { node, state, hasLeft } of this.#detection?.state.table.values() ?? [])
      if (node !== self.node && !active.has(node) && hasLeft !== true) (state === 'gone' ? gone : alive).push(node)
    const [first, other] = this.#seams.random.next() < 0.5 ? [gone, alive] : [alive, gone]
    return pick(first.length > 0 ? first : other, this.#seams.random)
  }

  // One at a time: the last effect says when the next tick is due, and must hold.
  #giveTree(event: PlumtreeEvent): void {
    if (this.#isTreeBusy) {
      this.#treeWaiting.push(event)
      return
    }
    this.#isTreeBusy = true
    this.#stepTree(event)
    for (let next = this.#treeWaiting.shift(); next !== undefined; next = this.#treeWaiting.shift())
      this.#stepTree(next)
    this.#isTreeBusy = false
  }

  #stepTree(event: PlumtreeEvent): void {
    if (this.#isStopped) return
    const seams = this.#seams
    for (const effect of stepTree(this.#tree, event, seams.clock.now(), seams.random)) {
      switch (effect.kind) {
        case 'send':
          seams.send(effect.to, effect.message)
          break
        case 'deliver':
          this.#deliver(effect)
          break
        case 'missed':
          seams.missed(effect)
          break
        case 'schedule':
          this.#treeTimer.setFor(effect.atMs)
          break
        default:
          effect satisfies never
      }
    }
  }

  #deliver(delivery: Delivery): void {
    const { origin, creation, tag, payload } = delivery
    if (tag === verdictTag) this.#detection?.verdict(origin, creation, payload)
    else this.#seams.deliver(delivery)
  }

  #detectionSeams() {
    const { clock, random } = this.#seams
    return {
      clock,
      random,
      sendLinked: (to: NodeName, message: DetectorMessage) => this.#seams.sendLinked(to, message),
      broadcast: (verdict: Uint8Array) => this.broadcast(verdictTag, verdict),
      tell: ({ kind: event, ...change }: MemberChange) => this.#seams.tell({ event, ...change } as OverlayEvent),
    }
  }
}
