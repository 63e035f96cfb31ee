/** Broadcasts from random nodes, and what became of each. */
import type { Delivery } from '@barrel-actors/membership'
import type { OverlayNetwork, OverlayNode } from './network.ts'

export interface Outcome {
  /** Of the living nodes, how many got it: 1 is all. */
  readonly reliability: number
  /** Payloads that were sent. */
  readonly payloads: number
  /** Payloads beyond one for each node that got it, for each of these. */
  readonly redundancy: number
  /** Hops, and milliseconds, to the last node that got it. */
  readonly lastDeliveryHop: number
  readonly lastDeliveryMs: number
}

export interface Measured {
  readonly outcomes: readonly Outcome[]
  /** Announcements, requests and prunes that were sent, for each broadcast: one message may be for several. */
  readonly controlPerBroadcast: number
}

interface Watched {
  readonly startMs: number
  reached: number
  payloads: number
  lastHop: number
  lastMs: number
}

/** What is under way when the last node has it is watched for so long; longer than any way takes. */
const quietMs = 200
/** Time to ask several neighbours for what did not come, in waits for one. */
const repairWaits = 8

/** So many broadcasts, one at a time or one every few milliseconds, watched until all have them, or nobody asks for them any more. */
export function broadcastMany(network: OverlayNetwork, count: number, everyMs: number | 'one at a time'): Measured {
  const living = network.living
  const controlBefore = network.traffic.control
  const outcomes: Outcome[] = []
  if (everyMs === 'one at a time') {
    for (let sent = 0; sent < count; sent++) outcomes.push(...watch(network, living, 1, 0))
  } else {
    outcomes.push(...watch(network, living, count, everyMs))
  }
  return { outcomes, controlPerBroadcast: count === 0 ? 0 : (network.traffic.control - controlBefore) / count }
}

function watch(
  network: OverlayNetwork,
  living: readonly OverlayNode[],
  count: number,
  everyMs: number,
): readonly Outcome[] {
  // A payload is the same object all the way.
  const byPayload = new Map<Uint8Array, Watched>()
  network.pushed = (payload, receivers) => {
    const broadcast = byPayload.get(payload)
    if (broadcast !== undefined) broadcast.payloads += receivers
  }
  network.delivered = (node, delivery) => {
    const broadcast = byPayload.get(delivery.payload)
    if (broadcast !== undefined) note(broadcast, node, delivery, network.nowMs)
  }
  for (let sent = 0; sent < count; sent++) {
    if (sent > 0) network.run(everyMs)
    const payload = new Uint8Array(16)
    byPayload.set(payload, { startMs: network.nowMs, reached: 0, payloads: 0, lastHop: 0, lastMs: network.nowMs })
    const source = living[Math.floor(network.random.next() * living.length)] as OverlayNode
    source.overlay.broadcast('overlay', payload)
  }
  const all = [...byPayload.values()]
  awaitQuiet(network, all, living)
  network.pushed = () => {}
  network.delivered = () => {}
  return all.map(broadcast => outcomeOf(broadcast, living.length))
}

function note(broadcast: Watched, { overlay }: OverlayNode, { origin }: Delivery, nowMs: number): void {
  broadcast.reached++
  broadcast.lastHop = Math.max(broadcast.lastHop, overlay.tree.origins.get(origin)?.round ?? 0)
  broadcast.lastMs = nowMs
}

function awaitQuiet(network: OverlayNetwork, all: readonly Watched[], living: readonly OverlayNode[]): void {
  const repairMs = repairWaits * (living[0] as OverlayNode).overlay.tree.options.graftDelayMs
  const sentMs = network.nowMs
  network.run(quietMs)
  while (network.nowMs - sentMs < repairMs && all.some(({ reached }) => reached < living.length)) network.run(quietMs)
  if (all.some(({ lastMs }) => network.nowMs - lastMs < quietMs)) network.run(quietMs)
}

function outcomeOf({ startMs, reached, payloads, lastHop, lastMs }: Watched, nodes: number): Outcome {
  return {
    reliability: reached / nodes,
    payloads,
    // As in the Plumtree paper: m / (n - 1) - 1.
    redundancy: reached <= 1 ? 0 : payloads / (reached - 1) - 1,
    lastDeliveryHop: lastHop,
    lastDeliveryMs: lastMs - startMs,
  }
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
