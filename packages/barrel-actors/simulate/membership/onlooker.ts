/** Holds what listeners are told against what is true: it stands outside, and knows what was said. */

import type { BroadcastMessage, BroadcastMissedMessage, MembershipMessage } from '@barrel-actors/membership'
import { Membership } from '@barrel-actors/membership'
import type { Node, NodeName } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import { type Listener, lifeOf, lifeOfOrigin, type News, type Tag, type Told } from './listener.ts'
import { Members } from './members.ts'

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
  'M10 members in turn',
  'M11 who lives is not gone',
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
  /** Nodes that are killed for good. */
  readonly dead: Set<NodeName> = new Set()
  /** The greatest sequence that each life of a node has sent: of news, and of what nodes say of each other. */
  readonly sentUpTo: Map<string, number> = new Map()
  /** Nodes whose first listener has heard a broadcast of the calm. */
  readonly heard = new Map<string, Set<NodeName>>()
  /** Whether to be told that a broadcast is given up counts as to have heard it. */
  isExcused = true

  readonly members: Members

  constructor(world: World, suspicionMs: number) {
    this.#world = world
    this.members = new Members(world, this, suspicionMs)
    for (const name of promised) world.invariant(name, () => this.#broken.get(name))
    world.invariant('M4 neighbours as told', () => this.#misled())
  }

  broke(name: Promised, problem: string): void {
    if (!this.#broken.has(name)) this.#broken.set(name, problem)
  }

  listenersOf(node: Node): Listener[] {
    return [...this.listeners].filter(each => each.node === node)
  }

  /** The nodes that run and have not left. */
  get inside(): Node[] {
    return this.#world.nodes.filter(node => !this.isOut(node) && !this.dead.has(node.name))
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
        if (message.event === 'left') listener.members.clear()
        return
      case 'healed':
        this.#world.reached('healed')
        if (listener.isFirst && !lost.has(message.node))
          this.broke('M4 neighbours in turn', `${id} hears that ${message.node} is healed, and it was never lost`)
        return
      case 'nodeAlive':
      case 'nodeSuspected':
      case 'nodeGone':
        if (listener.isFirst) this.members.told(listener, message)
        return
      default:
        message satisfies never
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

  // What is given up may be news, or what nodes say of each other: there are no more holes than that.
  #hole(listener: Listener, life: string, nth: number, what: string): void {
    const last = listener.lastNth.get(life)
    if (last === undefined && nth > 1) this.#world.reached('began in the middle of a life')
    if (last === undefined || nth <= last + 1) return
    const holes = (listener.holes.get(life) ?? 0) + nth - last - 1
    listener.holes.set(life, holes)
    const given = listener.givenUp.get(life)?.count ?? 0
    if (holes > given)
      this.broke('M7 holes are told', `${what} after ${last}: ${holes} are missing, ${given} are given up`)
    else this.#world.reached('gap: given up')
  }

  #missed(listener: Listener, { origin, from, to }: BroadcastMissedMessage): void {
    const life = lifeOfOrigin(origin)
    const sent = this.sentUpTo.get(life) ?? 0
    this.#world.reached('broadcastMissed')
    if (from > to || to > sent)
      this.broke(
        'M6 nothing that was not said',
        `${listener.id} misses ${from} to ${to} of ${life}, which sent ${sent}`,
      )
    const given = listener.givenUp.get(life) ?? { upTo: 0, count: 0 }
    given.count += Math.max(0, to - Math.max(from - 1, given.upTo))
    given.upTo = Math.max(given.upTo, to)
    listener.givenUp.set(life, given)
    if (!listener.isFirst || !this.isExcused) return
    for (const [said, heard] of this.heard) if (said.startsWith(`${life} `)) heard.add(listener.node.name)
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
      const isTold = active.length === listener.up.size && active.every(node => listener.up.has(node))
      const isJoined = !listener.isFirst || active.length === 0 || listener.isJoined
      // What it has not read yet may say so.
      if ((isTold && isJoined) || !listener.hasRead) continue
      if (!isJoined) return `${listener.id} was not told that its node has joined`
      return `${listener.id} was told of ${[...listener.up].sort()}, and the neighbours are ${active}`
    }
    return undefined
  }

  /** Only when its node has done something since. */
  #isWorthALook(listener: Listener): boolean {
    const steps = this.#world.simulation.stepsOf(listener.node)
    if (this.#looked.get(listener) === steps) return false
    this.#looked.set(listener, steps)
    return true
  }
}

/** So that a payload that is mixed up with another shows. */
function fillerOf(nth: number): string {
  return '.'.repeat((nth * 37) % 400)
}
