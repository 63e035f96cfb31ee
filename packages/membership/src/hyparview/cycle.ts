/**
 * What comes round: a shuffle, the links looked after, one lost node probed, now and then a swap, and a seed or any
 * other node that is remembered asked.
 */

import type { NodeName } from '@barrel-actors/runtime'
import { pick } from '../random.ts'
import { shuffleIntervalMs } from './churn.ts'
import { checkNeighbors, fill, request, takeCandidate } from './links.ts'
import { sendProbe } from './probing.ts'
import type { Step } from './state.ts'
import { sendShuffle } from './walks.ts'

export function runCycle(current: Step): void {
  const { state, now, random } = current
  const { options } = state
  state.cycles++
  state.refusals = 0
  state.nextCycleMs = now + shuffleIntervalMs(state.churn, options.shuffleIntervalMs, now)
  if (state.isOut) return
  state.passive.dropOlderThan(now - options.passiveAgeMsMax)
  checkNeighbors(current)
  const neighbor = pick([...state.active.keys()], random)
  if (neighbor !== undefined) sendShuffle(current, neighbor, options.shuffleWalkLength)
  fill(current)
  const failed = state.failed.next()
  if (failed !== undefined) sendProbe(current, failed)
  // Seldom both: of the shuffles of one cycle only the last one's answer is taken.
  const seed = isDue(current, options.seedCycles) ? pickSeed(current) : undefined
  if (seed !== undefined) introduce(current, seed)
  else if (isDue(current, isLost(state) ? 1 : options.seedCycles)) current.effects.push({ kind: 'lookAround' })
  if (isDue(current, options.swapCycles)) swap(current)
}

// Nobody is there, or could still answer.
function isLost({ active, pending, options }: Step['state']): boolean {
  return options.seedCycles > 0 && active.size + pending.size === 0
}

// Often while a node is young, when islands are likely, and ever more seldom until once in `every`; by chance, so that
// nodes that began together do not do it together.
function isDue({ state, random }: Step, every: number): boolean {
  return every > 0 && random.next() * Math.min(state.cycles, every) < 1
}

// Two islands that began from different seeds know nothing of each other otherwise.
function pickSeed({ state, random }: Step): NodeName | undefined {
  return pick(
    state.seeds.filter(node => !state.active.has(node)),
    random,
  )
}

/**
 * Asks a node that may know others: for a way in where there is no neighbour; for its views otherwise, but for a link
 * where it is held for gone: nobody would take up who comes from there before it has shown that it lives.
 */
export function introduce(current: Step, node: NodeName): void {
  const { state } = current
  if (state.isOut || node === state.self.node || state.active.has(node) || state.pending.has(node)) return
  if (state.active.size === 0) request(current, node, 'join')
  else if (state.isGone(node, 0)) request(current, node, 'heal')
  else sendShuffle(current, node, 0)
}

// Also where there is room: an island that is full never asks, and refuses who does not insist.
function swap(current: Step): void {
  const peer = takeCandidate(current)
  if (peer !== undefined) request(current, peer.node, 'swap')
}
