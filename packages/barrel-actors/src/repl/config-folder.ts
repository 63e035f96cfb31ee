/** Where the shell keeps its identity and its history: one folder a person, the same for every project. */

import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** `$XDG_CONFIG_HOME/barrel-actors`, by default `~/.config/barrel-actors`. */
export function configFolder(env: NodeJS.ProcessEnv): string {
  // XDG Base Directory Specification: a path that is not absolute is to be ignored.
  const given = env['XDG_CONFIG_HOME']
  const base = given !== undefined && isAbsolute(given) ? given : join(homedir(), '.config')
  return join(base, 'barrel-actors')
}
