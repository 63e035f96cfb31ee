// Everything that reads the code and does not run it: types, lint and format, house rules.
import { failed, node } from './child.mjs'

/** @type {[title: string, args: string[]][]} */
const checks = [
  ['types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.check.json']],
  ['lint and format', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']],
  ['house rules', ['node_modules/vitest/vitest.mjs', 'run', '--project', 'rest', 'tools']],
]

/** Runs every check even when an earlier one fails, and says at the end which did. */
export async function runCheck() {
  const wrong = []
  for (const [title, args] of checks) {
    console.log(`\n${title}`)
    if ((await node(args)) !== 0) wrong.push(title)
  }
  console.log(wrong.length === 0 ? '\nEvery check passed.' : `\nNot passed: ${wrong.join(', ')}.`)
  return wrong.length === 0 ? 0 : failed
}
