/** A small network of Plumtree states for tests: virtual time, delays, loss, links that come and go, crashes, restarts. */
import type { NodeName, Random } from '@barrel-actors/runtime'
import { expect } from 'vitest'
import { limits } from '../limits.ts'
import type { PlumtreeMessage } from './messages.ts'
import type { Neighbour } from './neighbour.ts'
import type { PlumtreeOptions } from './options.ts'
import type { Origin } from './origin.ts'
import { createPlumtree, type Effect, eagerPeers, lazyPeers, type Plumtree, type PlumtreeEvent, step } from './state.ts'

export interface Delivery {
  readonly origin: NodeName
  readonly creation: number
  /** What was sent, as one text: the tag. */
  readonly tag: string
}

export interface Member {
  readonly state: Plumtree
  readonly deliveries: Delivery[]
  readonly missed: Extract<Effect, { kind: 'missed' }>[]
  readonly linked: Set<NodeName>
}

export interface NetworkSetup {
  readonly random: Random
  readonly options?: PlumtreeOptions
  readonly delayMs: (from: NodeName, to: NodeName) => number
  /** Are messages of a link kept in order? */
  readonly isOrdered: boolean
}

interface Due {
  readonly atMs: number
  readonly act: () => void
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export class TestNetwork {
  now = 0
  readonly members = new Map<NodeName, Member>()
  /** Is a message lost? Asked for each message and receiver. */
  isLost: (message: PlumtreeMessage, isAnswer: boolean, from: NodeName, to: NodeName) => boolean = () => false
  readonly sent: { from: NodeName; to: NodeName; message: PlumtreeMessage }[] = []
  readonly broadcasts: Delivery[] = []
  readonly #setup: NetworkSetup
  readonly #queue: Due[] = []
  readonly #lastArrival = new Map<string, number>()
  #isAnswering = false
  readonly #creations = new Map<NodeName, number>()

  constructor(setup: NetworkSetup) {
    this.#setup = setup
  }

  /** Starts a node, or starts it again with the next creation. */
  start(node: NodeName): void {
    const creation = (this.#creations.get(node) ?? 0) + 1
    this.#creations.set(node, creation)
    const options = this.#setup.options ?? {}
    const state = createPlumtree({ self: { node, creation }, options })
    this.members.set(node, { state, deliveries: [], missed: [], linked: new Set() })
  }

  crash(node: NodeName): void {
    const peers = [...this.member(node).linked]
    this.members.delete(node)
    for (const peer of peers) {
      this.member(peer).linked.delete(node)
      this.step(peer, { kind: 'peerDown', node })
    }
  }

  link(a: NodeName, b: NodeName): void {
    if (a === b || this.member(a).linked.has(b)) return
    this.member(a).linked.add(b)
    this.member(b).linked.add(a)
    this.step(a, { kind: 'peerUp', node: b })
    this.step(b, { kind: 'peerUp', node: a })
  }

  unlink(a: NodeName, b: NodeName): void {
    if (!this.member(a).linked.has(b)) return
    this.member(a).linked.delete(b)
    this.member(b).linked.delete(a)
    this.step(a, { kind: 'peerDown', node: b })
    this.step(b, { kind: 'peerDown', node: a })
  }

  broadcast(node: NodeName, tag: string): void {
    this.broadcasts.push({ origin: node, creation: this.member(node).state.self.creation, tag })
    this.step(node, { kind: 'broadcast', tag, payload: bytesOf(tag) })
  }

  member(node: NodeName): Member {
    return this.members.get(node) as Member
  }

  /** Lets time pass. */
  run(forMs: number): void {
    const end = this.now + forMs
    while (this.#queue.length > 0 && (this.#queue[0] as Due).atMs <= end) {
      const due = this.#queue.shift() as Due
      this.now = due.atMs
      due.act()
    }
    this.now = end
  }

  step(node: NodeName, event: PlumtreeEvent): void {
    const member = this.member(node)
    const effects = step(member.state, event, this.now, this.#setup.random)
    checkInvariants(member.state)
    const known = [...eagerPeers(member.state), ...lazyPeers(member.state)]
    hold(known.length === member.linked.size && known.every(peer => member.linked.has(peer)), 'eager and lazy')
    this.#isAnswering = event.kind === 'received' && (event.message as PlumtreeMessage).kind === 'graft'
    for (const effect of effects) this.#perform(node, member, effect)
  }

  #perform(node: NodeName, member: Member, effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        for (const to of effect.to) this.#send(node, to, effect.message)
        return
      case 'deliver':
        expect(effect.payload).toEqual(bytesOf(effect.tag))
        member.deliveries.push({ origin: effect.origin, creation: effect.creation, tag: effect.tag })
        return
      case 'missed':
        member.missed.push(effect)
        return
      case 'schedule':
        this.#at(effect.atMs, () => {
          if (this.members.get(node) === member) this.step(node, { kind: 'tick' })
        })
        return
      default:
        effect satisfies never
    }
  }

  #send(from: NodeName, to: NodeName, message: PlumtreeMessage): void {
    this.sent.push({ from, to, message })
    if (this.isLost(message, this.#isAnswering, from, to)) return
    const way = `${from} ${to}`
    let atMs = this.now + this.#setup.delayMs(from, to)
    if (this.#setup.isOrdered) atMs = Math.max(atMs, this.#lastArrival.get(way) ?? 0)
    this.#lastArrival.set(way, atMs)
    this.#at(atMs, () => {
      if (this.members.has(to)) this.step(to, { kind: 'received', from, message })
    })
  }

  /** What is due at the same time happens in the order in which it was asked for. */
  #at(atMs: number, act: () => void): void {
    let low = 0
    let high = this.#queue.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#queue[middle] as Due).atMs <= atMs) low = middle + 1
      else high = middle
    }
    this.#queue.splice(low, 0, { atMs, act })
  }
}

