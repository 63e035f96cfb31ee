/** The log of a node that runs in a terminal: warnings and errors, one line each on stderr. */

import type { Log, LogFields } from '@barrel-actors/runtime'
import { oneLine, show } from '../terminal-text.ts'

/** Writes what a person should see; with `DEBUG` set, everything. */
export function terminalLog(write: (line: string) => void, env: NodeJS.ProcessEnv = process.env): Log {
  const line = (level: string) => (event: string, fields?: LogFields) =>
    write(`barrel-actors: ${level}: ${oneLine(event)}${fields === undefined ? '' : ` ${describe(fields)}`}\n`)
  const silent = () => {}
  const isVerbose = Boolean(env['DEBUG'])
  return {
    debug: isVerbose ? line('debug') : silent,
    info: isVerbose ? line('info') : silent,
    warn: line('warning'),
    error: line('error'),
  }
}

function describe(fields: LogFields): string {
  const pairs = Object.entries(fields).map(([name, value]) => {
    return `${name}=${typeof value === 'string' ? oneLine(value) : oneLine(show(value, false))}`
  })
  return pairs.join(' ')
}
