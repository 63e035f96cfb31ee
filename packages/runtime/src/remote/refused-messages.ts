/**
 * Messages of one other node that cost more than the bounds allow. Our own nodes refuse them where they are sent, so
 * few are a node with wider bounds, and many are an attack: past a rate the channel is closed.
 */
import type { Node } from '../node.ts'
import type { NodeName } from '../node-name.ts'
import type { SignalKind } from '../signal.ts'

/** So many in so many milliseconds; the next one costs the channel. */
const refusedMax = 16
const windowMs = 10_000

export class RefusedMessages {
  readonly #node: Node
  readonly #from: NodeName
  #windowStartMs = 0
  #inWindow = 0

  constructor(node: Node, from: NodeName) {
    this.#node = node
    this.#from = from
  }

  note(kind: SignalKind, problem: string): void {
    const { clock, log, remotes, watching } = this.#node
    if (this.#inWindow === 0 || clock.now() - this.#windowStartMs >= windowMs) {
      this.#windowStartMs = clock.now()
      this.#inWindow = 0
      log.warn('message refused', { node: this.#from, kind, problem })
    }
    this.#inWindow++
    watching.messageRefused(this.#from, kind, problem)
    if (this.#inWindow > refusedMax) remotes.get(this.#from).channel?.close('it sent too many messages past the bounds')
  }
}
