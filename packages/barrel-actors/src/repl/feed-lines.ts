/**
 * Lines from a pipe, one after another. Given all at once, the REPL would start the next line while the `await` of
 * the one before is still waiting.
 */

import { createInterface } from 'node:readline'
import type { REPLServer } from 'node:repl'
import type { PassThrough, Readable } from 'node:stream'

/** Gives the REPL a line whenever it would show its prompt. */
export function feedLines(server: REPLServer, input: Readable, lines: PassThrough): void {
  const source = createInterface({ input, terminal: false })[Symbol.asyncIterator]()
  let isOver = false
  server.once('exit', () => {
    isOver = true
  })
  const feed = async (): Promise<void> => {
    const { done, value } = await source.next()
    if (isOver) return
    if (done === true) lines.end()
    else lines.write(`${value}\n`)
  }
  // Nobody types, so nothing is shown, not even the dots of half an expression.
  Object.assign(server, { displayPrompt: () => void feed() })
  void feed()
}
