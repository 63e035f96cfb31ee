import { PassThrough } from 'node:stream'
import { GenServer, type Node, send, startNode } from '@barrel-actors/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Shell } from './shell.ts'

const esc = '\u001b'

class Counter extends GenServer<{ call: (request: { add: number }) => number }> {
  #count = 5

  override handleCall({ add }: { add: number }) {
    this.#count += add
    return this.#count
  }
}

/** A shell on streams in memory. */
class Session {
  readonly input = new PassThrough()
  readonly output = new PassThrough()
  readonly shell: Shell
  text = ''

  constructor(isTerminal: boolean) {
    this.output.on('data', chunk => {
      this.text += String(chunk)
    })
    const { input, output } = this
    this.shell = new Shell({ node, input, output, isTerminal, colors: false, seeds: ['seed@test'] })
  }

  type(line: string): void {
    this.input.write(`${line}\n`)
  }

  /** Waits until the output since the last call has the text; gives what was printed until there. */
  async until(expected: string): Promise<string> {
    while (!this.text.includes(expected)) await new Promise(resolve => this.output.once('data', resolve))
    const end = this.text.indexOf(expected) + expected.length
    const seen = this.text.slice(0, end)
    this.text = this.text.slice(end)
    return seen
  }
}

/** What a shell prints whose input is a pipe with these lines. */
async function piped(...lines: string[]): Promise<string> {
  const session = new Session(false)
  session.input.end(`${lines.join('\n')}\n`)
  expect(await session.shell.ended).toBe(0)
  return session.text
}

let node: Node

beforeEach(async () => {
  node = await startNode({ name: 'shell@test' })
  node.register('counter', node.spawn(Counter))
})

afterEach(() => node.stop())

test('an awaited call prints the reply', async () => {
  expect(await piped("await call('counter', { add: 2 })")).toBe('7\n')
})

test('lines of a pipe run one after another, each when the one before is done', async () => {
  const text = await piped(
    "const reply = await call('counter', { add: 3 })",
    'reply + 1',
    'const later = await new Promise(resolve => setImmediate(resolve, "late"))',
    'later',
  )
  expect(text).toBe("9\n'late'\n")
})

test('an expression may take several lines', async () => {
  expect(await piped('({', 'a: 1,', '})', '', '_')).toBe('{ a: 1 }\n{ a: 1 }\n')
})

test('messages are printed as they come, and kept until they are flushed', async () => {
  const text = await piped('send(self, { hello: "you" })', 'await null', 'flush()', 'flush()', '1')
  expect(text).toBe("true\n← { hello: 'you' }\nnull\n[ { hello: 'you' } ]\n[]\n1\n")
})

test('what is typed can be a process, asynchronous ones too', async () => {
  const text = await piped(
    'const echo = spawn(async self => { for await (const { from, n } of self) send(from, { twice: n * 2 }) })',
    'send(echo, { from: self, n: 21 })',
    'await new Promise(resolve => setImmediate(resolve))',
    'class Doubler extends GenServer { async handleCall(n) { await null; return { n: n * 2 } } }',
    'await call(spawn(Doubler), 4)',
  )
  expect(text).toContain('← { twice: 42 }')
  expect(text).toContain('{ n: 8 }')
})

test('an error of ours is one line, any other is shown with its stack, and the shell goes on', async () => {
  const text = await piped("await call('nobody', 1)", 'throw new RangeError("too far")', "'still here'")
  expect(text).toMatch(/^Uncaught E_CALL_EXIT .*noproc.*\.\nUncaught RangeError: too far\n/)
  expect(text).toMatch(/'still here'\n$/)
})

test('messages cannot move the cursor', async () => {
  const session = new Session(false)
  send(node.pid, { text: `${esc}[2J`, error: new Error(`${esc}]0;title\u0007`) })
  const seen = await session.until('title')
  expect(seen).not.toContain(esc)
  expect(seen).toContain("'\\x1B[2J'")
  session.input.end()
  await session.shell.ended
})

test('words and names that a shell has are commands too', async () => {
  expect(await piped('.nodes', '.flush', '.help')).toMatch(/^\[\]\n\[\]\nsend\(to, message\) /)
})

test('at a terminal there is a banner, and a prompt that says who, where and which', async () => {
  const session = new Session(true)
  const banner = await session.until('1> ')
  expect(banner).toContain('This shell is the node shell@test.')
  expect(banner.split('\n').length).toBeLessThanOrEqual(6)
  expect(banner).toContain('repl(shell → seed@test (lost))1> ')
  session.type("await call('counter', { add: 2 })")
  expect(await session.until('2> ')).toMatch(/\n7\r?\n/)
  session.type('')
  await session.until('2> ')
  session.type('({')
  await session.until('... ')
  session.type('})')
  await session.until('3> ')
  session.input.end()
  expect(await session.shell.ended).toBe(0)
})

test('a message comes above the line that is being typed', async () => {
  const session = new Session(true)
  await session.until('1> ')
  session.input.write('half a li')
  await session.until('half a li')
  node.send(node.pid, 'hello')
  const seen = await session.until("← 'hello'\n")
  expect(seen).toBe(`${esc}[1G${esc}[0J← 'hello'\n`)
  await session.until('1> half a li')
  session.input.end()
  await session.shell.ended
})

test('a shell cannot be killed by a message: it is told of the wish', async () => {
  const session = new Session(false)
  node.exit(node.pid, 'kill')
  await session.until("reason: 'kill'")
})
