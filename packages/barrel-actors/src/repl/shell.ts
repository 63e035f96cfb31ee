/**
 * The shell: Node's own REPL with the words of actors in it. The process of the shell is the root process of its
 * node; what is sent to it is printed as it comes and kept for `flush()`.
 *
 * The REPL runs in the global context of the OS process, which is its own: in another one, `{}` and promises would
 * be of other classes than the runtime's, and nothing typed here could be sent.
 */

import { clearScreenDown, cursorTo, moveCursor } from 'node:readline'
import { type REPLServer, Recoverable, start as startRepl } from 'node:repl'
import { PassThrough, type Readable } from 'node:stream'
import type { Node, NodeName } from '@barrel-actors/runtime'
import { show } from '../terminal-text.ts'
import { complete } from './completion.ts'
import { feedLines } from './feed-lines.ts'
import { Inbox } from './inbox.ts'
import { flushOf, helpOn, type Vocabulary, vocabularyOf } from './vocabulary.ts'

export interface ShellOptions {
  readonly node: Node
  readonly input: Readable
  readonly output: NodeJS.WritableStream
  /** Whether a person types. Otherwise there is no banner and no prompt, and lines run one after another. */
  readonly isTerminal: boolean
  readonly colors: boolean
  /** The nodes that it was told to join. */
  readonly seeds: readonly NodeName[]
  /** Shown in the banner. */
  readonly fingerprint?: string
  readonly historyFile?: string
}

export class Shell {
  readonly #options: ShellOptions
  readonly #inbox = new Inbox()
  readonly #words: Vocabulary
  readonly #server: REPLServer
  /** Numbers the expressions, in the prompt. */
  #count = 1
  #isEvaluating = false
  /** Resolves to the exit code when the input has ended, or somebody left. */
  readonly ended: Promise<number>

  constructor(options: ShellOptions) {
    const { node, isTerminal, output, colors } = options
    this.#options = options
    this.#words = vocabularyOf(node, { flush: flushOf(this.#inbox, line => this.print(line)) })
    if (isTerminal) output.write(this.#banner())
    const lines = isTerminal ? options.input : new PassThrough()
    this.#server = startRepl({
      prompt: isTerminal ? this.#prompt() : '',
      input: lines,
      output,
      terminal: isTerminal,
      useGlobal: true,
      ignoreUndefined: !isTerminal,
      preview: false,
      breakEvalOnSigint: isTerminal && options.input === process.stdin,
      writer: value => show(value, colors),
    })
    defineWords(this.#server.context, this.#words)
    this.#defineCommands()
    this.#followEvaluations()
    this.ended = this.#untilEnded()
    if (isTerminal) this.#prepareTyping()
    else feedLines(this.#server, options.input, lines as PassThrough)
    void this.#listen()
  }

  /** Prints a line above the prompt. */
  print(line: string): void {
    const { output, isTerminal } = this.#options
    if (!isTerminal || this.#isEvaluating) {
      output.write(`${line}\n`)
      return
    }
    const server = this.#server
    moveCursor(output, 0, -server.getCursorPos().rows)
    cursorTo(output, 0)
    clearScreenDown(output)
    output.write(`${line}\n`)
    // Where readline believes the prompt to be: on the row of the cursor, after what was just written.
    Object.assign(server, { prevRows: 0 })
    server.prompt(true)
  }

  async #listen(): Promise<void> {
    const { node, colors } = this.#options
    for await (const message of node) {
      this.#inbox.add(message)
      this.print(`← ${show(message, colors)}`)
    }
  }

  #untilEnded(): Promise<number> {
    return new Promise(resolve => this.#server.once('exit', () => resolve(0)))
  }

  #prepareTyping(): void {
    const { node, historyFile } = this.#options
    const server = this.#server
    const names = () => [...node.registeredNames(), node.name, ...node.nodes()]
    Object.assign(server, { completer: complete(server.completer, names) })
    // Without a history that can be written, the REPL says so and goes on.
    if (historyFile !== undefined) server.setupHistory(historyFile, () => {})
  }

  #defineCommands(): void {
    const server = this.#server
    const define = (name: string, help: string, value: () => unknown) =>
      server.defineCommand(name, {
        help,
        action: () => {
          this.#options.output.write(`${show(value(), this.#options.colors)}\n`)
          server.displayPrompt()
        },
      })
    for (const name of ['nodes', 'flush']) {
      const word = this.#words[name]
      if (word !== undefined) define(name, word.help, word.value as () => unknown)
    }
    define('help', 'this list of words; .break leaves half an expression, .exit or Ctrl-D the shell', () =>
      helpOn(this.#words),
    )
  }

  // The prompt comes back when an expression is done, however it ended: that is where its number goes up.
  #followEvaluations(): void {
    const server = this.#server
    const { eval: evaluate, displayPrompt } = server
    const watched: typeof evaluate = (code, context, file, done) => {
      this.#isEvaluating = code !== '\n'
      evaluate.call(server, code, context, file, (error, result) => {
        // Half an expression: the next line goes on with it.
        if (error instanceof Recoverable) this.#isEvaluating = false
        done(error, result)
      })
    }
    Object.assign(server, {
      eval: watched,
      displayPrompt: (preserveCursor?: boolean) => {
        if (this.#isEvaluating) this.#count++
        this.#isEvaluating = false
        if (this.#options.isTerminal) server.setPrompt(this.#prompt())
        displayPrompt.call(server, preserveCursor)
      },
    })
  }

  /** Who and where: `repl(1a2b3c4d-4711 → seed@host)1> `. */
  #prompt(): string {
    const { node, seeds } = this.#options
    const me = node.name.slice(0, node.name.indexOf('@')).replace(/^repl-/, '')
    const up = node.nodes()
    const where = seeds.map(seed => (up.includes(seed) ? seed : `${seed} (lost)`)).join(', ')
    return `repl(${me}${where === '' ? '' : ` → ${where}`})${this.#count}> `
  }

  #banner(): string {
    const { node, seeds, fingerprint } = this.#options
    const [seed = 'node@127.0.0.1'] = seeds
    return [
      `This shell is the node ${node.name}.`,
      ...(fingerprint === undefined ? [] : [`Its fingerprint is ${fingerprint}.`]),
      seeds.length === 0 ? `Connect: await connect('${seed}')` : `Connected to ${node.nodes().join(', ')}.`,
      `Call a server there: await call({ name: 'counter', node: '${seed}' }, { add: 2 })`,
      'help() lists every word; Ctrl-D leaves.',
      '',
    ].join('\n')
  }
}

/** Puts the words where typed code finds them. */
export function defineWords(context: object, words: Vocabulary): void {
  for (const [name, { value }] of Object.entries(words)) {
    Object.defineProperty(context, name, { value, configurable: true, enumerable: true, writable: true })
  }
}
