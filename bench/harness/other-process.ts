/** The second OS process of the figures that cross between two. It lives as long as the one that started it. */

import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface OtherProcess<Ready> {
  /** What it said when it was ready: an address, a certificate. */
  readonly ready: Ready
  stop(): Promise<void>
}

/** Starts a program and waits until it calls {@link tellReady}. */
export async function startOther<Ready>(program: URL, args: readonly string[]): Promise<OtherProcess<Ready>> {
  // Where this OS process is profiled, so is the other one, into a file of its own.
  const execArgv = process.execArgv.map(option =>
    option.replace(/^--cpu-prof-name=.*/, '--cpu-prof-name=other.cpuprofile'),
  )
  const child = fork(program, args, { execArgv, stdio: ['ignore', 2, 2, 'ipc'] })
  const ended = once(child, 'exit')
  const message = await Promise.race([once(child, 'message'), ended.then(([code]) => notReady(program, code))])
  return {
    ready: message[0] as Ready,
    stop: async () => {
      child.disconnect()
      await ended
    },
  }
}

function notReady(program: URL, code: unknown): never {
  throw new Error(`${program.pathname} ended with ${code} before it was ready.`)
}

/** In the other program: says that it is ready, and ends it when whoever started it lets go. */
export function tellReady(ready: object): void {
  process.send?.(ready)
  process.once('disconnect', () => process.exit(0))
}
