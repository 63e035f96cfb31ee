// `npm run hostile`: every attack of docs/hostile-peers.md, each in an OS process of its own, with what it held.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failed, node, root } from './child.mjs'
import { figureOf, patternOf, rowsOf, withFigures } from './hostile-page.mjs'

/** @typedef {import('./hostile-page.mjs').Held} Held */

const pagePath = join(root, 'docs/hostile-peers.md')

/**
 * `npm run hostile -- [--update] [text in the promise]`
 * @param {string[]} args
 */
export async function runHostile(args) {
  const page = readFileSync(pagePath, 'utf8')
  const wanted = args.filter(arg => arg !== '--update')
  const rows = rowsOf(page).filter(({ promise }) => wanted.every(text => promise.includes(text)))
  const folder = mkdtempSync(join(tmpdir(), 'barrel-actors-hostile-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  /** @type {Map<number, Held[]>} */
  const held = new Map()
  let code = 0
  for (const { line, promise, tests } of rows) {
    /** @type {Held[]} */
    const measured = []
    for (const [index, test] of tests.entries()) {
      const report = join(folder, `${line}-${index}.jsonl`)
      if ((await attack(test, report)) !== 0) code = failed
      measured.push(...readLines(report))
    }
    held.set(line, measured)
    console.log(measured.length === 0 ? `${promise}: no test ran` : `${promise}: ${figureOf(measured)}`)
    if (measured.length === 0) code = failed
  }
  if (args.includes('--update')) writeFileSync(pagePath, withFigures(page, held))
  return code
}

/**
 * @param {import('./hostile-page.mjs').NamedTest} test
 * @param {string} report
 */
function attack({ path, title }, report) {
  // A suite is run by whoever keeps its contract: here by the carrier over QUIC.
  const file = path.endsWith('.suite.ts') ? 'packages/dist-quic/test/carrier-contract.test.ts' : path
  process.env['BARREL_MEMORY'] = report
  const how = [
    '--project',
    'unit',
    '--project',
    'simulation',
    '--project',
    'os-processes',
    '--reporter=minimal',
    '--silent=true',
  ]
  return node(['node_modules/vitest/vitest.mjs', 'run', ...how, file, '-t', patternOf(title)], { quietStdout: true })
}

/**
 * @param {string} file
 * @returns {Held[]}
 */
function readLines(file) {
  try {
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
  } catch {
    // No test of that title ran to its end.
    return []
  }
}
