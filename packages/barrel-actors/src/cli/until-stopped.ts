/** How a command that runs a node ends: by a signal, because the node stopped, or by an error that nobody caught. */

import { constants } from 'node:os'
import type { Node } from '@barrel-actors/runtime'
import { commandLineError } from '../errors.ts'
import { errorText, exitCode, problemOf } from './print-error.ts'

/**
 * Resolves to the exit code once the node has stopped. The first signal stops it; a second one ends the OS process
 * at once, with 130 for SIGINT and 143 for SIGTERM.
 */
export function untilStopped(node: Node, signals: readonly NodeJS.Signals[]): Promise<number> {
  return new Promise(resolve => {
    for (const signal of signals) {
      process.on(signal, () => {
        if (node.isStopping) process.exit(128 + constants.signals[signal])
        void stopNode(node).then(resolve)
      })
    }
    // The module may stop the node by itself.
    node.signal.addEventListener('abort', () => {
      if (node.isStopping) void stopNode(node).then(resolve)
    })
  })
}

/** The wait for a signal. */
export interface Interruption {
  /** Resolves at the first of the signals to its exit code: 143 for SIGTERM, 130 for SIGINT, 129 for SIGHUP. */
  readonly exitCode: Promise<number>
  /** Runs what may block the event loop. Meanwhile a signal ends the OS process by itself: no handler could run. */
  letSignalsEnd<Result>(run: () => Result): Result
}

/** Listens to the signals. A second one ends the OS process at once, with the same exit code. */
export function untilInterrupted(signals: readonly NodeJS.Signals[]): Interruption {
  let interrupt!: (code: number) => void
  const exitCode = new Promise<number>(resolve => {
    interrupt = resolve
  })
  let isInterrupted = false
  const onSignal = (signal: NodeJS.Signals) => {
    const code = 128 + constants.signals[signal]
    if (isInterrupted) process.exit(code)
    isInterrupted = true
    interrupt(code)
  }
  const listen = () => signals.forEach(signal => void process.on(signal, onSignal))
  listen()
  return {
    exitCode,
    letSignalsEnd: run => {
      for (const signal of signals) process.off(signal, onSignal)
      try {
        return run()
      } finally {
        listen()
      }
    },
  }
}

/** Stops the node; what fails on the way is printed. */
export async function stopNode(node: Node): Promise<number> {
  try {
    await node.stop()
    return exitCode.fine
  } catch (error) {
    process.stderr.write(errorText(error))
    return exitCode.failed
  }
}

/** Ends the OS process with one line when an error escapes everybody, a rejection included. */
export function exitOnUncaught(node: Node): void {
  process.on('uncaughtException', error => {
    process.stderr.write(errorText(commandLineError('E_UNCAUGHT', { problem: problemOf(error) }, error)))
    // What state its code is in is unknown; the node still says goodbye to the others.
    void stopNode(node).then(() => process.exit(exitCode.failed))
  })
}
