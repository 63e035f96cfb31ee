// Runs the parts of the suite one after another, and prints the minutes of each beside its budget.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failed, node } from './child.mjs'
import { build, install } from './install.mjs'
import { countReport, failuresOf, noTests, sum, table, verdict } from './test-report.mjs'

/** @typedef {import('./test-report.mjs').PartResult} PartResult */

/** The parts: each is a project of vitest.config.ts. Minutes are what the part may take on two cores. */
const parts = [
  { name: 'unit', title: 'unit and property', minutesMax: 3 },
  { name: 'simulation', title: 'simulation', minutesMax: 4 },
  { name: 'os-processes', title: 'real OS processes', minutesMax: 4 },
  { name: 'rest', title: 'the rest', minutesMax: 2 },
]

/** Titles of what failed, in any part. @type {string[]} */
const failures = []

/**
 * `npm test`, `npm test -- <part>`, `npm test -- <part> <vitest arguments>`.
 * @param {string[]} args
 */
export async function runTests(args) {
  const [name, ...vitestArgs] = args
  const chosen = name === undefined ? parts : parts.filter(part => part.name === name)
  if (chosen.length === 0) {
    console.error(`There is no part "${name}". Use one of: ${parts.map(part => part.name).join(', ')}.`)
    return 2
  }
  const reports = mkdtempSync(join(tmpdir(), 'barrel-actors-test-'))
  // Also when a signal ends the task half-way.
  process.once('exit', () => rmSync(reports, { recursive: true, force: true }))
  /** @type {PartResult[]} */
  const results = []
  const prepared = await timed('install and build', 2, prepare)
  results.push(prepared.result)
  if (prepared.canRun) for (const part of chosen) results.push(await runPart(part, vitestArgs, reports))
  console.log(`\n${table(results)}\n`)
  for (const failure of failures) console.log(`failed: ${failure.replace(`${process.cwd()}/`, '')}`)
  const total = sum(results)
  console.log(verdict(total))
  return total.failed === 0 ? 0 : failed
}

async function prepare() {
  if (!(await install())) return { counts: { ...noTests, failed: 1 }, canRun: false }
  // Most tests run from source: they are still worth running when the build fails.
  return { counts: (await build()) ? noTests : { ...noTests, failed: 1 }, canRun: true }
}

/**
 * @param {{ name: string, title: string, minutesMax: number }} part
 * @param {string[]} vitestArgs
 * @param {string} reports the folder for what the JSON reporter writes
 */
async function runPart(part, vitestArgs, reports) {
  console.log(`\n${part.title}`)
  const report = join(reports, `${part.name}.json`)
  const { result } = await timed(part.title, part.minutesMax, () => runVitest(part.name, vitestArgs, report))
  return result
}

/**
 * @param {string} project
 * @param {string[]} vitestArgs
 * @param {string} report
 */
async function runVitest(project, vitestArgs, report) {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const code = await node(['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters, ...vitestArgs])
  const read = readJSON(report)
  failures.push(...failuresOf(read))
  return { counts: countReport(read, code), canRun: true }
}

/** @param {string} file */
function readJSON(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    // vitest died before it could write one.
    return undefined
  }
}

/**
 * @param {string} title
 * @param {number} minutesMax
 * @param {() => Promise<{ counts: import('./test-report.mjs').Counts, canRun: boolean }>} run
 */
async function timed(title, minutesMax, run) {
  const started = performance.now()
  const { counts, canRun } = await run()
  const minutes = (performance.now() - started) / 60_000
  return { result: { title, minutes, minutesMax, ...counts }, canRun }
}
