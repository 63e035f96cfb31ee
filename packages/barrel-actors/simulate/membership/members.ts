/** What listeners are told of the members, held against who lives and can be reached. */

import { Membership, type MembershipMessage } from '@barrel-actors/membership'
import type { Node, NodeName } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import type { Listener } from './listener.ts'
import type { Onlooker } from './onlooker.ts'

type MemberMessage = Extract<MembershipMessage, { event: 'nodeAlive' | 'nodeSuspected' | 'nodeGone' }>

export class Members {
  readonly #world: World
  readonly #onlooker: Onlooker
  /** In so long a node can refute that it is gone: also behind a gap that holds up its word. */
  readonly #suspicionMs: number
  /** When not every two nodes could reach each other last: over the overlay, or at all. */
  #apartMs = 0
  /** When each node was gone for each other one: of the lives that are told so. */
  readonly gone: Map<string, Set<NodeName>> = new Map()

  constructor(world: World, onlooker: Onlooker, suspicionMs: number) {
    this.#world = world
    this.#onlooker = onlooker
    this.#suspicionMs = suspicionMs
  }

  told(listener: Listener, message: MemberMessage): void {
    const { node, creation } = message
    const known = listener.members.get(node)
    const isSame = known?.creation === creation
    const wrong = (problem: string) =>
      this.#onlooker.broke(
        'M10 members in turn',
        `${listener.id} hears ${message.event} of ${node}#${creation}: ${problem}`,
      )
    if (known !== undefined && creation < known.creation) wrong(`it has heard of ${known.creation}`)
    if (node === listener.node.name) wrong('that is its own node')
    this.#world.reached('reason' in message ? `nodeGone: ${message.reason}` : message.event)
    switch (message.event) {
      case 'nodeAlive':
        if (message.isBack) this.#world.reached(`nodeAlive: back from ${known?.state}`)
        // Of a life that it knows nothing of, its own node may know that it was gone.
        if (isSame && message.isBack !== (known.state !== 'alive'))
          wrong(`it was ${known.state}, isBack ${message.isBack}`)
        if (known !== undefined && !isSame && message.isBack && (known.state !== 'gone' || known.isRestarted))
          wrong(`it was ${known.state} in an earlier life, isBack`)
        listener.members.set(node, { creation, state: 'alive' })
        return
      case 'nodeSuspected':
        if (!isSame || known.state !== 'alive') wrong(`it was ${known?.state}`)
        listener.members.set(node, { creation, state: 'suspected' })
        return
      case 'nodeGone':
        if (!isSame || known.state === 'gone') wrong(`it was ${known?.state}`)
        if (message.reason === 'silent') this.#silent(listener, node, creation, known?.state)
        listener.members.set(node, { creation, state: 'gone', isRestarted: message.reason === 'restarted' })
        return
      default:
        message satisfies never
    }
  }

  #silent(listener: Listener, node: NodeName, creation: number, state: string | undefined): void {
    const what = `${node}#${creation} is gone for ${listener.id}`
    if (state !== 'suspected') this.#onlooker.broke('M10 members in turn', `${what}, and was not suspected`)
    this.gone.set(`${node}#${creation}`, (this.gone.get(`${node}#${creation}`) ?? new Set()).add(listener.node.name))
    if (this.#world.node(node)?.creation !== creation || this.#onlooker.dead.has(node)) return
    this.#world.reached('nodeGone: of one that lives')
    const sinceMs = this.#world.nowMs - this.#apartMs
    if (sinceMs > this.#suspicionMs)
      this.#onlooker.broke('M11 who lives is not gone', `${what}, and nothing has parted them for ${sinceMs} ms`)
  }

  /** To be asked again and again: whether something keeps some two nodes apart now. */
  look(): void {
    const { nowMs, names, nodes, faults } = this.#world
    const isFault = faults.schedule.some(
      fault => fault.kind !== 'clockJump' && fault.atMs <= nowMs && nowMs <= fault.atMs + fault.forMs + afterMs,
    )
    const { inside } = this.#onlooker
    if (isFault || nodes.length < names.length || componentOf(inside) < inside.length) this.#apartMs = nowMs
  }
}

/** Channels that a fault has cost are noticed, and made again, some time after it. */
const afterMs = 6_000

/** How many nodes the first one reaches over links that both ends hold. */
export function componentOf(nodes: readonly Node[]): number {
  const views = new Map(nodes.map(node => [node.name, node.extension(Membership).activeView()]))
  const reached = new Set(nodes.slice(0, 1).map(({ name }) => name))
  for (const name of reached) {
    for (const other of views.get(name) ?? []) if (views.get(other)?.includes(name) === true) reached.add(other)
  }
  return reached.size
}
