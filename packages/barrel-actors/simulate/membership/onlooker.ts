/** Holds what listeners are told against what is true: it stands outside, and knows what was said. */

import type { BroadcastMessage, BroadcastMissedMessage, MembershipMessage } from '@barrel-actors/membership'
import { Membership } from '@barrel-actors/membership'
import type { Node, NodeName } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import { type Listener, lifeOf, lifeOfOrigin, type News, type Tag, type Told } from './listener.ts'

const promised = [
  'M1 views',
  'M2 links asked for end',
  'M3 memory',
  'M4 neighbours in turn',
  'M5 order and once',
  'M6 nothing that was not said',
  'M7 holes are told',
  'M8 what is watched',
  'M9 messages within bounds',
] as const
export type Promised = (typeof promised)[number]

export class Onlooker {
  readonly #world: World
  readonly #broken = new Map<Promised, string>()
  /** The tags of what each life of a node has broadcast. */
  readonly #said = new Map<string, Tag[]>()
  readonly listeners: Set<Listener> = new Set<Listener>()
  readonly #looked = new WeakMap<Listener, number>()
  /** Lives of nodes that have left. */
  readonly #out = new Set<string>()
  /** Nodes whose first listener has heard a broadcast of the calm. */
  readonly heard = new Map<string, Set<NodeName>>()
  /** Whether to be told that a broadcast is given up counts as to have heard it. */
  isExcused = true

  constructor(world: World) {
    this.#world = world
    for (const name of promised) world.invariant(name, () => this.#broken.get(name))
    world.invariant('M4 neighbours as told', () => this.#misled())
  }

  broke(name: Promised, problem: string): void {
    if (!this.#broken.has(name)) this.#broken.set(name, problem)
  }

  listenersOf(node: Node): Listener[] {
    return [...this.listeners].filter(each => each.node === node)
  }

  isOut(node: Node): boolean {
    return this.#out.has(lifeOf(node))
  }

  left(node: Node): void {
    this.#out.add(lifeOf(node))
  }

  joins(node: Node): void {
    this.#out.delete(lifeOf(node))
  }

  /** A node broadcasts the next of its news. */
  say(node: Node, tag: Tag): string {
    const life = lifeOf(node)
    const tagged = this.#said.get(life) ?? []
    this.#said.set(life, tagged)
    tagged.push(tag)
    const nth = tagged.length
    node.extension(Membership).broadcast(tag, { from: life, nth, filler: fillerOf(nth) } satisfies News)
    return `${life} ${nth}`
  }

  told(listener: Listener, message: Told): void {
    if (!listener.isSubscribed) return
    if (message.kind === 'membership') return this.#event(listener, message)
    if (message.kind === 'broadcast') return this.#broadcast(listener, message)
    if (message.kind === 'broadcastMissed') return this.#missed(listener, message)
    this.broke('M6 nothing that was not said', `${listener.id} is told ${JSON.stringify(message)}`)
  }

  #event(listener: Listener, message: MembershipMessage): void {
    const { id, up, lost } = listener
    switch (message.event) {
      case 'peerUp':
        if (up.has(message.node)) this.broke('M4 neighbours in turn', `${id} hears twice that ${message.node} is up`)
        up.add(message.node)
        return
      case 'peerDown':
        this.#world.reached(`peerDown: ${message.reason}`)
        if (!up.delete(message.node))
          this.broke('M4 neighbours in turn', `${id} hears that ${message.node}, not up, is down`)
        if (message.reason === 'lost') lost.add(message.node)
        return
      case 'joined':
      case 'left':
        this.#world.reached(message.event)
        if (message.event === 'joined' && listener.isJoined)
          this.broke('M4 neighbours in turn', `${id} has joined twice`)
        listener.isJoined = message.event === 'joined'
        return
      case 'healed':
        this.#world.reached('healed')
        if (listener.isFirst && !lost.has(message.node))
          this.broke('M4 neighbours in turn', `${id} hears that ${message.node} is healed, and it was never lost`)
    }
  }

  #broadcast(listener: Listener, { tag, payload, origin }: BroadcastMessage): void {
    const { id } = listener
    const life = lifeOfOrigin(origin)
    const { from, nth, filler } = payload as News
    const said = this.#said.get(life) ?? []
    const what = `${id} hears ${tag} ${nth} of ${life}`
    if (from !== life || said[nth - 1] !== tag || filler !== fillerOf(nth))
      this.broke('M6 nothing that was not said', `${what}, which never was`)
    if (!listener.tags.some(each => each === tag))
      this.broke('M6 nothing that was not said', `${what}, and has not asked`)
    const last = listener.lastNth.get(life)
    if (last !== undefined && nth <= last) this.broke('M5 order and once', `${what} after ${last}`)
    if ((listener.creations.get(origin.node) ?? 0) > origin.creation)
      this.broke('M5 order and once', `${what}, and has heard a later life`)
    else listener.creations.set(origin.node, origin.creation)
    if (listener.isFirst) this.#hole(listener, life, nth, what)
    listener.lastNth.set(life, nth)
    if (listener.isFirst) this.heard.get(`${life} ${nth}`)?.add(listener.node.name)
  }

  // Sequences and what was said are numbered alike: the first listener hears every tag.
  #hole(listener: Listener, life: string, nth: number, what: string): void {
    const last = listener.lastNth.get(life)
    if (last === undefined && nth > 1) this.#world.reached('began in the middle of a life')
    if (last === undefined || nth === last + 1) return
    const given = listener.givenUp.get(life)
    if (given === undefined || given.from !== last + 1 || given.to !== nth - 1)
      this.broke('M7 holes are told', `${what} after ${last}, and nobody said that those between are given up`)
    else this.#world.reached('gap: given up')
  }

  #missed(listener: Listener, { origin, from, to }: BroadcastMissedMessage): void {
    const life = lifeOfOrigin(origin)
    const said = this.#said.get(life)?.length ?? 0
    const last = listener.lastNth.get(life) ?? 0
    this.#world.reached('broadcastMissed')
    if (from > to || to > said)
      this.broke(
        'M6 nothing that was not said',
        `${listener.id} misses ${from} to ${to} of ${life}, which said ${said}`,
      )
    if (listener.isFirst && from !== last + 1)
      this.broke('M7 holes are told', `${listener.id} misses ${from} to ${to} of ${life} after ${last}`)
    listener.givenUp.set(life, { from, to })
    if (!listener.isFirst || !this.isExcused) return
    for (let nth = from; nth <= to; nth++) this.heard.get(`${life} ${nth}`)?.add(listener.node.name)
  }

  /** Listeners that have read all, and believe in other neighbours than there are. */
  #misled(): string | undefined {
    for (const listener of this.listeners) {
      if (this.#world.node(listener.node.name) !== listener.node) {
        this.listeners.delete(listener)
        continue
      }
      if (!this.#isWorthALook(listener)) continue
      const active = listener.api.activeView()
      if (active.length !== listener.up.size || active.some(node => !listener.up.has(node)))
        return `${listener.id} was told of ${[...listener.up].sort()}, and the neighbours are ${active}`
    }
    return undefined
  }

  /** Only when its node has done something since, and it has read everything. */
  #isWorthALook(listener: Listener): boolean {
    const steps = this.#world.simulation.stepsOf(listener.node)
    if (this.#looked.get(listener) === steps) return false
    this.#looked.set(listener, steps)
    return listener.hasRead
  }
}

/** So that a payload that is mixed up with another shows. */
function fillerOf(nth: number): string {
  return '.'.repeat((nth * 37) % 400)
}