/** What holds after every event, whatever peers say. Without a matcher for each: it is looked at very often. */
export function checkInvariants(state: Plumtree): void {
  const { cache, options } = state
  const missing = new Map<Neighbour, number>()
  const introduced = new Map<NodeName, number>()
  let cachedCount = 0
  for (const origin of state.origins.values()) {
    for (const life of origin.rival === undefined ? [origin] : [origin, origin.rival]) {
      cachedCount += life.cached?.length ?? 0
      checkWindow(state, life)
      for (const { peer } of life.pull?.announcements ?? []) missing.set(peer, (missing.get(peer) ?? 0) + 1)
    }
    hold(!origin.isRival && origin.rival?.isRival !== false, 'a life in the place of another')
    hold((origin.rival?.delivered ?? 0) <= 0 && origin.rival?.rival === undefined, 'a rival that began')
    if (origin.introducer === undefined) hold(origin.node === state.self.node, 'an origin counts for nobody')
    else introduced.set(origin.introducer, (introduced.get(origin.introducer) ?? 0) + 1)
  }
  hold(cache.count === cachedCount, 'the cache counts what it has not')
  hold(cache.count <= options.cacheCountMax && cache.bytes <= options.cacheBytesMax, 'the cache is too full')
  hold(cache.count > 0 || cache.bytes === 0, 'the empty cache has bytes')
  hold(state.origins.size <= Math.max(options.originsMax, 1), 'too many origins')
  hold(state.introduced.size === introduced.size, 'an introducer of nothing is kept')
  for (const [peer, count] of introduced) {
    hold(state.introduced.get(peer) === count && count <= options.originsPerPeerMax, 'origins of a peer')
  }
  for (const peer of missing.keys()) hold(state.neighbours.get(peer.node) === peer, 'announced by no neighbour')
  for (const neighbour of state.neighbours.values()) checkNeighbour(neighbour, missing.get(neighbour) ?? 0)
  hold(state.tickAtMs <= Math.min(state.lazyAtMs, state.pullAtMs, state.sweepAtMs), 'something is due without a tick')
}

function checkWindow(state: Plumtree, origin: Origin): void {
  let held = 0
  let last = 0
  for (const { sequence } of origin.cached ?? []) {
    hold(sequence > last, 'cached out of order')
    last = sequence
    if (last <= origin.delivered) continue
    held++
    hold(last > origin.delivered + 1, 'held and not delivered')
  }
  hold(held <= state.options.heldPerOriginMax, 'too much is held')
  hold(held === 0 || (origin.pull?.upTo ?? 0) >= last, 'held and not missed')
  hold((origin.pull !== undefined) === state.waiting.has(origin), 'missing and not waiting')
  const isOwn = origin.node === state.self.node
  hold(isOwn || origin.delivered > 0 || origin.pull !== undefined, 'an origin of which nothing came and nothing will')
}

function checkNeighbour(neighbour: Neighbour, missing: number): void {
  hold(neighbour.missing === missing && missing <= limits.missingPerPeerMax, 'missing of a peer')
  hold((neighbour.pending?.length ?? 0) < limits.rangesPerMessageMax, 'a full announcement waits')
  for (const entry of neighbour.answered?.keys() ?? []) {
    hold(entry.origin.cached?.includes(entry) === true, 'answered and not cached')
  }
}

function hold(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(`broken: ${otherwise}`)
}
