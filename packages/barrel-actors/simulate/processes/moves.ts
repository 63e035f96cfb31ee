/** What players do: one move at a time, by chance. */

import { type AnyPid, hasCode, type ServerPid } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import type { EchoProtocol, EchoRequest } from './echo.ts'
import type { Onlooker } from './onlooker.ts'
import type { Call, Player } from './player.ts'
import type { Troupe } from './troupe.ts'

type Move = (moves: Moves, player: Player) => void

/** Each with how often it is made. */
const weights: readonly (readonly [number, Move])[] = [
  [8, (moves, player) => moves.send(player)],
  [3, (moves, player) => moves.link(player)],
  [1, (moves, player) => moves.unlink(player)],
  [1, (moves, player) => moves.relink(player)],
  [5, (moves, player) => moves.monitor(player)],
  [2, (moves, player) => moves.demonitor(player)],
  [1, (moves, player) => moves.thinkBetter(player)],
  [1, (moves, player) => moves.exit(player)],
  [4, (moves, player) => moves.call(player)],
  [1, (moves, player) => moves.takeName(player)],
  [1, (moves, player) => moves.farewell(player)],
]

const playersMax = 6
const timeoutsMs = [20, 200, 1_000, 5_000, 20_000]

export class Moves {
  readonly #world: World
  readonly #onlooker: Onlooker
  readonly #troupe: Troupe
  #calls = 0

  constructor(world: World, onlooker: Onlooker, troupe: Troupe) {
    this.#world = world
    this.#onlooker = onlooker
    this.#troupe = troupe
  }

  /** Some player of some node that is not paused makes a move. */
  one(): void {
    const node = this.#world.pick(this.#world.nodes.filter(each => this.#world.simulation.runs(each)))
    if (node === undefined) return
    const players = this.#onlooker.living.filter(player => player.node === node)
    if (players.length < playersMax && this.#chance(0.1)) this.#troupe.enter(node)
    const player = this.#world.pick(players)
    if (player === undefined) return
    const move = this.#world.pickWeighted(weights) as Move
    // In its own turn: what it waits for with `receive` is not in its mailbox any more.
    node.send(player.pid, { kind: 'act', act: () => move(this, player) })
  }

  send(player: Player): void {
    const target = this.#target()
    for (let count = this.#chance(0.3) ? 5 : 1; count > 0; count--) {
      player.self.send(target, this.#onlooker.messageFor(player, target) as never)
    }
    if (!this.#onlooker.lives(target)) this.#world.reached('message to the dead')
  }

  link(player: Player): void {
    const target = this.#target()
    player.linked.add(target.toString())
    player.self.link(target)
  }

  unlink(player: Player): void {
    const linked = this.#world.pick(player.node.processInfo(player.pid)?.links ?? [])
    if (linked === undefined) return
    this.#onlooker.unlinked(player, linked)
    player.self.unlink(linked)
  }

  /** Takes a link away and sets it again before the other side can know, once or twice. */
  relink(player: Player): void {
    const linked = this.#world.pick(player.node.processInfo(player.pid)?.links ?? [])
    if (linked === undefined) return
    for (let count = this.#chance(0.5) ? 2 : 1; count > 0; count--) {
      this.#onlooker.unlinked(player, linked)
      player.self.unlink(linked)
      player.linked.add(linked.toString())
      player.self.link(linked)
    }
    if (linked.node !== player.node.name) this.#world.reached('link: set anew while it is removed')
  }

  monitor(player: Player): void {
    const target = this.#target()
    const ref = player.self.monitor(target)
    player.watches.set(ref.toString(), { ref, target, sinceMs: this.#world.nowMs, state: 'open' })
  }

  demonitor(player: Player): void {
    const watch = this.#world.pick([...player.watches.values()])
    if (watch === undefined) return
    const flush = this.#chance(0.5)
    player.self.demonitor(watch.ref, { flush })
    if (watch.state !== 'told') watch.state = flush ? 'flushed' : 'cancelled'
  }

  /** Cancels a monitor that it has just set: the `down` of a dead process of its node is in its mailbox already. */
  thinkBetter(player: Player): void {
    const target = this.#target()
    const ref = player.self.monitor(target)
    const wasWatching = player.self.demonitor(ref, { flush: true })
    player.watches.set(ref.toString(), { ref, target, sinceMs: this.#world.nowMs, state: 'flushed' })
    if (!wasWatching) this.#world.reached('demonitor with the down in the mailbox')
  }

  exit(player: Player): void {
    const reason = this.#world.pick(['normal', 'shutdown', 'boom', 'kill', 'boom'])
    player.self.exit(this.#target(), reason)
  }

  takeName(player: Player): void {
    if (player.node.whereis('star') === undefined) player.node.register('star', player.pid)
  }

  /** Says something to one that watches it, and ends: the `down` comes behind it. */
  farewell(player: Player): void {
    const watchers = this.#onlooker.living.filter(each => {
      return [...each.watches.values()].some(({ state, target }) => state === 'open' && target.equals(player.pid))
    })
    const watcher = this.#world.pick(watchers)
    if (watcher === undefined) return
    for (let count = 3; count > 0; count--) {
      player.self.send(watcher.pid, this.#onlooker.messageFor(player, watcher.pid) as never)
    }
    this.#world.reached('message before the down')
    player.self.exit(player.pid, 'kill')
  }

  call(player: Player): void {
    const timeoutMs = this.#world.pick(timeoutsMs) as number
    const how = this.#world.pick(['now', 'now', 'later', 'never'] as const) as EchoRequest['how']
    const request: EchoRequest = { how, id: ++this.#calls }
    const call: Call = { beganMs: this.#world.nowMs, timeoutMs }
    player.calls.add(call)
    const settled = (outcome: string) => {
      if (!player.calls.delete(call)) this.#onlooker.broke('I6 calls', `call ${request.id} has ended twice`)
      this.#world.reached(`call: ${outcome}`)
    }
    player.self.call(this.#server() as ServerPid<EchoProtocol>, request, { timeoutMs }).then(
      reply => {
        settled('replied')
        if (reply !== request.id) this.#onlooker.broke('I6 calls', `call ${request.id} is answered with ${reply}`)
      },
      error => {
        const code = ['E_CALL_TIMEOUT', 'E_CALL_EXIT', 'E_NO_CONNECTION'].find(each => hasCode(error, each))
        if (code === undefined) this.#onlooker.broke('I6 calls', `call ${request.id} ends with ${error}`)
        settled(code ?? 'something else')
      },
    )
  }

  #server(): ServerPid<EchoProtocol> | { readonly name: string; readonly node: string } {
    const servers = [...this.#troupe.servers]
    if (this.#chance(0.5)) return this.#world.pick(servers) as ServerPid<EchoProtocol>
    return { name: 'echo', node: this.#world.pick(this.#world.names) as string }
  }

  /** Mostly one that lives; now and then one that has ended, maybe in an earlier life of its node. */
  #target(): AnyPid {
    const { living, players } = this.#onlooker
    const all = this.#chance(0.85) && living.length > 0 ? living : [...players.values()]
    return (this.#world.pick(all) as Player).pid
  }

  #chance(rate: number): boolean {
    return this.#world.random.next() < rate
  }
}
