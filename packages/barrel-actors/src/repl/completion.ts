/** Completion of names inside quotes, where the REPL's own has nothing to offer. */

import type { AsyncCompleter, Completer, CompleterResult } from 'node:readline'

type Complete = Completer | AsyncCompleter

/** The REPL's own completion, and inside quotes the names that `names` gives. */
export function complete(own: Complete, names: () => readonly string[]): AsyncCompleter {
  return (line, done) => {
    const quoted = /['"]([\w.@-]*)$/.exec(line)?.[1]
    const fitting = quoted === undefined ? [] : names().filter(name => name.startsWith(quoted))
    if (quoted !== undefined && fitting.length > 0)
      done(null, [[...new Set(fitting)], quoted] satisfies CompleterResult)
    else (own as AsyncCompleter)(line, done)
  }
}
