/** The process that other nodes speak to. It keeps nothing but what it watches: when it is killed, another goes on. */
import { GenServer, type NodeName, type Ref, Supervisor, type SupervisorSpec } from '@barrel-actors/runtime'
import { type Member, processName } from './member.ts'
import { keyOf, type Subscriber } from './subscribers.ts'

type Watched = { readonly node: NodeName } | { readonly pid: Subscriber }

export class MembershipServer extends GenServer {
  #member!: Member
  /** By the ref itself: one with the same number, in a message that looks like a `down`, is another. */
  readonly #watched = new Map<Ref, Watched>()
  readonly #nodes = new Map<NodeName, Ref>()
  readonly #subscribers = new Map<string, Ref>()

  override init(member: Member): void {
    // An exit signal from anywhere is one more message that is none.
    this.trapExit = true
    this.#member = member
    member.serve(this)
  }

  override handleInfo(message: unknown): void {
    const watched = this.origin === undefined ? this.#ended(message) : undefined
    if (watched === undefined) this.#member.receive(this.origin, message)
    else if ('pid' in watched) this.#member.subscribers.forget(watched.pid)
    else this.#member.lost(watched.node)
  }

  override handleCast(message: unknown): void {
    this.#member.receive(this.origin, new NoMessage(message))
  }

  override handleCall(message: unknown): string {
    this.#member.receive(this.origin, new NoMessage(message))
    return 'refused'
  }

  override formatStatus(): unknown {
    return { watched: this.#watched.size }
  }

  watchSubscriber(pid: Subscriber, isWatched: boolean): void {
    const key = keyOf(pid)
    const ref = this.#subscribers.get(key)
    if (isWatched && ref === undefined) this.#subscribers.set(key, this.#watch({ pid }, pid))
    if (!isWatched && ref !== undefined) {
      this.#subscribers.delete(key)
      this.#unwatch(ref)
    }
  }

  watchNodes(isWanted: (node: NodeName) => boolean, wanted: readonly Iterable<NodeName>[]): void {
    if (!this.alive) return
    for (const [node, ref] of this.#nodes) {
      if (isWanted(node)) continue
      this.#nodes.delete(node)
      this.#unwatch(ref)
    }
    for (const nodes of wanted) {
      for (const node of nodes) {
        if (!this.#nodes.has(node)) this.#nodes.set(node, this.#watch({ node }, { name: processName, node }))
      }
    }
  }

  #watch(watched: Watched, target: Parameters<MembershipServer['monitor']>[0]): Ref {
    const ref = this.monitor(target)
    this.#watched.set(ref, watched)
    return ref
  }

  #unwatch(ref: Ref): void {
    this.#watched.delete(ref)
    this.demonitor(ref, { flush: true })
  }

  /** What has ended, where the runtime says so. */
  #ended(message: unknown): Watched | undefined {
    const { kind, ref } = (message ?? {}) as { kind?: unknown; ref?: Ref }
    const watched = kind === 'down' && ref !== undefined ? this.#watched.get(ref) : undefined
    if (watched === undefined) return undefined
    this.#watched.delete(ref as Ref)
    if ('pid' in watched) this.#subscribers.delete(keyOf(watched.pid))
    else this.#nodes.delete(watched.node)
    return watched
  }
}

/** Wraps what was cast or called, which no node of ours does: it is no message of the overlay. */
class NoMessage {
  readonly given: unknown

  constructor(given: unknown) {
    this.given = given
  }
}

export class MembershipSupervisor extends Supervisor {
  override init(member: Member): SupervisorSpec {
    // Whoever ends it again and again, from wherever, shall not end it for good.
    return {
      intensity: Infinity,
      children: [{ id: processName, server: MembershipServer, args: [member], name: processName }],
    }
  }
}
