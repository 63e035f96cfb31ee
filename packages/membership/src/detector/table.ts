/**
 * The table of members: what is known of each node, those gone included, with a hash over each of a fixed number of
 * buckets that changes with every change. When it is full, those gone longest give way; if there are none, a node that
 * is not in it stays unknown until there is room.
 */
import type { Endpoint, NodeName } from '@barrel-actors/runtime'
import { hashOf } from '../hash.ts'
import { limits } from '../limits.ts'
import type { MemberState } from './messages.ts'

export interface Member {
  readonly node: NodeName
  readonly creation: number
  readonly incarnation: number
  readonly state: MemberState
  /** Since when it is gone. */
  readonly goneAtMs: number
  /** It has said so itself: it is not looked for. */
  readonly hasLeft?: true
  readonly endpoints: readonly Endpoint[]
  /** Who brought it up, and has it on its count. */
  readonly introducer: NodeName
}

export class MemberTable {
  readonly #members = new Map<NodeName, Member>()
  /** Those gone, in the order in which they were. */
  readonly #gone = new Set<NodeName>()
  readonly #introduced = new Map<NodeName, number>()
  readonly #buckets: Map<NodeName, Member>[] = Array.from({ length: limits.memberBuckets }, () => new Map())
  readonly #hashes = new Array<number>(limits.memberBuckets).fill(0)

  get size(): number {
    return this.#members.size
  }

  get goneCount(): number {
    return this.#gone.size
  }

  get(node: NodeName): Member | undefined {
    return this.#members.get(node)
  }

  values(): IterableIterator<Member> {
    return this.#members.values()
  }

  introducedBy(node: NodeName): number {
    return this.#introduced.get(node) ?? 0
  }

  /** One hash for each bucket. */
  digest(): number[] {
    return [...this.#hashes]
  }

  bucket(index: number): IterableIterator<Member> {
    return (this.#buckets[index] as Map<NodeName, Member>).values()
  }

  /** Has the room been made, where it was needed, for a node that is not in the table yet? */
  makeRoom(max: number): boolean {
    for (const node of this.#gone) {
      if (this.#members.size < max) break
      this.remove(node)
    }
    return this.#members.size < max
  }

  set(member: Member): void {
    const { node, introducer } = member
    this.remove(node)
    const index = bucketOf(node)
    this.#members.set(node, member)
    this.#buckets[index]?.set(node, member)
    this.#introduced.set(introducer, this.introducedBy(introducer) + 1)
    if (member.state === 'gone') this.#gone.add(node)
    this.#toggle(index, member)
  }

  remove(node: NodeName): void {
    const member = this.#members.get(node)
    if (member === undefined) return
    const index = bucketOf(node)
    this.#members.delete(node)
    this.#buckets[index]?.delete(node)
    this.#gone.delete(node)
    const left = this.introducedBy(member.introducer) - 1
    if (left > 0) this.#introduced.set(member.introducer, left)
    else this.#introduced.delete(member.introducer)
    this.#toggle(index, member)
  }

  clear(): void {
    for (const node of [...this.#members.keys()]) this.remove(node)
  }

  /** Forgets those that are gone since then or longer. */
  forgetGoneBefore(timeMs: number): void {
    for (const node of this.#gone) {
      if ((this.#members.get(node) as Member).goneAtMs > timeMs) continue
      this.remove(node)
    }
  }

  #toggle(index: number, { node, creation, incarnation, state }: Member): void {
    const hash = hashOf(`${node} ${creation} ${incarnation} ${state}`)
    this.#hashes[index] = ((this.#hashes[index] as number) ^ hash) >>> 0
  }
}

function bucketOf(node: NodeName): number {
  return hashOf(node) % limits.memberBuckets
}
