import { inspect } from 'node:util'
import type { NodeName } from './node-name.ts'
import type { AnyProtocol, InfoOf, Protocol } from './protocol.ts'

declare const accepts: unique symbol
declare const speaks: unique symbol

/**
 * The address of a process, good on every node: node name, creation (which life of that node) and serial.
 * A pid from before a restart of its node never reaches a process after it.
 *
 * `Message` is what may be sent to it, `P` what it may be called with. Pids cannot be made from their parts:
 * they come from `spawn`, from `self.pid`, and inside messages.
 */
export class Pid<in Message = unknown, out P extends Protocol = AnyProtocol> {
  declare readonly [accepts]: (message: Message) => void
  declare readonly [speaks]: P
  readonly node: NodeName
  readonly creation: number
  readonly serial: number
  readonly #home: object

  /** @internal */
  constructor(node: NodeName, creation: number, serial: number, home: object) {
    this.node = node
    this.creation = creation
    this.serial = serial
    this.#home = home
  }

  /** Whether both name the same process: pids that came over a channel are equal without being identical. */
  equals(other: unknown): boolean {
    return (
      other instanceof Pid &&
      other.serial === this.serial &&
      other.creation === this.creation &&
      other.node === this.node
    )
  }

  /** `<name@host.creation.serial>`, the same for equal pids: usable as a key. */
  toString(): string {
    return `<${this.node}.${this.creation}.${this.serial}>`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }

  /**
   * Leaving the block of `await using pid = …` stops the process, a server in order, and waits for its end, however it
   * ends.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await Pid.stop(this)
  }

  /** Leaving the block of `using pid = …` has it stopped, and does not wait. */
  [Symbol.dispose](): void {
    // Nobody waits for it, so nobody is told where it cannot be.
    Pid.stop(this).catch(() => {})
  }

  /** @internal Set where servers are known: an address by itself cannot do it. */
  static stop: (pid: AnyPid) => Promise<void> = async () => {}

  /** What stands behind the pid on this side: the process, or the node object that knows the way to it. */
  static homeOf: (pid: AnyPid) => object = pid => pid.#home
}

/** Any pid, whatever it accepts: for what sends no message (link, monitor, exit). */
export type AnyPid = Pid<never, Protocol>

/** The pid of a server that speaks `P`. */
export type ServerPid<P extends Protocol> = Pid<InfoOf<P>, P>
