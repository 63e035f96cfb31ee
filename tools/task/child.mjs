// Child processes of a task: started in the project's root, ended with the task.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Exit code of a task that could not do what it is for. */
export const failed = 1

const graceMs = 5_000

/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set()
/** @type {NodeJS.Signals | undefined} */
let stopping

/**
 * Runs `node ...args` and resolves to its exit code.
 * @param {string[]} args
 * @param {{ quietStdout?: boolean }} [options] `quietStdout` sends its stdout to our stderr.
 * @returns {Promise<number>}
 */
export function node(args, { quietStdout = false } = {}) {
  return run(process.execPath, args, quietStdout, false)
}

/**
 * Runs `npm ...args`, with its stdout on our stderr.
 * @param {string[]} args
 */
export function npm(args) {
  // The npm that started this task, where one did: it need not be the first on the path.
  const started = process.env['npm_execpath']
  if (started?.endsWith('npm-cli.js')) return run(process.execPath, [started, ...args], true, false)
  return run('npm', args, true, process.platform === 'win32')
}

/** Ends the children, then the task, when the task is told to end. */
export function stopWithChildren() {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => stop(signal))
}

/** @param {NodeJS.Signals} signal */
function stop(signal) {
  if (stopping === undefined && children.size > 0) {
    stopping = signal
    // A terminal has sent Ctrl-C to the children already, and some take a second one for impatience.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) for (const child of children) child.kill(signal)
    setTimeout(killAll, graceMs).unref()
    return
  }
  killAll()
  process.exit(128 + constants.signals[signal])
}

function killAll() {
  for (const child of children) child.kill('SIGKILL')
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {boolean} quietStdout
 * @param {boolean} shell
 * @returns {Promise<number>}
 */
function run(command, args, quietStdout, shell) {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: root, shell, stdio: ['inherit', quietStdout ? 2 : 'inherit', 'inherit'] })
    children.add(child)
    child.once('error', error => {
      children.delete(child)
      console.error(`${command} could not be started: ${error.message}`)
      resolve(failed)
    })
    child.once('exit', (code, signal) => {
      children.delete(child)
      // Told to end: nothing that comes after this child in the task may still run.
      if (stopping !== undefined) process.exit(128 + constants.signals[stopping])
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM'])
    })
  })
}
