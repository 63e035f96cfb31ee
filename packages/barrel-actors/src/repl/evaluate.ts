/** `repl --eval`: one expression, its value on stdout. */

import { constants, runInThisContext } from 'node:vm'
import type { Node } from '@barrel-actors/runtime'
import { show } from '../terminal-text.ts'
import { defineWords } from './shell.ts'
import { vocabularyOf } from './vocabulary.ts'

/**
 * Evaluates an expression, or a list of statements, with `await` allowed; prints what it gives unless that is
 * undefined. Messages to the shell are left for `node.receive()`.
 * @throws what the expression throws
 */
export async function evaluate(node: Node, expression: string, output: NodeJS.WritableStream): Promise<number> {
  defineWords(globalThis, vocabularyOf(node))
  const value = await run(expression)
  if (value !== undefined) output.write(`${show(value, false)}\n`)
  return 0
}

function run(expression: string): Promise<unknown> {
  const options = { filename: 'expression', importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }
  try {
    return runInThisContext(`(async () => (${expression}\n))()`, options)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return runInThisContext(`(async () => {${expression}\n})()`, options)
  }
}
