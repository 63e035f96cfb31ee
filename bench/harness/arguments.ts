/** The command line of the benchmark. */

import { parseArgs } from 'node:util'

export interface BenchArguments {
  /** Figures whose name begins with one of them; all, where there is none. */
  readonly prefixes: readonly string[]
  readonly json: boolean
  readonly runs: number
  readonly profile: boolean
}

/** What is wrong with the command line, in one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const runsDefault = 5
const usage = 'Use: npm run bench -- [name prefix …] [--json] [--runs N] [--profile]'

/** @throws UsageError */
export function parseArguments(args: readonly string[]): BenchArguments {
  const { values, positionals } = parse(args)
  const { json = false, profile = false, runs = String(runsDefault) } = values
  if (!/^[1-9]\d{0,3}$/.test(runs))
    throw new UsageError(`--runs ${runs} is not a number of runs from 1 to 9999. ${usage}`)
  if (json && profile) throw new UsageError(`--profile prints no JSON: leave --json out. ${usage}`)
  return { prefixes: positionals, json, runs: Number(runs), profile }
}

function parse(args: readonly string[]) {
  const options = { json: { type: 'boolean' }, profile: { type: 'boolean' }, runs: { type: 'string' } } as const
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    // Node goes on to explain how positional arguments may begin with a dash: no use here.
    const [problem] = (error as Error).message.split(/\.(?: |$)|\n/)
    throw new UsageError(`${problem}. ${usage}`)
  }
}

/** The figures that the prefixes select, in the order of the list. @throws UsageError */
export function selectFigures(names: readonly string[], prefixes: readonly string[]): string[] {
  const unknown = prefixes.find(prefix => !names.some(name => name.startsWith(prefix)))
  if (unknown !== undefined) {
    throw new UsageError(`No figure begins with "${unknown}". There are: ${names.join(', ')}.`)
  }
  return names.filter(name => prefixes.length === 0 || prefixes.some(prefix => name.startsWith(prefix)))
}
