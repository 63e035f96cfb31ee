/** The options of a simulation and of its network, and their defaults. */

import type { Clock, NodeName, NodeOptions, Random } from '@barrel-actors/runtime'

/** A node, or its name. */
export type NodeRef = NodeName | { readonly name: NodeName }

/** How long one packet is under way: a number of milliseconds, or a function that draws one for each packet. */
export type Delay = number | ((random: Random) => number)

export interface NetworkOptions {
  /** From one node to another. Packets between two nodes keep their order whatever it says. */
  readonly delayMs?: Delay
  /** How long a dial waits for an answer. */
  readonly dialTimeoutMs?: number
  /** How long a node takes to notice that the other end of a channel is lost. */
  readonly detectionMs?: number
  /** `send` returns false while more than this waits for one node. */
  readonly queueBytesHigh?: number
  /** A channel with more than this waiting is closed. */
  readonly queueBytesMax?: number
  /** Default: the machine's own time. */
  readonly clock?: Clock
  /** What `delayMs` draws from. Default: seed 1. */
  readonly random?: Random
  /** Is told what happens on the network, a line at a time. */
  readonly note?: (node: NodeName, what: string) => void
}

export const networkDefaults = {
  delayMs: 1, // chosen: a local network, rounded up so that it shows in traces
  dialTimeoutMs: 5000, // chosen: as long as a handshake may take over a bad line
  detectionMs: 5000, // chosen: the idle time after which a carrier over UDP gives up
  queueBytesHigh: 1024 * 1024, // as OTP's dist_buf_busy_limit
  queueBytesMax: 64 * 1024 * 1024, // one largest signal
} as const

export interface SimulationOptions {
  /** The same seed gives the same run. Default 1. */
  readonly seed?: number
  /** What wall clocks show at the start. */
  readonly wallMs?: number
  /** The network between the nodes; its clock, its chance and its notes are the simulation's. */
  readonly network?: Omit<NetworkOptions, 'clock' | 'random' | 'note'>
  /** Turns and timers at one virtual time before the run fails as a livelock. Default: see `limits`. */
  readonly instantTurnsMax?: number
}

export interface SimulatedNodeOptions extends NodeOptions {
  readonly name: NodeName
  /** A tool, which is in nobody's list of nodes. Default false. */
  readonly hidden?: boolean
}

export interface WithinOptions {
  /** Virtual milliseconds. */
  readonly withinMs?: number
}

export const simulationDefaults = {
  seed: 1, // chosen: any will do, as long as it stays
  wallMs: Date.UTC(2026, 0, 1), // chosen: a date that looks like one in logs
  withinMs: 60_000, // chosen: longer than every default time-out of the runtime
} as const

export function nameOf(node: NodeRef): NodeName {
  return typeof node === 'string' ? node : node.name
}
