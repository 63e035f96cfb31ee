/**
 * The reserve: nodes that are known and are no neighbours. Whoever tells of nodes may fill a part of it only: its newer
 * ones take the places of its older ones.
 */
import type { NodeName, Random } from '@barrel-actors/runtime'
import type { Peer } from '../peer.ts'
import { sample } from '../random.ts'

interface Entry {
  peer: Peer
  /** Who told of it first. */
  source: NodeName
  mentionedMs: number
  /** Not to be asked for a link before that. */
  askAtMs: number
  refusals: number
}

const refusalMsMin = 5_000
const refusalMsMax = 300_000

export class PassiveView {
  readonly #entries = new Map<NodeName, Entry>()
  readonly #max: number
  readonly #perSourceMax: number
  readonly #isGone: (peer: Peer) => boolean

  /** Who is gone is no reserve; views that tell each other of it would never forget it. */
  constructor(max: number, isGone: (peer: Peer) => boolean) {
    this.#max = max
    this.#isGone = isGone
    this.#perSourceMax = Math.ceil(max / 3)
  }

  get size(): number {
    return this.#entries.size
  }

  get nodes(): NodeName[] {
    return [...this.#entries.keys()]
  }

  /** As many of them as there are, `count` at most, in random order. */
  sample(count: number, random: Random): Peer[] {
    return sample(this.#entries.values(), count, random).map(({ peer }) => peer)
  }

  /** How many of them the node has told of that told of the most. */
  get sourceMost(): number {
    const counts = new Map<NodeName, number>()
    let most = 0
    for (const { source } of this.#entries.values()) {
      const count = (counts.get(source) ?? 0) + 1
      counts.set(source, count)
      most = Math.max(most, count)
    }
    return most
  }

  get(node: NodeName): Peer | undefined {
    return this.#entries.get(node)?.peer
  }

  /** Takes it up, or renews it, unless a later life is known. `gone`: the nodes to give way first. */
  add(peer: Peer, source: NodeName, now: number, random: Random, gone: readonly Peer[] = []): void {
    if (this.#isGone(peer)) return
    const known = this.#entries.get(peer.node)
    if (known !== undefined) {
      // Its source stays: nobody gets more than its part by telling of later lives.
      if (peer.creation > known.peer.creation) this.#entries.set(peer.node, this.#entry(peer, known.source, now))
      else if (peer.creation === known.peer.creation) known.mentionedMs = now
      return
    }
    if (this.#max === 0) return
    const own = this.#countOf(source)
    if (own >= this.#perSourceMax) this.#removeOf(source, Math.floor(random.next() * own))
    else if (this.#entries.size >= this.#max) this.#makeRoom(random, gone)
    this.#entries.set(peer.node, this.#entry(peer, source, now))
  }

  remove(node: NodeName): boolean {
    return this.#entries.delete(node)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** It refused a link: the more often, the longer it is left alone. */
  refused(node: NodeName, now: number): void {
    const entry = this.#entries.get(node)
    if (entry === undefined) return
    entry.askAtMs = now + Math.min(refusalMsMax, refusalMsMin * 2 ** entry.refusals)
    entry.refusals = Math.min(entry.refusals + 1, 16)
  }

  /** Whether it refused a link, or gave one up, a short while ago. */
  isResting(node: NodeName, now: number): boolean {
    const entry = this.#entries.get(node)
    return entry !== undefined && entry.askAtMs > now
  }

  /** One that may be asked for a link, as `mayAsk` says of a node and of who has told of it. */
  candidate(
    now: number,
    random: Random,
    mayAsk: (node: NodeName, source: NodeName) => boolean,
  ): { readonly peer: Peer; readonly source: NodeName } | undefined {
    const isFit = ({ peer, source, askAtMs }: Entry) =>
      askAtMs <= now && !this.#isGone(peer) && mayAsk(peer.node, source)
    let fit = 0
    for (const entry of this.#entries.values()) if (isFit(entry)) fit++
    if (fit === 0) return undefined
    let left = Math.floor(random.next() * fit)
    for (const entry of this.#entries.values()) if (isFit(entry) && left-- === 0) return entry
    return undefined
  }

  /** Forgets who is gone, and whom nobody has mentioned since. */
  dropOlderThan(mentionedMs: number): void {
    for (const [node, entry] of this.#entries)
      if (entry.mentionedMs < mentionedMs || this.#isGone(entry.peer)) this.#entries.delete(node)
  }

  #entry(peer: Peer, source: NodeName, now: number): Entry {
    return { peer, source, mentionedMs: now, askAtMs: now, refusals: 0 }
  }

  #countOf(source: NodeName): number {
    let count = 0
    for (const entry of this.#entries.values()) if (entry.source === source) count++
    return count
  }

  #removeOf(source: NodeName, place: number): void {
    let left = place
    for (const [node, entry] of this.#entries) {
      if (entry.source !== source || left-- > 0) continue
      this.#entries.delete(node)
      return
    }
  }

  // Paper, 4.5: those that were sent to the peer of a shuffle first, then any.
  #makeRoom(random: Random, gone: readonly Peer[]): void {
    const first = gone.find(({ node }) => this.#entries.has(node))?.node
    const victim = first ?? this.#nodeAt(Math.floor(random.next() * this.#entries.size))
    if (victim !== undefined) this.#entries.delete(victim)
  }

  #nodeAt(place: number): NodeName | undefined {
    let left = place
    for (const node of this.#entries.keys()) if (left-- === 0) return node
    return undefined
  }
}
