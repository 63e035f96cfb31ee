/** Runs one arm in an OS process of its own, so that neither compiled code nor heap leaks from one to the next. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const armProgram = fileURLToPath(new URL('./arm.js', import.meta.url))
const armMsMax = 180_000

/** @throws where the arm fails or takes too long */
export async function runArm(figure: string, arm: string, nodeOptions: readonly string[] = []): Promise<number | null> {
  const child = fork(armProgram, [figure, arm], {
    execArgv: ['--expose-gc', ...nodeOptions],
    // What an arm prints is for the person who looks on: stdout belongs to the rows.
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), armMsMax)
  let reading: number | null | undefined
  child.once('message', message => {
    reading = (message as { reading: number | null }).reading
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(timer)
  if (reading === undefined) throw new Error(`${arm} of ${figure} measured nothing: ${endOf(child, code)}.`)
  return reading
}

function endOf(child: ChildProcess, code: number | null): string {
  return child.killed ? `it was stopped after ${armMsMax / 1_000} s` : `it ended with ${code ?? child.signalCode}`
}
