/** `repl --eval`: one expression, its value on stdout. */

import { constants, runInThisContext } from 'node:vm'
import type { Node } from '@barrel-actors/runtime'
import { show } from '../terminal-text.ts'
import { Inbox } from './inbox.ts'
import { defineWords } from './shell.ts'
import { vocabularyOf } from './vocabulary.ts'

/**
 * Evaluates an expression, or a list of statements, with `await` allowed; prints what it gives unless that is
 * undefined.
 * @throws what the expression throws
 */
export async function evaluate(node: Node, expression: string, output: NodeJS.WritableStream): Promise<number> {
  const inbox = new Inbox()
  void keep(node, inbox)
  defineWords(
    globalThis,
    vocabularyOf(node, inbox, line => output.write(`${line}\n`)),
  )
  const value = await run(expression)
  if (value !== undefined) output.write(`${show(value, false)}\n`)
  return 0
}

async function keep(node: Node, inbox: Inbox): Promise<void> {
  for await (const message of node) inbox.add(message)
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
