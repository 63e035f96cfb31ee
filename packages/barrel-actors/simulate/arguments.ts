/** What stands after the name of a scenario. */

export interface SeedsArguments {
  readonly first: number
  readonly last: number
  readonly json: boolean
  /** Each seed is played twice, and has to go the same way. */
  readonly replay: boolean
}

const lastDefault = 1000

/** `[--seed N | --seeds A..B] [--replay] [--json]`, seeds 1 to 1000 unless told; undefined where they make no sense. */
export function readSeeds(args: readonly string[]): SeedsArguments | undefined {
  let [first, last, json, replay] = [1, lastDefault, false, false]
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '--json' || args[at] === '--replay') {
      json ||= args[at] === '--json'
      replay ||= args[at] === '--replay'
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
  return { first, last, json, replay }
}
