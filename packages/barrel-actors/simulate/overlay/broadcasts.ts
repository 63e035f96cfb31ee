/** Broadcasts, one after another, and what became of each. */
import type { OverlayNetwork, OverlayNode } from './network.ts'

export interface Outcome {
  /** Of the living nodes, how many got it: 1 is all. */
  readonly reliability: number
  /** Payloads that were sent. */
  readonly payloads: number
  /** Announcements, requests and prunes that were sent. */
  readonly control: number
  /** Payloads beyond one for each node that got it, for each of these. */
  readonly redundancy: number
  /** Milliseconds until the last node had it. */
  readonly lastDeliveryMs: number
}

const payload = new Uint8Array(16)

/** What is under way when the last node has it is watched for so long; longer than any way takes. */
const quietMs = 200
/** Time to ask several neighbours for what did not come. */
const repairMs = 4_000

/** One broadcast from a random living node, watched until all have it, or nobody asks for it any more. */
export function broadcastOnce(network: OverlayNetwork, living: readonly OverlayNode[]): Outcome {
  const { traffic, random } = network
  const before = { ...traffic }
  const source = living[Math.floor(random.next() * living.length)] as OverlayNode
  const startMs = network.nowMs
  let reached = 0
  let lastMs = startMs
  network.delivered = (_, { origin, creation }) => {
    if (origin !== source.name || creation !== 1) return
    reached++
    lastMs = network.nowMs
  }
  source.overlay.broadcast('overlay', payload)
  network.run(quietMs)
  while (reached < living.length && network.nowMs - startMs < repairMs) network.run(quietMs)
  if (network.nowMs - lastMs < quietMs) network.run(quietMs)
  network.delivered = () => {}
  const payloads = traffic.payloads - before.payloads
  return {
    reliability: reached / living.length,
    payloads,
    control: traffic.control - before.control,
    // As in the Plumtree paper: m / (n - 1) - 1.
    redundancy: reached <= 1 ? 0 : payloads / (reached - 1) - 1,
    lastDeliveryMs: lastMs - startMs,
  }
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
