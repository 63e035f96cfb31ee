/** `[--seed N | --seeds A..B] [--replay] [--json]`: plays a scenario with those seeds, and says what came of it. */

import { type RunResult, type SeedsReport, seedsFrom, simulate, simulateSeeds } from '@barrel-actors/simulation'
import { readSeeds, type SeedsArguments } from './arguments.ts'
import type { Scenario } from './scenario.ts'

const usage =
  'Use --seed N or --seeds A..B, --replay to play each twice, --until-failure to stop at the first that fails, and --json for lines of JSON.'

export async function runSeeds(name: string, scenario: Scenario, args: readonly string[]): Promise<number> {
  const asked = readSeeds(args)
  if (asked === undefined) {
    console.error(usage)
    return 2
  }
  if (asked.replay) return replaySeeds(name, scenario, asked)
  const startedMs = performance.now()
  const isOne = asked.first === asked.last
  let hasFailed = false
  const report = await simulateSeeds(
    {
      ...scenario,
      seeds: seedsOf(asked, () => hasFailed),
      // One seed need not reach everything.
      sometimes: isOne || asked.untilFailure ? [] : scenario.sometimes,
      command: `npm run simulate -- ${name}`,
      onRun: result => tellRun(result, asked, isOne),
      onFailure: failure => {
        hasFailed = true
        console.error(failure.message)
      },
    },
    world => scenario.play(world),
  )
  tell(name, report, (performance.now() - startedMs) / 1000, asked)
  return report.failedSeeds.length + report.missing.length === 0 ? 0 : 1
}

const progressEvery = 100

/** Each is asked for when the ones before are over. */
function* seedsOf({ first, last, untilFailure, json }: SeedsArguments, hasFailed: () => boolean): Generator<number> {
  for (const seed of seedsFrom(first, last)) {
    if (hasFailed() && untilFailure) return
    const played = seed - first
    if (!json && played > 0 && played % progressEvery === 0)
      console.log(`${played} of ${last - first + 1} seeds played`)
    yield seed
  }
}

/** Plays each seed twice: both runs have to go the same way, line by line. */
async function replaySeeds(name: string, scenario: Scenario, { first, last }: SeedsArguments): Promise<number> {
  const play = scenario.play.bind(scenario)
  const differing: number[] = []
  for (const seed of seedsFrom(first, last)) {
    const [one, other] = [await simulate({ ...scenario, seed }, play), await simulate({ ...scenario, seed }, play)]
    if (one.traceHash !== other.traceHash) differing.push(seed)
  }
  const count = last - first + 1
  console.log(`${name}: ${count - differing.length} of ${count} seeds replay with the same trace`)
  if (differing.length > 0) console.log(`went another way: ${differing.join(', ')}`)
  return differing.length === 0 ? 0 : 1
}

function tellRun(result: RunResult, { json }: SeedsArguments, isOne: boolean): void {
  if (!isOne) return
  const { seed, traceHash, virtualMs, nodes, reached } = result
  if (json) console.log(JSON.stringify({ seed, traceHash, virtualMs, nodes, reached: Object.fromEntries(reached) }))
  else console.log(`seed ${seed}: ${nodes} nodes, ${Math.round(virtualMs / 1000)} virtual s, trace ${traceHash}`)
}

function tell(name: string, report: SeedsReport, seconds: number, { json }: SeedsArguments): void {
  const { runs, failedSeeds, virtualMs, reached, missing } = report
  const virtualPerReal = virtualMs / 1000 / seconds
  if (json) {
    const counts = Object.fromEntries([...reached].sort())
    console.log(
      JSON.stringify({ scenario: name, runs, failedSeeds, seconds, virtualPerReal, missing, reached: counts }),
    )
    return
  }
  const failed = failedSeeds.length === 0 ? 'none failed' : `failed: ${failedSeeds.join(', ')}`
  console.log(`${name}: ${runs} seeds, ${failed}, ${Math.round(virtualPerReal)} virtual seconds in one real one`)
  if (missing.length > 0) console.log(`never reached: ${missing.join(', ')}`)
}
