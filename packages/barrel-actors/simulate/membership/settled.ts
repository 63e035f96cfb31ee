/** What must come true once nothing goes wrong any more: one overlay of all, and news that reaches everyone. */

import { Membership } from '@barrel-actors/membership'
import type { Node, NodeName } from '@barrel-actors/runtime'
import type { World } from '@barrel-actors/simulation'
import { lifeOf, type Tag, tags } from './listener.ts'
import { componentOf } from './members.ts'
import type { Onlooker } from './onlooker.ts'
import type { Wire } from './wire.ts'

/** By chance: a swap may be long in coming. */
const wholeMsMax = 300_000
const lookMs = 250
/** Each hop holds what is behind a gap until it gives the gap up by itself. */
const hopsMax = 8
/** With lazy ticks and grafts at every hop. */
const heardMsMax = 8_000

/** @throws an error that says what does not hold */
export async function checkWhole(world: World, onlooker: Onlooker): Promise<void> {
  await comesTrue(world, onlooker, wholeMsMax, () => unrestOf(world, onlooker))
}

/** Looks until nothing is wrong any more. @throws an error that says what still is */
async function comesTrue(
  world: World,
  onlooker: Onlooker,
  withinMs: number,
  problemOf: () => string | undefined,
): Promise<void> {
  const untilMs = world.nowMs + withinMs
  for (;;) {
    onlooker.members.look()
    const problem = problemOf()
    if (problem === undefined) return
    if (world.nowMs >= untilMs) throw new Error(`${problem}, after ${withinMs} ms`)
    await world.pass(lookMs)
  }
}

function unrestOf(world: World, onlooker: Onlooker): string | undefined {
  const { inside } = onlooker
  const views = new Map(inside.map(node => [node.name, node.extension(Membership).activeView()]))
  for (const [name, active] of views) {
    for (const other of active) {
      if (!views.has(other)) return `${name} has ${other}, which has left, as a neighbour`
      if (views.get(other)?.includes(name) !== true) return `${name} has ${other} as a neighbour, which has not it`
    }
  }
  const reached = componentOf(inside)
  if (reached < inside.length) return `${reached} of ${inside.length} are together`
  return pendingOf(inside) ?? membersOf(world, onlooker)
}

/**
 * All know all that are there, in the life that they have, and of others only those that have left: whose goodbye nobody
 * heard, and whom nobody watches, stays listed.
 */
function membersOf(world: World, onlooker: Onlooker): string | undefined {
  const { inside } = onlooker
  const truth = new Set(inside.map(node => `${lifeOf(node)} alive`))
  const left = new Set(world.nodes.filter(node => onlooker.isOut(node)).map(node => lifeOf(node)))
  for (const node of inside) {
    const members = node.extension(Membership).members()
    const known = members.map(({ node: name, creation, state }) => `${lifeOf({ name, creation })} ${state}`)
    const missing = [...truth].filter(each => !known.includes(each))
    const others = known.filter(each => !truth.has(each) && !left.has(each.split(' ')[0] as string))
    if (missing.length > 0) return `${node.name} does not know ${missing}`
    if (others.length > 0) return `${node.name} knows ${others}, which are not there`
    if (known.length > truth.size) world.reached('members: who left unheard is listed')
  }
  return undefined
}

/** One is killed for good: soon it is gone for everybody, and they are one overlay without it. @throws likewise */
export async function checkKilled(world: World, onlooker: Onlooker, withinMs: number): Promise<void> {
  const victim = world.pick(onlooker.inside)
  if (victim === undefined || onlooker.inside.length < 3) return
  world.simulation.kill(victim)
  onlooker.dead.add(victim.name)
  const killedMs = world.nowMs
  await comesTrue(world, onlooker, withinMs, () => {
    const gone = onlooker.members.gone.get(lifeOf(victim))
    const unaware = onlooker.inside.filter(({ name }) => gone?.has(name) !== true)
    return unaware.length === 0
      ? undefined
      : `${victim.name}, killed, is not gone for ${unaware.map(({ name }) => name)}`
  })
  world.reached(world.nowMs - killedMs < withinMs / 2 ? 'killed: gone soon' : 'killed: gone late')
  await checkWhole(world, onlooker)
}

/** Whoever is remembered and gone is asked for a link now and then, for ever. */
function pendingOf(inside: readonly Node[]): string | undefined {
  for (const node of inside) {
    const { broadcasts } = node.extension(Membership).stats()
    const waited = node.extension(Membership).pendingView()
    const asked = inside.find(({ name }) => waited.includes(name))
    if (asked !== undefined) return `${node.name} waits for a link to ${asked.name}`
    if (broadcasts.sizes.waiting > 0) return `${node.name} misses something of ${broadcasts.sizes.waiting} origins`
  }
  return undefined
}

/**
 * A broadcast of each reaches all. The first one shows what was missed meanwhile, and may be given up with it by those
 * whose tables were full; the next one reaches all, and soon: what of a verdict between them was dropped by a full table is
 * answered again only after a while, so that one gap may have to pass. @throws an error that says whom it does not reach
 */
export async function checkHeard(world: World, onlooker: Onlooker, gapMs: number): Promise<void> {
  await checkNews(world, onlooker, gapMs * hopsMax + heardMsMax)
  await comesTrue(world, onlooker, wholeMsMax, () => pendingOf(onlooker.inside))
  onlooker.isExcused = false
  await checkNews(world, onlooker, gapMs + heardMsMax)
}

async function checkNews(world: World, onlooker: Onlooker, withinMs: number): Promise<void> {
  const { inside } = onlooker
  const waited = new Map<string, Set<NodeName>>()
  for (const node of inside) {
    const what = onlooker.say(node, world.pick(tags) as Tag)
    const heard = new Set<NodeName>()
    waited.set(what, heard)
    onlooker.heard.set(what, heard)
  }
  const untilMs = world.nowMs + withinMs
  const isHeard = () => [...waited.values()].every(heard => inside.every(({ name }) => heard.has(name)))
  while (world.nowMs < untilMs && !isHeard()) await world.pass(lookMs)
  for (const [what, heard] of waited) {
    const deaf = inside.filter(({ name }) => !heard.has(name)).map(({ name }) => name)
    if (deaf.length > 0) throw new Error(`${what} has not come to ${deaf} within ${withinMs} ms`)
  }
}

const roundMs = 3_000
const roundsMax = 12

/**
 * A tree grows where one node speaks: in the end every payload comes once to each, as long as no link changes, and the
 * way through the tree is shorter than the patience of those who are told of the payload.
 * @throws an error that says how many came twice
 */
export async function checkTree(world: World, onlooker: Onlooker, wire: Wire): Promise<void> {
  const { inside } = onlooker
  const [speaker] = inside as [Node]
  wire.speaker = speaker.name
  let calmRounds = 0
  let before = linksOf(inside)
  for (let round = 0; round < roundsMax && calmRounds < 4; round++) {
    onlooker.say(speaker, tags[0])
    await world.pass(roundMs)
    const after = linksOf(inside)
    calmRounds = after === before ? calmRounds + 1 : 0
    before = after
    if (calmRounds < 4) continue
    world.reached('the tree has formed')
    if (wire.payloads > inside.length - 1 + 2 * wire.asked)
      throw new Error(`a payload came ${wire.payloads} times to ${inside.length - 1} nodes, in a tree that is old`)
  }
}

function linksOf(nodes: readonly Node[]): string {
  return nodes.map(node => `${node.name} ${node.extension(Membership).activeView()}`).join('; ')
}
