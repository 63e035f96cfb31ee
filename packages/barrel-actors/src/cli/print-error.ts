/** Errors as the command line prints them, and the exit codes that go with them. */

import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { BarrelError } from '@barrel-actors/runtime'
import { describeBarrelError, escapeControls, oneLine } from '../terminal-text.ts'

/** The exit codes of the command line, besides 128 + n for a second signal. */
export const exitCode = { fine: 0, failed: 1, wrongUse: 2 } as const

// What the person at the keyboard got wrong, as opposed to what went wrong.
const wrongUse: ReadonlySet<string> = new Set([
  'E_ADDRESS_INVALID',
  'E_ARGUMENT_INVALID',
  'E_COMMAND_UNKNOWN',
  'E_FLAG_UNKNOWN',
  'E_MEMBERSHIP_OPTION_INVALID',
  'E_MODULE_UNLOADABLE',
  'E_NODE_NAME_INVALID',
  'E_OPTION_INVALID',
  'E_QUIC_OPTION_INVALID',
])

export function exitCodeOf(error: unknown): number {
  return error instanceof BarrelError && wrongUse.has(error.code) ? exitCode.wrongUse : exitCode.failed
}

/** One line; with `DEBUG` set, the stack and the causes below it. */
export function errorText(error: unknown, env: NodeJS.ProcessEnv = process.env): string {
  const line = error instanceof BarrelError ? describeBarrelError(error) : problemOf(error)
  const details = env['DEBUG'] ? `\n${escapeControls(inspect(error))}` : ''
  return `barrel-actors: ${line}${details}\n`
}

/** What an error of somebody's code says, and where it was thrown, on one line without a full stop. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(inspect(error))
  const said = error instanceof BarrelError ? describeBarrelError(error) : `${error.name}: ${error.message}`
  // The frames of a syntax error are those of whoever parsed.
  const place = error instanceof SyntaxError ? undefined : placeOf(error.stack ?? '')
  return oneLine(`${said.replace(/\.$/, '')}${place === undefined ? '' : ` (at ${place})`}`)
}

// Frames of the command line itself tell nobody where the mistake is.
const ownFolder = fileURLToPath(new URL('..', import.meta.url))

function placeOf(stack: string): string | undefined {
  const isForeign = (line: string) =>
    /^\s+at /.test(line) && !/node:|node_modules/.test(line) && !line.includes(ownFolder)
  return /(?:file:\/\/)?([^\s()]+:\d+:\d+)\)?$/.exec(stack.split('\n').find(isForeign) ?? '')?.[1]
}
