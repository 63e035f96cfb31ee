/** A network of detectors with nothing else in it: links, broadcasts that reach whom links reach, blocked loops. */
import type { NodeName, Random } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import type { Verdict } from './messages.ts'
import { createDetector, type Detector, type DetectorEvent, type Effect, step } from './state.ts'

export interface Told {
  readonly atMs: number
  readonly at: NodeName
  readonly effect: Effect
}

interface Host {
  state: Detector
  readonly links: Set<NodeName>
  blockedUntilMs: number
  waiting: DetectorEvent[]
  tickAtMs: number
}

interface News {
  readonly origin: NodeName
  readonly creation: number
  readonly verdict: Verdict
  readonly seen: Set<NodeName>
}

export class DetectorNetwork {
  now = 0
  probes = 0
  loss = 0
  readonly told: Told[] = []
  readonly hosts = new Map<NodeName, Host>()
  readonly #random: Random
  readonly #due: { atMs: number; act: () => void }[] = []
  readonly #recent: News[] = []

  constructor(random: Random) {
    this.#random = random
  }

  start(node: NodeName, creation: number): void {
    const state = createDetector({ self: { node, creation, endpoints: [] } }, this.now, this.#random)
    this.hosts.set(node, { state, links: new Set(), blockedUntilMs: 0, waiting: [], tickAtMs: 0 })
    this.give(node, { kind: 'tick' })
  }

  link(a: NodeName, b: NodeName): void {
    const [one, other] = [this.hosts.get(a), this.hosts.get(b)]
    if (a === b || one === undefined || other === undefined || one.links.has(b)) return
    one.links.add(b)
    other.links.add(a)
    this.give(a, { kind: 'peerUp', peer: other.state.self })
    this.give(b, { kind: 'peerUp', peer: one.state.self })
    // As Plumtree announces what its cache holds.
    for (const news of [...this.#recent]) for (const at of [a, b]) if (news.seen.has(at)) this.#spread(at, news)
  }

  unlink(a: NodeName, b: NodeName): void {
    for (const [at, node] of [
      [a, b],
      [b, a],
    ] as const)
      if (this.hosts.get(at)?.links.delete(node)) this.give(at, { kind: 'peerDown', node, reason: 'lost' })
  }

  kill(node: NodeName, noticedAfterMs: number): void {
    const links = [...(this.hosts.get(node) as Host).links]
    this.hosts.delete(node)
    for (const peer of links) this.at(this.now + noticedAfterMs, () => this.unlink(peer, node))
  }

  block(node: NodeName, forMs: number): void {
    const host = this.hosts.get(node) as Host
    host.blockedUntilMs = this.now + forMs
    this.at(host.blockedUntilMs, () => {
      for (const event of host.waiting.splice(0)) this.give(node, event)
    })
  }

  give(node: NodeName, event: DetectorEvent): void {
    const host = this.hosts.get(node)
    if (host === undefined) return
    if (host.blockedUntilMs > this.now) {
      host.waiting.push(event)
      return
    }
    const effects = step(host.state, event, this.now, this.#random)
    checkBounds(host.state)
    for (const effect of effects) this.#perform(node, host, effect)
  }

  #perform(node: NodeName, host: Host, effect: Effect): void {
    if (effect.kind === 'schedule') {
      host.tickAtMs = effect.atMs
      this.at(effect.atMs, () => {
        if (this.hosts.get(node) === host && host.tickAtMs === effect.atMs) this.give(node, { kind: 'tick' })
      })
    } else if (effect.kind === 'broadcast') {
      const { creation } = host.state.self
      const news = { origin: node, creation, verdict: effect.verdict, seen: new Set([node]) }
      this.#recent.push(news)
      this.at(this.now + 60_000, () => this.#recent.splice(this.#recent.indexOf(news), 1))
      this.#spread(node, news)
    } else if (effect.kind === 'send') {
      const { to, message } = effect
      if (message.kind === 'ping' || message.kind === 'pingFor') this.probes++
      if (!host.state.watched.has(to)) throw new Error(`broken: ${effect.kind} without a link`)
      // Who was blocked may not have heard yet that the link is gone.
      if (!host.links.has(to) || this.#random.next() < this.loss) return
      const { creation } = host.state.self
      this.at(this.now + 1 + this.#random.next() * 50, () => {
        if (host.links.has(to)) this.give(to, { kind: 'received', from: node, creation, message })
      })
    } else this.told.push({ atMs: this.now, at: node, effect })
  }

  #spread(from: NodeName, news: News): void {
    for (const to of this.hosts.get(from)?.links ?? []) {
      if (news.seen.has(to)) continue
      this.at(this.now + 1 + this.#random.next() * 50, () => {
        if (news.seen.has(to) || !this.hosts.get(from)?.links.has(to)) return
        news.seen.add(to)
        this.give(to, { kind: 'verdict', from: news.origin, creation: news.creation, verdict: news.verdict })
        this.#spread(to, news)
      })
    }
  }

  at(atMs: number, act: () => void): void {
    let low = 0
    let high = this.#due.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#due[middle] as { atMs: number }).atMs <= atMs) low = middle + 1
      else high = middle
    }
    this.#due.splice(low, 0, { atMs, act })
  }

  run(forMs: number): void {
    const end = this.now + forMs
    for (let due = this.#due[0]; due !== undefined && due.atMs <= end; due = this.#due[0]) {
      this.#due.shift()
      this.now = due.atMs
      due.act()
    }
    this.now = end
  }
}

/** What holds after every event. */
function checkBounds(state: Detector): void {
  const problems = [
    state.table.size > state.options.membersMax && 'too many members',
    state.inquiries.size > limits.inquiriesMax && 'too many inquiries',
    state.relayed.size > limits.relayedMax && 'too many probes for others',
    state.health < 0 || state.health > state.options.healthMax ? 'the health is out of range' : false,
    [...state.suspicions.keys()].some(node => state.table.get(node)?.state !== 'suspected') && 'suspected of nothing',
  ].filter(problem => problem !== false)
  if (problems.length > 0) throw new Error(`broken: ${problems.join(', ')}`)
}
