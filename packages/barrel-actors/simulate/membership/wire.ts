/** What goes over the wire between the overlays: counted where it is rare, held against its bounds. */

import { limits, Membership } from '@barrel-actors/membership'
import type { NodeName, Signal } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import type { Onlooker } from './onlooker.ts'
import type { Plan } from './plan.ts'

type Fields = Readonly<Record<string, unknown>>
type Range = { readonly origin: NodeName; readonly creation: number; readonly from: number; readonly to: number }

export class Wire {
  readonly #world: World
  readonly #onlooker: Onlooker
  readonly #plan: Plan
  /** Whom each node has asked for a message, in order. */
  readonly #askedOf = new Map<string, NodeName[]>()
  /** Whose payloads are counted. */
  speaker: NodeName | undefined
  /** How often the latest of them came, to whomever. */
  payloads = 0
  /** How often it was asked for: where it came meanwhile, the link that was asked carries it both ways. */
  asked = 0
  #latest = 0
  /** Who asked whom for a link by `join`. */
  readonly #joins = new Set<string>()

  constructor(world: World, onlooker: Onlooker, plan: Plan) {
    this.#world = world
    this.#onlooker = onlooker
    this.#plan = plan
    world.onSignal((from, to, signal) => this.#arrived(from, to, signal))
  }

  #arrived(from: NodeName, to: NodeName, signal: Signal): void {
    if (signal.kind !== 'send' || signal.to !== 'membership') return
    const message = signal.message as Fields
    switch (message['kind']) {
      case 'gossip':
        return this.#gossip(from, to, message)
      case 'ihave':
        for (const range of message['ranges'] as readonly Range[]) this.#sent(from, range, range.to)
        return this.#ranges('ihave', message, 1)
      case 'graft':
        this.#ranges('graft', message, 0)
        return this.#graft(from, to, message['ranges'] as readonly Range[])
      case 'prune':
        return this.#world.reached('prune')
      default:
        return this.#views(from, to, message)
    }
  }

  #views(from: NodeName, to: NodeName, message: Fields): void {
    const { activeWalkLength, passiveWalkLength, shuffleWalkLength, shuffleActive, shufflePassive } =
      this.#plan.hyparview
    const isNeighbour = this.#active(to).includes(from)
    const ttl = message['ttl'] as number
    switch (message['kind']) {
      case 'join':
        return this.#join(from, to, message)
      case 'forwardJoin':
        this.#bound('the walk of a newcomer', ttl, activeWalkLength)
        if (ttl === 0) this.#world.reached('walk of a newcomer: ended')
        if (ttl === passiveWalkLength) this.#world.reached('walk of a newcomer: into a passive view')
        if (!isNeighbour) this.#world.reached('walk of a newcomer: from one that is no neighbour')
        return
      case 'neighbor':
        return this.#world.reached(`neighbor: ${message['priority']}`)
      case 'neighborReply':
        this.#world.reached(message['accepted'] === true ? 'link: given' : 'link: refused')
        if (message['evicted'] !== undefined) this.#world.reached('link: another was evicted for it')
        return
      case 'disconnect':
        if (message['instead'] !== undefined) this.#world.reached('swap: who lost its link is told of another')
        return this.#world.reached(message['leaves'] === true ? 'disconnect: leaves' : 'disconnect')
      case 'shuffle':
        this.#bound('nodes of a shuffle', (message['peers'] as unknown[]).length, shuffleActive + shufflePassive)
        this.#bound('the walk of a shuffle', ttl, shuffleWalkLength)
        if (!isNeighbour) this.#world.reached('seed: asked from outside its view')
        else if (ttl === 0) this.#world.reached('shuffle: ended')
        return
      case 'shuffleReply':
        this.#bound('nodes of an answer', (message['peers'] as unknown[]).length, shuffleActive + shufflePassive + 1)
        return this.#world.reached('shuffle: answered')
      case 'check':
        if (!isNeighbour) this.#world.reached('check: the link is one-sided')
        return
      default:
        this.#world.reached(`${message['kind']}`)
    }
  }

  #join(from: NodeName, to: NodeName, message: Fields): void {
    const { creation } = message['peer'] as { readonly creation: number }
    const key = `${from}#${creation} ${to}`
    this.#world.reached(this.#joins.has(key) ? 'join: asked again' : 'join')
    this.#joins.add(key)
    if (this.#active(to).length === this.#plan.hyparview.activeViewMax) this.#world.reached('join: at a full node')
  }

  #gossip(from: NodeName, to: NodeName, message: Fields): void {
    this.#count(message)
    this.#sent(from, message as unknown as Range, message['sequence'] as number)
    const round = message['round'] as number
    if (round >= 4) this.#world.reached('broadcast: over four hops')
    const key = keyOf(to, message as unknown as Range, message['sequence'] as number)
    const asked = this.#askedOf.get(key)
    if (asked === undefined) return
    this.#world.reached('graft: answered')
    if (asked.indexOf(from) > 0) this.#world.reached('graft: answered by a second source')
  }

  // What nodes say of each other has no tag, and is none of the scenario's.
  #count(message: Fields): void {
    const sequence = message['sequence'] as number
    if (message['origin'] !== this.speaker || message['tag'] === '' || sequence < this.#latest) return
    if (sequence > this.#latest) this.asked = 0
    this.payloads = sequence === this.#latest ? this.payloads + 1 : 1
    this.#latest = sequence
  }

  /** What one passes on, its origin has sent before. */
  #sent(from: NodeName, { origin, creation }: Pick<Range, 'origin' | 'creation'>, sequence: number): void {
    const life = `${origin}#${creation}`
    const upTo = this.#onlooker.sentUpTo.get(life) ?? 0
    if (sequence <= upTo) return
    if (from === origin) this.#onlooker.sentUpTo.set(life, sequence)
    else
      this.#onlooker.broke(
        'M6 nothing that was not said',
        `${from} speaks of ${sequence} of ${life}, which sent ${upTo}`,
      )
  }

  #graft(from: NodeName, to: NodeName, ranges: readonly Range[]): void {
    this.#world.reached(ranges.length === 0 ? 'graft: a shorter way' : 'graft')
    for (const range of ranges) {
      if (range.origin === this.speaker && range.from <= this.#latest && this.#latest <= range.to) this.asked++
      // More than these need not be told apart.
      for (let sequence = range.from; sequence <= Math.min(range.to, range.from + 20); sequence++) {
        const key = keyOf(from, range, sequence)
        const asked = this.#askedOf.get(key) ?? []
        if (!asked.includes(to)) this.#askedOf.set(key, [...asked, to])
      }
    }
  }

  #ranges(kind: string, message: Fields, min: number): void {
    const { length } = message['ranges'] as unknown[]
    this.#bound(`ranges of a ${kind}`, length, limits.rangesPerMessageMax)
    if (length < min) this.#onlooker.broke('M9 messages within bounds', `a ${kind} says nothing`)
    if (length > 1) this.#world.reached(`${kind}: of several origins at once`)
    else this.#world.reached(kind)
  }

  #bound(what: string, value: number, max: number): void {
    if (value > max) this.#onlooker.broke('M9 messages within bounds', `${what}: ${value} are more than ${max}`)
  }

  #active(name: NodeName): NodeName[] {
    return this.#world.node(name)?.extension(Membership).activeView() ?? []
  }
}

function keyOf(node: NodeName, { origin, creation }: Pick<Range, 'origin' | 'creation'>, sequence: number): string {
  return `${node} ${origin}#${creation} ${sequence}`
}
