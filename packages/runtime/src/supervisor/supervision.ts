/**
 * What a supervisor does: starts children in order, restarts those that end, stops them in reverse order. One thing
 * at a time: exits and requests that come while it starts or stops a child wait in the mailbox of its server, so that
 * what it decides on is always what it knows. After the end of the supervisor none of it goes on.
 */

import { runtimeError } from '../errors.ts'
import { describe, type ExitReason } from '../exit-reason.ts'
import { type Stop, stop } from '../gen-server/outcome.ts'
import type { AnyPid, Pid } from '../pid.ts'
import { type Process, processOf } from '../process/process.ts'
import { startChild, stopChild } from './child-process.ts'
import { type CheckedChildSpec, type CheckedSupervisorSpec, checkChildSpec } from './child-spec.ts'
import { Child, Children, Retry } from './children.ts'
import type { ChildInfo, ChildrenCount, SupervisorRequest } from './request.ts'
import { addRestart } from './restart-intensity.ts'
import { answerToEnd, restartedWith } from './strategy.ts'

export class Supervision {
  readonly #process: Process
  readonly #spec: CheckedSupervisorSpec
  readonly #children = new Children()
  /** When it restarted, so far as that still counts. */
  #restarts: readonly number[] = []

  constructor(process: Process, spec: CheckedSupervisorSpec) {
    this.#process = process
    this.#spec = spec
    for (const child of spec.children) this.#children.add(new Child(child))
  }

  /** Starts all children in order. @throws E_CHILD_START_FAILED as a rejection, after it has stopped those before */
  async start(): Promise<void> {
    const failed = await this.#start([...this.#children])
    if (failed === undefined) return
    await this.stop()
    throw failed.error
  }

  /** Stops all children in reverse order. */
  stop(): Promise<void> {
    return this.#stop([...this.#children])
  }

  /** An exit has come. One that is of no child is of one that was stopped, or that never got through its start. */
  childEnded(pid: AnyPid, reason: ExitReason): Promise<Stop | undefined> | undefined {
    const child = this.#children.of(processOf(pid))
    // Ours: a live child that sends its supervisor an exit has not ended. In OTP it would be restarted beside itself.
    if (child === undefined || child.process?.alive === true) return undefined
    this.#children.ended(child)
    const answer = answerToEnd(child.spec.restart, reason)
    this.#process.node.log.info('child ended', { supervisor: this.#process.pid, id: child.spec.id, reason, answer })
    return answer === 'restart' ? this.#restart(child) : undefined
  }

  /** The restart of a child that failed is tried again, unless that has become void. */
  retry(retry: Retry): Promise<Stop | undefined> | undefined {
    return retry.child.retry === retry ? this.#restart(retry.child) : undefined
  }

  /** @throws as the functions of `Supervisor` say, at once or as a rejection */
  serve(asked: SupervisorRequest): unknown {
    const request = readOnce(asked)
    switch (request?.kind) {
      case 'startChild':
        return this.#startNew(checkChildSpec(request.spec))
      case 'terminateChild':
        return this.#stop([this.#child(request.id)])
      case 'restartChild':
        return this.#startAgain(this.#stopped(request.id))
      case 'deleteChild':
        return this.#children.forget(this.#stopped(request.id))
      case 'whichChildren':
        return Array.from(this.#children, infoOf)
      case 'countChildren':
        return countOf(this.#children)
      default:
        request satisfies never
        throw runtimeError('E_OPTION_INVALID', { option: 'request', problem: 'no supervisor answers it' })
    }
  }

  async #startNew(spec: CheckedChildSpec): Promise<Pid> {
    if (this.#children.get(spec.id) !== undefined) throw runtimeError('E_CHILD_EXISTS', { id: spec.id })
    const child = new Child(spec)
    const pid = await this.#startAgain(child)
    this.#children.add(child)
    return pid
  }

  async #startAgain(child: Child): Promise<Pid> {
    const process = await startChild(this.#process, child.spec)
    this.#children.started(child, process)
    return process.pid
  }

  /** Starts them in order, up to the first that fails. */
  async #start(children: readonly Child[]): Promise<{ child: Child; error: unknown } | undefined> {
    for (const child of children) {
      try {
        await this.#startAgain(child)
      } catch (error) {
        this.#process.node.log.error('child did not start', {
          supervisor: this.#process.pid,
          id: child.spec.id,
          reason: describe(error),
        })
        return { child, error }
      }
    }
    return undefined
  }

  /** Stops them in reverse order, one after the other. */
  async #stop(children: readonly Child[]): Promise<void> {
    for (const child of children.toReversed()) {
      if (child.process !== undefined) await stopChild(this.#process, child.process, child.spec)
      this.#children.ended(child)
    }
  }

  /** Restarts it along with others, or gives up. */
  async #restart(child: Child): Promise<Stop | undefined> {
    const restarts = addRestart(this.#restarts, this.#process.node.clock.now(), this.#spec)
    if (restarts === undefined) {
      this.#process.node.log.error('too many restarts', {
        supervisor: this.#process.pid,
        id: child.spec.id,
        intensity: this.#spec.intensity,
      })
      return stop('shutdown')
    }
    this.#restarts = restarts
    const restarted = restartedWith(this.#spec.strategy, this.#children, child)
    await this.#stop(restarted)
    const failed = await this.#start(restarted.filter(({ spec }) => spec.restart !== 'temporary'))
    if (failed === undefined) return undefined
    // As in OTP by way of the mailbox: what came meanwhile has its turn between two tries.
    failed.child.retry = new Retry(failed.child)
    this.#process.deliver(failed.child.retry)
    return undefined
  }

  #child(id: string): Child {
    const child = this.#children.get(id)
    if (child === undefined) throw runtimeError('E_CHILD_UNKNOWN', { id })
    return child
  }

  #stopped(id: string): Child {
    const child = this.#child(id)
    if (child.state !== 'stopped') throw runtimeError('E_CHILD_NOT_STOPPED', { id, state: child.state })
    return child
  }
}

function infoOf(child: Child): ChildInfo {
  const { id, kind, restart } = child.spec
  return { id, pid: child.process?.pid, state: child.state, kind, restart }
}

function countOf(children: Children): ChildrenCount {
  const infos = Array.from(children, infoOf)
  const count = (test: (info: ChildInfo) => boolean) => infos.filter(test).length
  const supervisors = count(({ kind }) => kind === 'supervisor')
  const active = count(({ state }) => state === 'running')
  return { specs: infos.length, active, supervisors, workers: infos.length - supervisors }
}

/** What is asked comes from anyone: reading it may throw, and must not end the supervisor. */
function readOnce(asked: SupervisorRequest): SupervisorRequest {
  try {
    return { ...asked }
  } catch (error) {
    throw runtimeError('E_OPTION_INVALID', {
      option: 'request',
      problem: `it throws when it is read: ${describe(error)}`,
    })
  }
}
