/** A bad network in an OS process of its own: `lossy-relay-process.js <port of a target> …` stands before each of them. */

import { badNetwork } from '../workload.ts'
import { LossyRelay } from './lossy-relay.ts'
import { tellReady } from './other-process.ts'

/** What it says when it is ready: the ports to send to, in the order of the targets. */
export interface RelaysReady {
  readonly ports: readonly number[]
}

const relays = await Promise.all(
  process.argv.slice(2).map((port, index) => LossyRelay.open(Number(port), badNetwork, index + 1)),
)
tellReady({ ports: relays.map(({ port }) => port) } satisfies RelaysReady)
