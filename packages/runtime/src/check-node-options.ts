/** What `startNode` is given, checked before anything starts: a misspelt option is not taken for a default. */

import { runtimeError } from './errors.ts'
import { describe } from './exit-reason.ts'
import { checkOptionNames, givenOptions } from './given-options.ts'
import type { NodeOptions } from './node-options.ts'

type Problem = string | undefined

/** What an option must look like; each gives what is wrong with the value. */
const shapes: { readonly [Option in keyof Required<NodeOptions>]: (value: unknown) => Problem } = {
  // Checked as a name, with an error of its own.
  name: () => undefined,
  extensions: value =>
    Array.isArray(value) && value.every(isExtension) ? undefined : 'it is not an array of extensions',
  dataDir: value => (typeof value === 'string' && value !== '' ? undefined : 'it is not the path of a folder'),
  shareDataDir: boolean,
  addresses: value => (Array.isArray(value) ? undefined : 'it is not an array of addresses'),
  clock: having('now', 'wall', 'setTimer'),
  turns: having('soon', 'later'),
  random: having('next'),
  entropy: having('bytes'),
  disk: having('read', 'replace', 'lock'),
  log: having('debug', 'info', 'warn', 'error'),
  scheduler: having(),
  watching: having(),
  messageBounds: having(),
  freezeMessages: boolean,
}

/**
 * Refuses names that no option of a node has, and none of `further`.
 * @throws E_OPTION_INVALID
 */
export function checkNodeOptionNames(options: object, further: readonly string[] = []): void {
  checkOptionNames(options, [...Object.keys(shapes), ...further])
}

/** @throws E_OPTION_INVALID */
export function checkNodeOptions(options: NodeOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw runtimeError('E_OPTION_INVALID', { option: 'options', problem: `${describe(options)} is not an object` })
  }
  checkNodeOptionNames(options)
  for (const [option, value] of Object.entries(givenOptions(options))) {
    const problem = shapes[option as keyof NodeOptions](value)
    if (problem !== undefined) throw runtimeError('E_OPTION_INVALID', { option, problem })
  }
}

function boolean(value: unknown): Problem {
  return typeof value === 'boolean' ? undefined : 'it is neither true nor false'
}

function having(...methods: string[]): (value: unknown) => Problem {
  return value => {
    if (typeof value !== 'object' || value === null) return `${describe(value)} is not an object`
    const missing = methods.find(method => typeof (value as Record<string, unknown>)[method] !== 'function')
    return missing === undefined ? undefined : `it has no method ${missing}`
  }
}

function isExtension(value: unknown): boolean {
  const { key, install } = (value ?? {}) as { key?: { name?: unknown }; install?: unknown }
  return typeof key?.name === 'string' && typeof install === 'function'
}
