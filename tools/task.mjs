// The one entry behind every npm script. Runs before anything is installed, so it uses nothing but Node itself.
import './task/node-version.mjs'
import { runCheck } from './task/check.mjs'
import { failed, node, stopWithChildren } from './task/child.mjs'
import { runFuzz } from './task/fuzz.mjs'
import { runHostile } from './task/hostile.mjs'
import { build, install } from './task/install.mjs'
import { runTests } from './task/test.mjs'

stopWithChildren()

/** @type {Record<string, (args: string[]) => Promise<number>>} */
const tasks = {
  setup: () => prepare(),
  build: () => prepare(),
  demo: args => runBuilt('examples/dist/three-nodes/demo.js', args),
  bench: args => runBuilt('bench/dist/main.js', args),
  check: async () => ((await install()) ? await runCheck() : failed),
  test: args => runTests(args),
  simulate: args =>
    args[0] === 'planted'
      ? simulatePlanted(args.slice(1))
      : runBuilt('packages/barrel-actors/simulate/dist/main.js', args, simulateFlags),
  fuzz: async args => ((await install()) ? await runFuzz(args) : failed),
  hostile: async args => ((await prepare()) === 0 ? await runHostile(args) : failed),
}

/**
 * Ten thousand overlays take as much as Node allows itself by default, and it would collect garbage all the time; most of
 * what they make stays for a while, which the larger space for young objects copies once instead of twice.
 */
const simulateFlags = ['--max-old-space-size=6144', '--max-semi-space-size=128']

/** Installs and builds; what either says goes to stderr, so that a task's own output has stdout for itself. */
async function prepare() {
  return (await install()) && (await build()) ? 0 : failed
}

/** @param {string[]} args */
async function simulatePlanted(args) {
  if ((await prepare()) !== 0) return failed
  // It needs what is installed.
  const { runPlanted } = await import('./task/planted.mjs')
  return runPlanted(args)
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {string[]} [flags] Of Node itself.
 */
async function runBuilt(file, args, flags = []) {
  const code = await prepare()
  return code === 0 ? await node([...flags, file, ...args]) : code
}

const [name = '', ...args] = process.argv.slice(2)
const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined
if (task === undefined) {
  console.error(`There is no task "${name}". Use one of: ${Object.keys(tasks).join(', ')}.`)
  process.exitCode = 2
} else {
  process.exitCode = await task(args)
}
