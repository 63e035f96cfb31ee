/** What must hold once nothing goes wrong any more and everything has arrived. */

import type { World } from '@barrel-actors/simulation'
import type { Onlooker } from './onlooker.ts'
import type { Player } from './player.ts'

/** @throws an error that says what does not hold */
export function checkCalm(world: World, onlooker: Onlooker): void {
  for (const player of onlooker.living) {
    for (const { target, state } of player.watches.values()) {
      if (state === 'open' && !onlooker.lives(target)) throw broken('I2', `${player.id} was never told of ${target}`)
    }
    if (player.calls.size > 0) throw broken('I6', `${player.calls.size} calls of ${player.id} have never ended`)
    checkLinks(world, onlooker, player)
    checkTies(onlooker, player)
  }
}

function checkLinks(world: World, onlooker: Onlooker, { id, node, pid }: Player): void {
  for (const other of node.processInfo(pid)?.links ?? []) {
    if (!onlooker.lives(other)) throw broken('I4', `${id} lives on with a link to the dead ${other}`)
    const back = world.node(other.node)?.processInfo(other)?.links ?? []
    if (!back.some(each => each.equals(pid))) throw broken('I4', `${id} has a link to ${other}, which has none to it`)
  }
}

function checkTies(onlooker: Onlooker, player: Player): void {
  const { id, node, pid, trapsExits } = player
  const info = node.processInfo(pid)
  const watchers = onlooker.watchersOf(player)
  if (info?.watchersCount !== watchers) {
    throw broken('I8', `${info?.watchersCount} monitors watch ${id}, and ${watchers} are open`)
  }
  if (!trapsExits) return
  const links = new Set(info.links.map(each => each.toString()))
  const missing = onlooker.linkedBy(player).filter(other => !links.has(other))
  if (missing.length > 0) throw broken('I4', `${id} was never told of ${missing.join(', ')}, which it had linked`)
}

/** When all players have ended: nodes are as they were before. */
export function checkEnd(world: World, onlooker: Onlooker): void {
  for (const { id } of onlooker.living) throw broken('I8', `${id} lives on though it was killed`)
  for (const node of world.nodes) {
    const left = node.processes().filter(pid => node.processInfo(pid)?.kind !== 'server' && !pid.equals(node.pid))
    if (left.length > 0) throw broken('I8', `on ${node.name} there are still ${left.join(', ')}`)
    for (const pid of node.processes()) {
      const info = node.processInfo(pid)
      const ties = (info?.links.length ?? 0) + (info?.monitors.length ?? 0) + (info?.watchersCount ?? 0)
      if (ties > 0) throw broken('I8', `${pid} is still tied to ${ties} that have ended`)
    }
  }
}

function broken(invariant: string, problem: string): Error {
  return new Error(`${invariant}: ${problem}`)
}
