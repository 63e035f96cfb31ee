/** The entry of the command line: parses, runs one command, prints what failed, exits. */

import { readFileSync } from 'node:fs'
import type { SignOptions } from './cluster.ts'
import { errorText, exitCodeOf } from './print-error.ts'
import { createProgram, translateError } from './program.ts'

/** Runs one command line and ends the OS process with its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  let exitCode = 0
  // Who reads may go before we do: what is printed from then on is printed to nobody.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
  // Loaded when a command runs: help and errors of the command line must not wait for QUIC.
  const actions = {
    start: async (...given: Parameters<typeof import('./start.ts').start>) =>
      (await import('./start.ts')).start(...given),
    repl: async (...given: Parameters<typeof import('./repl.ts').repl>) => (await import('./repl.ts')).repl(...given),
    newCluster: async (file: string) => (await import('./cluster.ts')).newCluster(file),
    showCluster: async (file: string) => (await import('./cluster.ts')).showCluster(file),
    signCertificate: async (options: SignOptions) => (await import('./cluster.ts')).signCertificate(options),
    keys: async (...given: Parameters<typeof import('./keys.ts').keys>) => (await import('./keys.ts')).keys(...given),
  }
  try {
    const program = createProgram(readVersion(), actions, code => {
      exitCode = code
    })
    await program.parseAsync(args, { from: 'user' })
  } catch (thrown) {
    const error = translateError(thrown, args)
    if (error !== undefined) {
      process.stderr.write(errorText(error))
      exitCode = exitCodeOf(error)
    }
  }
  // Timers and sockets of a user's module do not keep a command alive that is over.
  process.stdout.write('', () => process.exit(exitCode))
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
