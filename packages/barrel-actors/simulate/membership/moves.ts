/** What nodes do: one of them broadcasts, leaves, comes back, is listened to, or loses its process. */

import { Membership } from '@barrel-actors/membership'
import type { Node, Pid } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import { listen, tags } from './listener.ts'
import type { Onlooker } from './onlooker.ts'
import { contactsOf } from './plan.ts'

type Move = (moves: Moves, node: Node) => void

/** Each with how often it is made. */
const weights: readonly (readonly [number, Move])[] = [
  [30, (moves, node) => moves.broadcast(node)],
  [1, (moves, node) => moves.leave(node)],
  [3, (moves, node) => moves.join(node)],
  [2, (moves, node) => moves.listen(node)],
  [1, (moves, node) => moves.unsubscribe(node)],
  [1, (moves, node) => moves.endListener(node)],
  [0.5, (moves, node) => moves.endProcess(node)],
]

const listenersMax = 4

export class Moves {
  readonly #world: World
  readonly #onlooker: Onlooker

  constructor(world: World, onlooker: Onlooker) {
    this.#world = world
    this.#onlooker = onlooker
  }

  /** On a node that has just started. */
  open(node: Node): void {
    this.#listen(node, true)
  }

  /** Some node that is not paused makes a move. */
  one(): void {
    const node = this.#world.pick(this.#world.nodes.filter(each => this.#world.simulation.runs(each)))
    if (node === undefined) return
    const move = this.#world.pickWeighted(weights) as Move
    move(this, node)
  }

  broadcast(node: Node): void {
    const count = this.#chance(0.05) ? 20 : this.#chance(0.2) ? 5 : 1
    for (let left = count; left > 0; left--) this.#onlooker.say(node, this.#world.pick(tags) as (typeof tags)[number])
    if (this.#onlooker.isOut(node)) this.#world.reached('broadcast of one that has left')
  }

  leave(node: Node): void {
    node.extension(Membership).leave()
    this.#onlooker.left(node)
  }

  /** Mostly one that has left comes back. */
  join(node: Node): void {
    if (!this.#onlooker.isOut(node) && !this.#chance(0.1)) return
    this.joinBy(node, this.#world.pick(this.#world.names.filter(name => name !== node.name)) as string)
  }

  joinBy(node: Node, contact: string): void {
    if (this.#onlooker.isOut(node)) this.#world.reached('one that had left joins')
    this.#onlooker.joins(node)
    node.extension(Membership).join(contact)
  }

  listen(node: Node): void {
    if (this.#onlooker.listenersOf(node).length < listenersMax) this.#listen(node, false)
  }

  unsubscribe(node: Node): void {
    const listener = this.#world.pick(this.#onlooker.listenersOf(node).filter(({ isFirst }) => !isFirst))
    if (listener === undefined) return
    listener.unsubscribe()
    this.#onlooker.listeners.delete(listener)
    this.#world.reached('listener: unsubscribed')
  }

  endListener(node: Node): void {
    const listener = this.#world.pick(this.#onlooker.listenersOf(node).filter(({ isFirst }) => !isFirst))
    if (listener === undefined) return
    node.exit(listener.pid, 'kill')
    this.#world.reached('listener: ended')
  }

  /** Its supervisor starts another. */
  endProcess(node: Node): void {
    const pid = node.whereis('membership') as Pid | undefined
    if (pid === undefined) return
    node.exit(pid, 'kill')
    this.#world.reached('the process of membership: ended')
  }

  /** What must hold before the calm: the nodes that others begin from are in the overlay. */
  async bringContactsBack(): Promise<void> {
    const [first, second] = contactsOf(this.#world.names) as [string, string]
    for (const [name, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const node = this.#world.node(name)
      if (node !== undefined && this.#onlooker.isOut(node)) this.joinBy(node, other)
    }
  }

  #listen(node: Node, isFirst: boolean): void {
    const tagged = isFirst ? tags : [this.#world.pick(tags) as (typeof tags)[number]]
    this.#onlooker.listeners.add(listen(node, tagged, isFirst, (each, message) => this.#onlooker.told(each, message)))
  }

  #chance(rate: number): boolean {
    return this.#world.random.next() < rate
  }
}
