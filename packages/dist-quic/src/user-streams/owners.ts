/** Which process accepts which tags and owns which streams; all of it ends with the process. */
import type { AnyPid, Node } from '@barrel-actors/runtime'
import { ProcessWatch } from './process-watch.ts'
import type { LiveStream } from './user-stream.ts'

/** What one process holds: never nothing. */
interface Owner {
  readonly pid: AnyPid
  readonly tags: Set<string>
  readonly streams: Set<LiveStream>
}

export class Owners {
  /** By the text of the pid: pids that came from elsewhere are equal without being identical. */
  readonly #owners = new Map<string, Owner>()
  readonly #acceptors = new Map<string, AnyPid>()
  readonly #watch: ProcessWatch

  constructor(node: Node) {
    this.#watch = new ProcessWatch(node, pid => this.#ended(pid))
  }

  /** The process that accepts a tag; it may have ended just now. */
  acceptorOf(tag: string): AnyPid | undefined {
    return this.#acceptors.get(tag)
  }

  /** The tags that are accepted, in the order they were taken. */
  acceptors(): { tag: string; pid: AnyPid }[] {
    return [...this.#acceptors].map(([tag, pid]) => ({ tag, pid }))
  }

  /** How many processes hold something. */
  get size(): number {
    return this.#owners.size
  }

  /** Lets the process accept the tag, which nobody else does. */
  takeTag(tag: string, pid: AnyPid): void {
    this.freeTag(tag)
    this.#acceptors.set(tag, pid)
    this.#ownerOf(pid).tags.add(tag)
  }

  /** Whether somebody accepted the tag. */
  freeTag(tag: string): boolean {
    const pid = this.#acceptors.get(tag)
    if (pid === undefined) return false
    this.#acceptors.delete(tag)
    const owner = this.#ownerOf(pid)
    owner.tags.delete(tag)
    this.#dropIfEmpty(owner)
    return true
  }

  /** Gives the stream to its owner, as it says itself. */
  addStream(stream: LiveStream): void {
    this.#ownerOf(stream.owner).streams.add(stream)
  }

  removeStream(stream: LiveStream): void {
    const owner = this.#owners.get(stream.owner.toString())
    if (owner === undefined) return
    owner.streams.delete(stream)
    this.#dropIfEmpty(owner)
  }

  #ownerOf(pid: AnyPid): Owner {
    const key = pid.toString()
    let owner = this.#owners.get(key)
    if (owner === undefined) {
      owner = { pid, tags: new Set(), streams: new Set() }
      this.#owners.set(key, owner)
      this.#watch.watch(pid)
    }
    return owner
  }

  #dropIfEmpty(owner: Owner): void {
    if (owner.tags.size > 0 || owner.streams.size > 0) return
    if (this.#owners.delete(owner.pid.toString())) this.#watch.unwatch(owner.pid)
  }

  #ended(pid: AnyPid): void {
    const owner = this.#owners.get(pid.toString())
    if (owner === undefined) return
    this.#owners.delete(pid.toString())
    for (const tag of owner.tags) this.#acceptors.delete(tag)
    for (const stream of [...owner.streams]) stream.ownerEnded()
  }
}
