/** Which processes are told what. */
import { describeReason, type Node, Pid } from '@barrel-actors/runtime'
import { membershipError } from './errors.ts'
import { limits } from './limits.ts'

/** Any process, whatever it takes. */
export type Subscriber = Pid<never>

interface Entry {
  readonly pid: Subscriber
  toldOfPeers: boolean
  readonly tags: Set<string>
}

export class Subscribers {
  readonly #node: Node
  readonly #watch: (pid: Subscriber, isWatched: boolean) => void
  readonly #entries = new Map<string, Entry>()
  readonly #byTag = new Map<string, Set<Entry>>()
  #tagEntries = 0

  constructor(node: Node, watch: (pid: Subscriber, isWatched: boolean) => void) {
    this.#node = node
    this.#watch = watch
  }

  get size(): number {
    return this.#entries.size
  }

  get pids(): Subscriber[] {
    return Array.from(this.#entries.values(), ({ pid }) => pid)
  }

  /** @throws E_SUBSCRIBER_INVALID */
  add(pid: Subscriber, tag?: string): void {
    const entry = this.#entry(pid)
    if (tag === undefined) entry.toldOfPeers = true
    else if (!entry.tags.has(tag)) {
      if (this.#tagEntries >= limits.subscribersMax) {
        this.#dropEmpty(entry)
        throw invalid(pid, `there are ${limits.subscribersMax} subscriptions to tags already`)
      }
      this.#tagEntries++
      entry.tags.add(tag)
      const tagged = this.#byTag.get(tag) ?? new Set()
      this.#byTag.set(tag, tagged.add(entry))
    }
  }

  /** Whether it was subscribed. */
  remove(pid: Subscriber, tag?: string): boolean {
    const entry = pid instanceof Pid ? this.#entries.get(keyOf(pid)) : undefined
    if (entry === undefined) return false
    const wasThere = tag === undefined ? entry.toldOfPeers : this.#untag(entry, tag)
    if (tag === undefined) entry.toldOfPeers = false
    this.#dropEmpty(entry)
    return wasThere
  }

  /** It has ended. */
  forget(pid: Subscriber): void {
    const entry = this.#entries.get(keyOf(pid))
    if (entry === undefined) return
    for (const tag of [...entry.tags]) this.#untag(entry, tag)
    entry.toldOfPeers = false
    this.#entries.delete(keyOf(pid))
  }

  hasTag(tag: string): boolean {
    return this.#byTag.has(tag)
  }

  /** An object for each, so that none sees what another does to it. */
  tellOfPeers(message: () => object): void {
    for (const { pid, toldOfPeers } of this.#entries.values()) if (toldOfPeers) this.#send(pid, message())
  }

  tellTag(tag: string, message: () => object): void {
    for (const { pid } of this.#byTag.get(tag) ?? []) this.#send(pid, message())
  }

  tellTagged(message: () => object): void {
    for (const { pid, tags } of this.#entries.values()) if (tags.size > 0) this.#send(pid, message())
  }

  #send(pid: Subscriber, message: object): void {
    this.#node.send(pid, message as never)
  }

  #entry(pid: Subscriber): Entry {
    if (!(pid instanceof Pid) || pid.node !== this.#node.name) throw invalid(pid, 'it is no process of this node')
    const known = this.#entries.get(keyOf(pid))
    if (known !== undefined) return known
    if (this.#entries.size >= limits.subscribersMax) throw invalid(pid, `there are ${limits.subscribersMax} already`)
    if (this.#node.processInfo(pid) === undefined) throw invalid(pid, 'it has ended')
    const entry = { pid, toldOfPeers: false, tags: new Set<string>() }
    this.#entries.set(keyOf(pid), entry)
    this.#watch(pid, true)
    return entry
  }

  #untag(entry: Entry, tag: string): boolean {
    if (!entry.tags.delete(tag)) return false
    this.#tagEntries--
    const tagged = this.#byTag.get(tag)
    tagged?.delete(entry)
    if (tagged?.size === 0) this.#byTag.delete(tag)
    return true
  }

  #dropEmpty(entry: Entry): void {
    if (entry.toldOfPeers || entry.tags.size > 0) return
    this.#entries.delete(keyOf(entry.pid))
    this.#watch(entry.pid, false)
  }
}

export function keyOf({ serial, creation }: Subscriber): string {
  return `${serial} ${creation}`
}

function invalid(pid: unknown, problem: string): Error {
  return membershipError('E_SUBSCRIBER_INVALID', { subscriber: describeReason(pid), problem })
}
