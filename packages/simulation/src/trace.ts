/** What happened, a line for each event: `12.5 a@sim up b@sim`. The same seed writes the same lines. */

import { describeReason, type Log, type LogFields, type NodeName, Pid, Ref } from '@barrel-actors/runtime'
import { limits } from './limits.ts'
import { TraceHash } from './trace-hash.ts'

/** Is told what happens, a line at a time. */
export type Note = (node: NodeName, what: string) => void

export class Trace {
  readonly #now: () => number
  #lines: string[] = []
  #dropped = 0
  readonly #hash = new TraceHash()
  readonly #listener: Note | undefined

  constructor(now: () => number, listener?: Note) {
    this.#now = now
    this.#listener = listener
  }

  /** Of every line so far, also those that are gone. */
  get hash(): string {
    return this.#hash.text
  }

  readonly note = (node: NodeName, what: string): void => {
    if (this.#lines.length >= limits.traceLinesMax) {
      const half = limits.traceLinesMax >> 1
      this.#lines.splice(0, half)
      this.#dropped += half
    }
    const line = `${this.#now()} ${node} ${what}`
    this.#lines.push(line)
    this.#hash.add(line)
    this.#listener?.(node, what)
  }

  /** The lines so far; where the oldest are gone, the first line says so. */
  lines(): string[] {
    const gone = this.#dropped === 0 ? [] : [`${this.#dropped} lines before these are gone`]
    return [...gone, ...this.#lines]
  }

  /** A log that writes into the trace, and into another one. */
  log(node: NodeName, other: Log): Log {
    const write =
      (level: keyof Log) =>
      (event: string, fields?: LogFields): void => {
        this.note(node, `${level}: ${event}${fields === undefined ? '' : textOf(fields)}`)
        other[level](event, fields)
      }
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  }
}

// No stacks: they hold the lines of whoever runs the test.
function textOf(fields: LogFields): string {
  return Object.entries(fields)
    .map(([field, value]) => ` ${field}=${isPlain(value) ? String(value) : describeReason(value)}`)
    .join('')
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof Pid || value instanceof Ref
}
