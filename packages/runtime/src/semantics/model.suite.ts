/**
 * Erlang's rules for processes, as plain data. What the documents of OTP leave open stays open: signals that one step
 * brings to a mailbox form a group, and may be in it in any order.
 */

import type { Reason, Step } from './program.suite.ts'

export interface ModelProcess {
  readonly home: number
  alive: boolean
  reason: unknown
  trapExit: boolean
  name: string | undefined
  readonly links: Set<number>
  /** Messages that wait, as texts, with the step that brought them. */
  mailbox: { readonly step: number; readonly text: string }[]
  /** It waits in `receive`. */
  isWaiting: boolean
  /** Every monitor that it ever set. */
  readonly monitors: ModelMonitor[]
}

export interface ModelMonitor {
  readonly watcher: number
  readonly target: number
  /** What its `down` says. */
  readonly down: (reason: unknown) => string
  isActive: boolean
}

export const textOf = {
  note: (by: number, value: number): string => `note ${value} by ${by}`,
  exit: (from: number, reason: unknown): string => `exit of ${from}: ${JSON.stringify(reason)}`,
  down: (watcher: number, nth: number, what: string, reason: unknown): string =>
    `down ${watcher}.${nth} of ${what}: ${JSON.stringify(reason)}`,
}

export class Model {
  readonly processes: ModelProcess[] = []
  /** Who holds a name, by home and name. */
  readonly names = new Map<string, number>()
  #step = 0

  add(home: number): number {
    const fresh = { alive: true, reason: undefined, trapExit: false, name: undefined, isWaiting: false }
    this.processes.push({ home, ...fresh, links: new Set(), mailbox: [], monitors: [] })
    return this.processes.length - 1
  }

  at(index: number): ModelProcess {
    return this.processes[index] as ModelProcess
  }

  /** Takes a step; gives what the verb gives to who does it. A dead process does nothing. */
  take(step: Step): unknown {
    this.#step++
    const { length } = this.processes
    const by = step.by % length
    const to = 'to' in step ? step.to % length : by
    if (step.op === 'register') return this.#register(by, step.name)
    return this.at(by).alive ? this.#act(step, by, to) : undefined
  }

  #act(step: Step, by: number, to: number): unknown {
    const process = this.at(by)
    switch (step.op) {
      case 'send':
        return this.#deliver(to, textOf.note(by, step.value))
      case 'sendName':
        return this.#deliver(this.#holder(to, step.name), textOf.note(by, step.value))
      case 'link':
        return this.#link(by, to)
      case 'unlink':
        this.at(to).links.delete(by)
        process.links.delete(to)
        return undefined
      case 'monitor':
        return this.#monitor(by, to, `${to}`)
      case 'monitorName':
        return this.#monitor(by, this.#holder(to, step.name), `${step.name} at ${this.at(to).home}`)
      case 'demonitor':
        return this.#demonitor(process, step.nth, step.flush)
      case 'exit':
        return this.#signal(to, by, step.reason)
      case 'exitSelf':
        return this.#end(by, step.reason)
      case 'finish':
        return this.#end(by, 'normal')
      case 'trap':
        process.trapExit = step.on
        return undefined
      case 'receive':
        process.isWaiting = true
        return undefined
      case 'register':
        return undefined
      default:
        return this.#spawn(by, step.op)
    }
  }

  /** The texts that a waiting process may have taken, or undefined where it must still wait. */
  takeable(index: number): readonly string[] | undefined {
    const { isWaiting, mailbox } = this.at(index)
    const first = mailbox[0]
    if (!isWaiting || first === undefined) return undefined
    return mailbox.filter(({ step }) => step === first.step).map(({ text }) => text)
  }

  took(index: number, text: string): void {
    const process = this.at(index)
    process.isWaiting = false
    process.mailbox.splice(
      process.mailbox.findIndex(message => message.text === text),
      1,
    )
  }

  #holder(near: number, name: string): number | undefined {
    return this.names.get(`${this.at(near).home} ${name}`)
  }

  #register(by: number, name: string): string {
    const process = this.at(by)
    if (this.#holder(by, name) !== undefined) return 'E_NAME_TAKEN'
    if (!process.alive) return 'E_PROCESS_DEAD'
    if (process.name !== undefined) return 'E_PROCESS_NAMED'
    process.name = name
    this.names.set(`${process.home} ${name}`, by)
    return 'registered'
  }

  #deliver(to: number | undefined, text: string): void {
    if (to !== undefined && this.at(to).alive) this.at(to).mailbox.push({ step: this.#step, text })
  }

  // erl_links: one link per pair; to a process that is not there, an exit signal noproc comes back.
  #link(by: number, to: number): void {
    if (by === to) return
    if (!this.at(to).alive) return this.#exited(by, to, 'noproc')
    this.at(by).links.add(to)
    this.at(to).links.add(by)
  }

  #monitor(watcher: number, target: number | undefined, what: string): void {
    const { monitors } = this.at(watcher)
    const nth = monitors.length
    const down = (reason: unknown) => textOf.down(watcher, nth, what, reason)
    const isActive = target !== undefined && this.at(target).alive
    monitors.push({ watcher, target: target ?? -1, down, isActive })
    if (!isActive) this.#deliver(watcher, down('noproc'))
  }

  #demonitor(process: ModelProcess, nth: number, flush: boolean): boolean | undefined {
    const { monitors } = process
    const monitor = monitors[nth % monitors.length]
    if (monitor === undefined) return undefined
    const wasActive = monitor.isActive
    monitor.isActive = false
    const mark = monitor.down('').split(':')[0]
    if (flush) process.mailbox = process.mailbox.filter(({ text }) => text.split(':')[0] !== mark)
    return wasActive
  }

  #spawn(by: number, op: 'spawn' | 'spawnLink' | 'spawnMonitor'): void {
    const index = this.add(this.at(by).home)
    if (op === 'spawnLink') this.#link(by, index)
    if (op === 'spawnMonitor') this.#monitor(by, index, `${index}`)
  }

  // exit/2: kill cannot be trapped, and is seen as killed.
  #signal(to: number, from: number, reason: Reason): void {
    if (reason === 'kill') this.#end(to, 'killed')
    else this.#exited(to, from, reason)
  }

  // An exit signal: a message where exits are trapped; else normal of another is dropped, and all else ends it.
  #exited(to: number, from: number, reason: unknown): void {
    const process = this.at(to)
    if (process.trapExit) this.#deliver(to, textOf.exit(from, reason))
    else if (reason !== 'normal' || from === to) this.#end(to, reason)
  }

  #end(index: number, reason: unknown): void {
    const process = this.at(index)
    if (!process.alive) return
    Object.assign(process, { alive: false, reason, mailbox: [], isWaiting: false })
    if (process.name !== undefined) this.names.delete(`${process.home} ${process.name}`)
    for (const monitor of process.monitors) monitor.isActive = false
    const linked = [...process.links]
    process.links.clear()
    for (const other of linked) this.at(other).links.delete(index)
    for (const monitor of this.watching(index)) {
      monitor.isActive = false
      this.#deliver(monitor.watcher, monitor.down(reason))
    }
    for (const other of linked) this.#exited(other, index, reason)
  }

  /** The monitors that wait for the end of a process. */
  watching(index: number): ModelMonitor[] {
    return this.processes.flatMap(({ monitors }) => monitors).filter(each => each.isActive && each.target === index)
  }
}
