/** Real processes that take the steps of a program, and what can be seen of them. */

import { hasCode } from '../errors.ts'
import type { Node } from '../node.ts'
import type { AnyPid, Pid } from '../pid.ts'
import { Actor, ExitedError } from '../process/actor.ts'
import type { Self } from '../process/function-process.ts'
import type { Process } from '../process/process.ts'
import type { Ref } from '../ref.ts'
import { textOf } from './model.suite.ts'
import type { Step } from './program.suite.ts'

/** Any message that a program brings about: only the fields of its kind are there. */
interface Message {
  readonly kind?: string
  readonly by: number
  readonly value: number
  readonly from: AnyPid
  readonly reason: unknown
  readonly ref: Ref
}

interface Player {
  readonly node: Node
  readonly home: number
  readonly pid: Pid
  self: Self | undefined
  finish: () => void
  readonly refs: Ref[]
  /** What `receive` gave, oldest first; cleared by who looks. */
  readonly taken: unknown[]
}

export class Stage {
  readonly #nodes: readonly Node[]
  readonly #judges: Self[] = []
  readonly players: Player[] = []
  /** The downs that a monitor of the stage's own brought, one for each process that has ended. */
  readonly ends: { readonly pid: string; readonly reason: unknown }[] = []

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes
    for (const node of nodes) node.spawn(this.#judge)
  }

  readonly #judge = async (self: Self): Promise<void> => {
    this.#judges.push(self)
    for await (const message of self) {
      const { from, reason } = message as { from: AnyPid; reason: unknown }
      this.ends.push({ pid: from.toString(), reason })
    }
  }

  /** Starts a process of its own on a node. */
  add(home: number): void {
    this.#enter(home, code => ({ pid: (this.#nodes[home] as Node).spawn(code), ref: undefined }))
  }

  /** Takes a step; gives what the verb gave. */
  take(step: Step): unknown {
    const { length } = this.players
    const by = this.players[step.by % length] as Player
    const to = this.players[('to' in step ? step.to : step.by) % length] as Player
    const self = by.self as Self
    if (step.op === 'register') return this.#register(by, step.name)
    if ('nth' in step) return this.#demonitor(by, step.nth, step.flush)
    if (step.op === 'receive') return this.#receive(by)
    if (step.op.startsWith('spawn')) return this.#spawn(by, step.op)
    this.#act(step, self, by, to)
    return undefined
  }

  #act(step: Step, self: Self, by: Player, to: Player): void {
    const index = this.players.indexOf(by)
    const named = (name: string) => ({ name, node: to.node.name })
    if (step.op === 'send') self.send(to.pid, { by: index, value: step.value })
    else if (step.op === 'sendName') self.send(named(step.name), { by: index, value: step.value })
    else if (step.op === 'link') self.link(to.pid)
    else if (step.op === 'unlink') self.unlink(to.pid)
    else if (step.op === 'monitor') this.#note(by, self.monitor(to.pid))
    else if (step.op === 'monitorName') this.#note(by, self.monitor(named(step.name)))
    else if (step.op === 'exit') self.exit(to.pid, step.reason)
    else if (step.op === 'trap') self.trapExit = step.on
    else if (step.op === 'finish') by.finish()
    else if (step.op === 'exitSelf') leave(() => self.exit(step.reason))
  }

  #note(by: Player, ref: Ref): void {
    if (by.self?.alive === true) by.refs.push(ref)
  }

  #register(by: Player, name: string): string {
    try {
      by.node.register(name, by.pid)
      return 'registered'
    } catch (error) {
      const codes = ['E_NAME_TAKEN', 'E_PROCESS_DEAD', 'E_PROCESS_NAMED']
      return codes.find(code => hasCode(error, code)) ?? String(error)
    }
  }

  #demonitor({ self, refs }: Player, nth: number, flush: boolean): boolean | undefined {
    const ref = refs[nth % refs.length]
    if (ref === undefined || self?.alive !== true) return undefined
    return self.demonitor(ref, { flush })
  }

  #receive({ self, taken }: Player): void {
    // One that waits already waits on: a second receive is refused.
    self?.receive().then(
      message => taken.push(message),
      () => {},
    )
  }

  #spawn(by: Player, op: string): undefined {
    const { self } = by
    if (self?.alive !== true) return
    const ref = this.#enter(by.home, code => {
      if (op === 'spawnMonitor') return self.spawnMonitor(code)
      return { pid: op === 'spawnLink' ? self.spawnLink(code) : self.spawn(code), ref: undefined }
    })
    if (ref !== undefined) by.refs.push(ref)
  }

  #enter(
    home: number,
    start: (code: (self: Self) => Promise<void>) => { pid: Pid; ref: Ref | undefined },
  ): Ref | undefined {
    let player: Player | undefined
    let finish = () => {}
    const finished = new Promise<void>(resolve => {
      finish = resolve
    })
    const { pid, ref } = start(self => {
      if (player !== undefined) player.self = self
      return finished
    })
    player = { node: this.#nodes[home] as Node, home, pid, self: undefined, finish, refs: [], taken: [] }
    this.players.push(player)
    this.#judges[home]?.monitor(pid)
    return ref
  }

  /** A message as the model writes it. */
  textOf(message: unknown): string {
    const { kind, by, value, from, reason, ref } = message as Message
    if (kind === 'exit') return textOf.exit(this.indexOf(from), reason)
    if (kind !== 'down') return textOf.note(by, value)
    const watcher = this.players.findIndex(({ refs }) => refs.some(each => each.equals(ref)))
    const nth = this.players[watcher]?.refs.findIndex(each => each.equals(ref)) ?? -1
    return textOf.down(watcher, nth, this.#whatOf(from), reason)
  }

  #whatOf(watched: AnyPid | { readonly name: string; readonly node: string }): string {
    if (!('name' in watched)) return `${this.indexOf(watched)}`
    return `${watched.name} at ${this.#nodes.findIndex(({ name }) => name === watched.node)}`
  }

  indexOf(pid: { toString(): string }): number {
    return this.players.findIndex(player => player.pid.toString() === pid.toString())
  }

  holderOf(home: number, name: string): number | undefined {
    const pid = this.#nodes[home]?.whereis(name)
    return pid === undefined ? undefined : this.indexOf(pid)
  }

  processOf(index: number): Process {
    return Actor.processOf(this.players[index]?.self as Self)
  }
}

function leave(run: () => never): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof ExitedError)) throw error
  }
}
