/** Learns of the ends of processes of this node, through a process of its own that monitors them. */
import type { AnyPid, Down, Node, Pid, Ref, Self } from '@barrel-actors/runtime'

interface Order {
  readonly kind: 'watch' | 'unwatch'
  readonly pid: AnyPid
}

export class ProcessWatch {
  readonly #node: Node
  readonly #ended: (pid: AnyPid) => void
  /** Who is watched, by the text of the pid. */
  readonly #watched = new Map<string, AnyPid>()
  #watcher: Pid<Order | Down> | undefined

  constructor(node: Node, ended: (pid: AnyPid) => void) {
    this.#node = node
    this.#ended = ended
  }

  /** Has `ended` called once when the process ends, soon where it has already. */
  watch(pid: AnyPid): void {
    this.#watched.set(pid.toString(), pid)
    const watcher = this.#watcher ?? this.#start()
    if (watcher !== undefined) this.#node.send(watcher, { kind: 'watch', pid })
  }

  unwatch(pid: AnyPid): void {
    if (this.#watched.delete(pid.toString()) && this.#watcher !== undefined) {
      this.#node.send(this.#watcher, { kind: 'unwatch', pid })
    }
  }

  // It stays for the life of the node. Somebody may kill it all the same: then another takes over.
  #start(): Pid<Order | Down> | undefined {
    if (this.#node.isStopping) return undefined
    const refs = new Map<string, Ref>()
    const streamOwners = async (self: Self<Order | Down>): Promise<void> => {
      self.signal.addEventListener('abort', () => this.#restart(self.pid))
      for await (const message of self) this.#take(self, refs, message)
    }
    this.#watcher = this.#node.spawn(streamOwners)
    return this.#watcher
  }

  #restart(ended: AnyPid): void {
    if (this.#watcher !== ended) return
    this.#watcher = undefined
    for (const pid of this.#watched.values()) this.watch(pid)
  }

  #take(self: Self<Order | Down>, refs: Map<string, Ref>, message: Order | Down): void {
    // Messages of others reach this process too.
    const pid = message.kind === 'down' ? message.from : message.pid
    const key = String(pid)
    const ref = refs.get(key)
    if (message.kind === 'watch' && ref === undefined) refs.set(key, self.monitor(message.pid))
    if (message.kind === 'watch') return
    refs.delete(key)
    if (message.kind === 'unwatch' && ref !== undefined) self.demonitor(ref, { flush: true })
    const watched = this.#watched.get(key)
    if (message.kind !== 'down' || watched === undefined) return
    this.#watched.delete(key)
    this.#ended(watched)
  }
}
