/** Holds what players see against what Erlang promises. It stands outside the system and knows what is true. */

import type { AnyPid } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import { lifeOf, lifeOfPid, type Message, type Player, type Received, type Watch } from './player.ts'

export type Promised =
  | 'I1 order'
  | 'I2 one down'
  | 'I3 lives'
  | 'I4 links'
  | 'I5 names'
  | 'I6 calls'
  | 'I8 nothing is left'

const promised: readonly Promised[] = [
  'I1 order',
  'I2 one down',
  'I3 lives',
  'I4 links',
  'I5 names',
  'I6 calls',
  'I8 nothing is left',
]

export class Onlooker {
  readonly #world: World
  /** By the pid of the player, as a text. */
  readonly players = new Map<string, Player>()
  readonly #living = new Set<Player>()
  /** Pairs of which one has taken their link away at some time, which the other may not know when it links again. */
  readonly #unlinked = new Set<string>()
  readonly #broken = new Map<Promised, string>()
  readonly #sent = new Map<string, number>()
  /** How many channels a life of a node has lost to another node. */
  readonly #epochs = new Map<string, number>()
  /** When it lost the last of them. */
  readonly #closedMs = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
    for (const name of promised) world.invariant(name, () => this.#broken.get(name))
    world.invariant('I6 calls end in time', () => this.#overdueCall())
    world.onNote((name, what) => this.#noted(name, what))
  }

  broke(name: Promised, problem: string): void {
    if (!this.#broken.has(name)) this.#broken.set(name, problem)
  }

  entered(player: Player): void {
    this.players.set(player.id, player)
    this.#living.add(player)
  }

  /** Whether a player lives: known from outside, whatever the others have been told. */
  lives(pid: AnyPid): boolean {
    const player = this.players.get(pid.toString())
    return player !== undefined && this.#isAlive(player)
  }

  get living(): Player[] {
    for (const player of this.#living) if (!this.#isAlive(player)) this.#living.delete(player)
    return [...this.#living]
  }

  #isAlive({ node, self }: Player): boolean {
    return self.alive && this.#world.node(node.name) === node
  }

  unlinked(player: Player, other: AnyPid): void {
    this.#unlinked.add(`${player.id} ${other}`).add(`${other} ${player.id}`)
  }

  /** Whom a player has linked and not been told of: there must be a link. */
  linkedBy(player: Player): string[] {
    return [...player.linked].filter(id => id !== player.id && !this.#unlinked.has(`${player.id} ${id}`))
  }

  /** How many monitors of living players watch this one. */
  watchersOf({ pid }: Player): number {
    const watches = this.living.flatMap(player => [...player.watches.values()])
    return watches.filter(({ target, state }) => state === 'open' && target.equals(pid)).length
  }

  /** The next message from one player to another. */
  messageFor(from: Player, to: AnyPid): Message {
    const pair = `${from.id} ${to}`
    const nth = (this.#sent.get(pair) ?? 0) + 1
    this.#sent.set(pair, nth)
    const life = lifeOf(from.node)
    return { kind: 'note', from: from.id, to: to.toString(), nth, life, epoch: this.#epochOf(life, to.node) }
  }

  received(player: Player, message: Received): void {
    if (message.kind === 'act') return message.act()
    if (message.kind === 'note') return this.#note(player, message)
    if (message.kind === 'down') return this.#down(player, message)
    if (message.kind === 'exit') {
      if (!player.trapsExits) this.broke('I4 links', `${player.id} traps no exits and sees one`)
      player.linked.delete(message.from.toString())
      this.#world.reached(`exit message: ${textOf(message.reason)}`)
      return
    }
    // A late reply would be such a one.
    this.broke('I6 calls', `${player.id} sees what nobody has sent it: ${JSON.stringify(message)}`)
  }

  #note(player: Player, { from, to, nth, life, epoch }: Message): void {
    this.#world.reached('message')
    if (to !== player.id) this.broke('I3 lives', `${player.id} sees what was sent to ${to}`)
    if (player.ended.has(from)) this.broke('I1 order', `${player.id} sees message ${nth} of ${from} after its down`)
    const last = player.lastNth.get(from) ?? 0
    if (nth <= last) this.broke('I1 order', `${player.id} sees message ${nth} of ${from} after message ${last}`)
    if (nth > last + 1) this.#world.reached('message lost with its channel')
    player.lastNth.set(from, nth)
    const lost = player.lostEpochs.get(life) ?? -1
    if (epoch <= lost) this.broke('I3 lives', `${player.id} sees message ${nth} of ${from} after noconnection`)
    player.epochs.set(life, Math.max(epoch, player.epochs.get(life) ?? 0))
  }

  #down(player: Player, { ref, from, reason }: Extract<Received, { kind: 'down' }>): void {
    const watch = player.watches.get(ref.toString())
    const told = `${player.id} is told that ${from} is down with ${textOf(reason)}`
    if (watch === undefined) return this.broke('I2 one down', `${told}, and has not asked`)
    if (watch.state === 'told') this.broke('I2 one down', `${told}, for the second time`)
    if (watch.state === 'flushed') this.broke('I2 one down', `${told}, after demonitor with flush`)
    watch.state = 'told'
    this.#world.reached(`down: ${textOf(reason)}`)
    // Also the reason of whoever ended because a link of its own was lost.
    if (reason === 'noconnection' && this.#lostSince(player, watch)) return this.#lost(player, watch)
    if (this.lives(watch.target)) this.broke('I2 one down', `${told}, and it lives`)
    player.ended.add(watch.target.toString())
    const named = watch.target.node === player.node.name ? player.node.whereis('star') : undefined
    if (named?.equals(watch.target) === true) this.broke('I5 names', `${told}, and still has its name`)
  }

  /** Whether the channel was lost since the monitor was set. */
  #lostSince({ node }: Player, { target, sinceMs }: Watch): boolean {
    return (this.#closedMs.get(`${lifeOf(node)} ${target.node}`) ?? -1) >= sinceMs
  }

  // Only where the down comes at once: a slow node may see it later, and messages of the next channel before it.
  #lost({ node, epochs, lostEpochs }: Player, { target }: Watch): void {
    if (this.#closedMs.get(`${lifeOf(node)} ${target.node}`) !== this.#world.nowMs) return
    const life = lifeOfPid(target)
    const seen = epochs.get(life)
    if (seen !== undefined) lostEpochs.set(life, seen)
  }

  #overdueCall(): string | undefined {
    for (const player of this.#living) {
      if (player.calls.size === 0 || !this.#world.simulation.runs(player.node) || !this.#isAlive(player)) continue
      for (const { beganMs, timeoutMs } of player.calls) {
        const openMs = this.#world.nowMs - beganMs
        if (openMs > timeoutMs * 1.1 + 50 + this.#standstillMs(player.node.name)) {
          return `${player.id} waits for ${openMs} ms, and asked for at most ${timeoutMs}`
        }
      }
    }
    return undefined
  }

  /** How long a node does nothing at most: pauses, and what piles up while it is slow. */
  #standstillMs(name: string): number {
    const times = this.#world.faults.schedule.map(fault => {
      const isOfNode = (fault.kind === 'pause' || fault.kind === 'slow') && fault.node === name
      return isOfNode ? fault.forMs : 0
    })
    return times.reduce((sum, ms) => sum + ms, 0)
  }

  #noted(name: string, what: string): void {
    const node = this.#world.node(name)
    const closed = /^closed (\S+): (.*)/.exec(what)
    if (closed !== null && node !== undefined) {
      const key = `${lifeOf(node)} ${closed[1]}`
      this.#epochs.set(key, (this.#epochs.get(key) ?? 0) + 1)
      this.#closedMs.set(key, this.#world.nowMs)
      if (closed[2]?.endsWith('dialed anew') === true) this.#world.reached('channel: dialed anew')
      else if (closed[2]?.startsWith('nothing came') === true) this.#world.reached('channel: lost')
      else if (closed[2]?.includes('did not answer') === true) this.#world.reached('channel: not answered')
    }
    for (const [pattern, point] of points) if (pattern.test(what)) this.#world.reached(point)
  }

  #epochOf(life: string, to: string): number {
    return this.#epochs.get(`${life} ${to}`) ?? 0
  }
}

const points: readonly (readonly [RegExp, string])[] = [
  [/^sent a packet twice/, 'packet: twice'],
  [/is held up$/, 'packet: held up'],
  [/^lost \d+ packets/, 'packet: lost and sent again'],
  [/^lost the way/, 'packet: lost with its channel'],
  [/^disk: a sync fails.*old bytes/, 'disk: a sync failed, old bytes'],
  [/^disk: a sync fails.*new bytes/, 'disk: a sync failed, new bytes'],
]

export function textOf(reason: unknown): string {
  return typeof reason === 'string' ? reason : 'an error'
}
