/** What `npm run simulate -- overlay` is told. */
import { isLatencyModel, type LatencyModel } from './latency.ts'

export type JoinWay = 'single' | 'random' | 'parallel'

export interface OverlayArguments {
  readonly nodes: number
  readonly seed: number
  readonly join: JoinWay
  /** Percent of the nodes that die at once. */
  readonly fail: number
  /** As the papers measure: announcements at once, no tree optimisation, no swaps, constant latency, one broadcast at a time. */
  readonly paper: boolean
  readonly json: boolean
  /** Each node has a failure detector and the list of all: no more than a few thousand nodes, each has a table of them. */
  readonly members: boolean
  readonly latency: LatencyModel
  readonly cycles: number
  readonly broadcasts: number
  /** Minutes of a split in two halves, measured after the rest; 0 for none. */
  readonly split: number
  /** Cycles at the end in which nobody says anything, to see what an idle node sends. */
  readonly idle: number
}

export const usage =
  'overlay [--nodes N] [--seed S] [--join single|random|parallel] [--fail PERCENT] [--paper] [--latency constant|lan|wan] ' +
  '[--cycles N] [--broadcasts N] [--split MINUTES] [--idle CYCLES] [--members] [--json]'

const defaults: OverlayArguments = {
  nodes: 1_000,
  seed: 1,
  join: 'single',
  fail: 0,
  paper: false,
  json: false,
  members: false,
  latency: 'constant',
  cycles: 50,
  broadcasts: 1_000,
  split: 0,
  idle: 0,
}

const counts = {
  nodes: [2, 100_000],
  seed: [0, 2 ** 32],
  fail: [0, 99],
  cycles: [0, 10_000],
  broadcasts: [0, 100_000],
  split: [0, 1_440],
  idle: [0, 1_000],
} as const

/** Undefined where they make no sense. */
export function readArguments(args: readonly string[]): OverlayArguments | undefined {
  const given: Record<string, unknown> = {}
  for (let at = 0; at < args.length; at++) {
    const name = (args[at] as string).replace(/^--/, '')
    if (name === 'paper' || name === 'json' || name === 'members') {
      given[name] = true
      continue
    }
    const value = parsed(name, args[++at] ?? '')
    if (value === undefined) return undefined
    given[name] = value
  }
  return { ...defaults, ...given }
}

function parsed(name: string, text: string): unknown {
  if (name === 'join') return ['single', 'random', 'parallel'].includes(text) ? text : undefined
  if (name === 'latency') return isLatencyModel(text) ? text : undefined
  if (!Object.hasOwn(counts, name) || !/^\d+$/.test(text)) return undefined
  const [least, most] = counts[name as keyof typeof counts]
  const count = Number(text)
  return count >= least && count <= most ? count : undefined
}
