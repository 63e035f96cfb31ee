/**
 * `npm run bench`: our figures beside those of the systems a user would pick instead.
 * Rows go to stdout, everything else to stderr.
 */

import { figures } from './figures/all.ts'
import { type BenchArguments, parseArguments, selectFigures, UsageError } from './harness/arguments.ts'
import type { Figure } from './harness/figure.ts'
import { measure } from './harness/measure.ts'
import { profileOurs } from './harness/profile.ts'
import { type Row, rowOf } from './harness/row.ts'
import { tableOf } from './harness/table.ts'

async function run({ prefixes, json, runs, profile }: BenchArguments): Promise<void> {
  const names = selectFigures(Object.keys(figures), prefixes)
  if (profile) return runProfiles(names)
  const rows: Row[] = []
  for (const name of names) {
    const figure = await load(name)
    const row = rowOf(figure, await measure(figure, runs, line => console.error(line)))
    rows.push(row)
    if (json) console.log(JSON.stringify(row))
  }
  if (!json) console.log(tableOf(rows))
}

async function runProfiles(names: readonly string[]): Promise<void> {
  for (const name of names) console.log(`${await profileOurs(name)}\n`)
}

async function load(name: string): Promise<Figure> {
  const figure = await figures[name]?.()
  if (figure?.name !== name) throw new Error(`The figure listed as ${name} is called ${figure?.name}.`)
  return figure
}

try {
  await run(parseArguments(process.argv.slice(2)))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
