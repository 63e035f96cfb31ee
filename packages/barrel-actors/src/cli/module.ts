/** The user's module that `start` runs: found before the node starts, loaded after. */

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Node } from '@barrel-actors/runtime'
import { commandLineError } from '../errors.ts'
import { problemOf } from './print-error.ts'

/**
 * The whole path of the module.
 * @throws E_MODULE_UNLOADABLE
 */
export function findModule(module: string): string {
  const path = resolve(module)
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined) throw commandLineError('E_MODULE_UNLOADABLE', { path, problem: 'there is no such file' })
  if (!file.isFile()) throw commandLineError('E_MODULE_UNLOADABLE', { path, problem: 'it is not a file' })
  return path
}

/**
 * Imports the module and gives the node to its default export, where that is a function.
 * @throws E_MODULE_UNLOADABLE, E_MODULE_FAILED
 */
export async function loadModule(path: string, node: Node): Promise<void> {
  const main = (await importModule(path)).default
  // A class may be exported for others to use: it is not called.
  if (typeof main !== 'function' || /^class\b/.test(Function.prototype.toString.call(main))) return
  try {
    await main(node)
  } catch (error) {
    throw commandLineError('E_MODULE_FAILED', { path, problem: problemOf(error) }, error)
  }
}

async function importModule(path: string): Promise<{ default?: unknown }> {
  try {
    return await import(/* @vite-ignore */ pathToFileURL(path).href)
  } catch (error) {
    const { code } = error as { code?: unknown }
    const problem =
      code === 'ERR_UNKNOWN_FILE_EXTENSION' ? 'Node does not know the extension of its name' : problemOf(error)
    throw commandLineError('E_MODULE_UNLOADABLE', { path, problem }, error)
  }
}
