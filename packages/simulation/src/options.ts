/** The options of a simulation and of its network, and their defaults. */

import type { Clock, NodeName, NodeOptions, Random, Signal } from '@barrel-actors/runtime'
import type { Delay } from './delays.ts'

/** A node, or its name. */
export type NodeRef = NodeName | { readonly name: NodeName }

/**
 * What happens to packets from one node to another. Whatever it says, those of one flow of a live channel come once
 * and in the order sent: what is lost comes later, and what cannot come within the detection time takes its channel along.
 */
export interface WayOptions {
  readonly delayMs: Delay
  /** How many of all packets are lost, from 0 to 1. Each is sent again. */
  readonly lossRate: number
  /** After how long a lost packet is sent again; each further time takes twice as long. */
  readonly retransmitMs: number
  /** How many go twice. The copy that is there first counts. */
  readonly duplicationRate: number
  /** How many are held up, by at most `reorderMsMax`, so that those of other flows overtake them. */
  readonly reorderRate: number
  readonly reorderMsMax: number
}

export interface CutOptions {
  /** Whether it is only about what goes from the first to the second. Default false. */
  readonly oneWay?: boolean
}

export interface NetworkOptions extends Partial<WayOptions> {
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
  /** What the fates of packets are drawn from. Default: seed 1. */
  readonly random?: Random
  /** Is told what happens on the network, a line at a time. */
  readonly note?: (node: NodeName, what: string) => void
  /** Is told of each signal that arrives, before its node takes it. */
  readonly arrived?: Arrived
}

/** A signal of one node has come to another. It belongs to the node: whoever looks at it changes nothing. */
export type Arrived = (from: NodeName, to: NodeName, signal: Signal) => void

export const wayDefaults: WayOptions = {
  delayMs: 1, // chosen: a local network, rounded up so that it shows in traces
  lossRate: 0, // chosen: faults come when asked for
  retransmitMs: 50, // chosen: about what a probe time-out of RFC 9002 comes to on a fast network
  duplicationRate: 0,
  reorderRate: 0,
  reorderMsMax: 500, // TigerBeetle's and our own range of jitter
}

export const networkDefaults = {
  ...wayDefaults,
  dialTimeoutMs: 5000, // chosen: as long as a handshake may take over a bad line
  detectionMs: 5000, // chosen: the idle time after which a carrier over UDP gives up
  queueBytesHigh: 1024 * 1024, // as OTP's dist_buf_busy_limit
  queueBytesMax: 64 * 1024 * 1024, // one largest signal
} as const

export const networkOptionNames: readonly string[] = [
  ...Object.keys(networkDefaults),
  ...(['clock', 'random', 'note', 'arrived'] satisfies (keyof NetworkOptions)[]),
]

export interface SimulationOptions {
  /** The same seed gives the same run. Default 1. */
  readonly seed?: number
  /** What wall clocks show at the start. */
  readonly wallMs?: number
  /** The network between the nodes; its clock, its chance and its notes are the simulation's. */
  readonly network?: Omit<NetworkOptions, 'clock' | 'random' | 'note' | 'arrived'>
  /** Is told each line of the trace when it is written: the node, and what happened. */
  readonly note?: (node: NodeName, what: string) => void
  /** Is told of each signal that arrives at a node, before the node takes it. */
  readonly arrived?: Arrived
  /** Runs after every event: each timer and each round of turns. What it throws ends the run. */
  readonly check?: () => void
  /** Turns and timers at one virtual time before the run fails as a livelock. Default: see `limits`. */
  readonly instantTurnsMax?: number
}

export const simulationOptionNames: readonly string[] = [
  'seed',
  'wallMs',
  'network',
  'note',
  'arrived',
  'check',
  'instantTurnsMax',
] satisfies (keyof SimulationOptions)[]

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
