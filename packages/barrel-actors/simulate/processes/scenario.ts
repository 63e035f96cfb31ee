/**
 * Processes of random programs on three to sixteen nodes: they send, link, monitor, call, end each other and come anew,
 * while channels break and nodes crash. What each of them sees must be what Erlang promises.
 */

import type { World } from '@barrel-actors/simulation'
import type { Scenario } from '../scenario.ts'
import { Moves } from './moves.ts'
import { Onlooker } from './onlooker.ts'
import { checkCalm, checkEnd } from './settled.ts'
import { Troupe } from './troupe.ts'

const moveMsMax = 60
// Longer than the detection time of both sides, one after the other, and a call's longest wait.
const calmMs = 22_000

async function play(world: World): Promise<void> {
  const onlooker = new Onlooker(world)
  const troupe = new Troupe(world, onlooker)
  const moves = new Moves(world, onlooker, troupe)
  world.eachNode(node => troupe.open(node))
  while (world.nowMs < world.faultsMs) {
    moves.one()
    await world.pass(world.random.next() * moveMsMax)
  }
  await world.calm(calmMs)
  checkCalm(world, onlooker)
  for (const { node, pid } of onlooker.living) node.exit(pid, 'kill')
  await world.pass(1_000)
  checkEnd(world, onlooker)
}

/** Each must be seen in some run. */
const sometimes = [
  'message',
  'message lost with its channel',
  'message to the dead',
  'message before the down',
  'down: noproc',
  'down: noconnection',
  'down: killed',
  'down: boom',
  'down: shutdown',
  'exit message: noproc',
  'exit message: noconnection',
  'exit message: normal',
  'exit message: boom',
  'link: set anew while it is removed',
  'demonitor with the down in the mailbox',
  'call: replied',
  'call: E_CALL_TIMEOUT',
  'call: E_CALL_EXIT',
  'call: E_NO_CONNECTION',
  'channel: lost',
  'channel: dialed anew',
  'channel: not answered',
  'packet: twice',
  'packet: held up',
  'packet: lost and sent again',
  'packet: lost with its channel',
  'disk: a sync failed, old bytes',
  'disk: a sync failed, new bytes',
  'fault: split',
  'fault: crash',
  'fault: restart',
  'fault: restart failed',
  'fault: oneWayCut',
  'fault: clog',
  'fault: pause',
  'fault: slow',
  'fault: clockJump',
] as const

export const scenario: Scenario = {
  nodes: [3, 16],
  // A node writes little, when it starts: so that some of it fails all the same.
  ranges: { syncFailureRate: [0, 0.7] },
  sometimes,
  play,
}
