/**
 * Whole nodes with membership, three to sixteen of them: they come by contacts and by discovery, broadcast, leave, come
 * back and crash, while the network splits and loses. What their processes are told must be true, and once nothing goes
 * wrong any more they must be one overlay again.
 */

import { detectorDefaults, membership } from '@barrel-actors/membership'
import type { World } from '@barrel-actors/simulation'
import type { Scenario } from '../scenario.ts'
import { Inspector } from './inspector.ts'
import { Moves } from './moves.ts'
import { Onlooker } from './onlooker.ts'
import { optionsOf, type Plan, planOf } from './plan.ts'
import { sometimes } from './points.ts'
import { checkHeard, checkKilled, checkTree, checkWhole } from './settled.ts'
import { Wire } from './wire.ts'

const moveMsMax = 600
/** From a kill until everybody takes the node for gone, with the default times. */
const goneMsMax = 40_000

/** A word of an old split goes round with the exchanges, and whoever it is about has to hear it. */
function refuteMsOf({ detector, plumtree }: Plan): number {
  return detector.suspicionMaxMs * 1.5 + detector.exchangeIntervalMs * 2 + plumtree.loneGapMs
}

async function play(world: World): Promise<void> {
  const plan = planOf(world.seed, world.names)
  const onlooker = new Onlooker(world, refuteMsOf(plan))
  const wire = new Wire(world, onlooker, plan)
  const moves = new Moves(world, onlooker)
  world.eachNode(node => moves.open(node))
  new Inspector(world, onlooker, plan)
  while (world.nowMs < world.faultsMs) {
    moves.one()
    onlooker.members.look()
    await world.pass(world.random.next() * moveMsMax)
  }
  await world.calm(0)
  await moves.bringContactsBack()
  await checkWhole(world, onlooker)
  await checkHeard(world, onlooker, Math.max(plan.plumtree.loneGapMs, plan.plumtree.gapMs))
  await checkTree(world, onlooker, wire)
  await checkKilled(world, onlooker, goneMsMax * (plan.detector.probeIntervalMs / detectorDefaults.probeIntervalMs))
}

export const scenario: Scenario = {
  nodes: [3, 16],
  node: place => ({ extensions: [membership(optionsOf(place))] }),
  sometimes,
  play,
}
