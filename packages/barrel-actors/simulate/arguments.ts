/** What stands after the name of a scenario. */

export interface SeedsArguments {
  readonly first: number
  readonly last: number
  readonly json: boolean
  /** Each seed is played twice, and has to go the same way. */
  readonly replay: boolean
  /** Nothing follows the first seed that fails. */
  readonly untilFailure: boolean
}

const lastDefault = 1000
const flagNames: ReadonlySet<string> = new Set(['--json', '--replay', '--until-failure'])

/** `[--seed N | --seeds A..B] [--replay] [--until-failure] [--json]`, seeds 1 to 1000 unless told; undefined where they make no sense. */
export function readSeeds(args: readonly string[]): SeedsArguments | undefined {
  let [first, last] = [1, lastDefault]
  const flags = new Set<string>()
  for (let at = 0; at < args.length; at++) {
    if (flagNames.has(args[at] as string)) {
      flags.add(args[at] as string)
      continue
    }
    const value = args[at + 1] ?? ''
    const range = args[at] === '--seed' ? /^(\d+)()$/.exec(value) : /^(\d+)\.\.(\d+)$/.exec(value)
    if (range === null || (args[at] !== '--seed' && args[at] !== '--seeds')) return undefined
    first = Number(range[1])
    last = Number(range[2] || range[1])
    if (first > last || !Number.isSafeInteger(last)) return undefined
    at++
  }
  return {
    first,
    last,
    json: flags.has('--json'),
    replay: flags.has('--replay'),
    untilFailure: flags.has('--until-failure'),
  }
}
