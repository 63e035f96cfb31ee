import { expect, test } from 'vitest'
import {
  type CrashReport,
  type DeadLetter,
  GenServer,
  type LongCallback,
  type LongMailbox,
  type Node,
  type NodeOptions,
  type Self,
  startNode,
  stop,
  systemClock,
} from '../index.ts'

interface BrokenProtocol {
  call: (request: string) => string
  cast: string
  info: { secret: string }
}

class Broken extends GenServer<BrokenProtocol> {
  seen = 0
  readonly #hidden = 'hidden'

  override async handleCall(request: string): Promise<string> {
    this.seen++
    await undefined
    throw new Error(`no ${request}${this.#hidden}`)
  }

  override handleCast(request: string) {
    this.seen++
    if (request === 'break') throw new TypeError('broken')
  }

  override handleInfo(message: { secret: string }) {
    throw new Error(message.secret)
  }
}

function crashesOf(node: Node): CrashReport[] {
  const reports: CrashReport[] = []
  node.events.on('crash', report => reports.push(report))
  return reports
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

test('a crash report has the callback, the last message and the state of the server', async () => {
  await using node = await startNode()
  const reports = crashesOf(node)
  const pid = node.spawn(Broken)
  node.register('broken', pid)
  node.cast(pid, 'fine')
  node.cast(pid, 'break')
  node.cast(pid, 'not taken any more')
  await turn()
  expect(reports).toEqual([
    {
      pid,
      name: 'broken',
      label: 'Broken',
      callback: 'handleCast',
      reason: { error: expect.objectContaining({ message: 'broken', callback: 'handleCast' }) },
      lastMessage: "'break'",
      state: '{ seen: 2 }',
      mailboxLength: 1,
    },
  ])
})

test('a crash after an await is reported with the request that was being answered', async () => {
  await using node = await startNode()
  const reports = crashesOf(node)
  await expect(node.call(node.spawn(Broken), 'reply')).rejects.toThrow()
  expect(reports).toHaveLength(1)
  expect(reports[0]).toMatchObject({ callback: 'handleCall', lastMessage: "'reply'", state: '{ seen: 1 }' })
})

test('a crash of a function is reported with the message that it had taken last', async () => {
  await using node = await startNode()
  const reports = crashesOf(node)
  const pid = node.spawn(async function reader(self: Self) {
    await self.receive()
    await self.receive()
    throw new Error('broken')
  })
  node.send(pid, 'first')
  node.send(pid, { second: true })
  await turn()
  expect(reports).toHaveLength(1)
  expect(reports[0]).toMatchObject({ pid, label: 'reader', callback: undefined, lastMessage: '{ second: true }' })
  expect(reports[0]?.state).toBeUndefined()
})

test('an end that is no crash is not reported', async () => {
  await using node = await startNode()
  const reports = crashesOf(node)
  class Stops extends GenServer<{ cast: 'stop' }> {
    override handleCast() {
      return stop('shutdown')
    }
  }
  node.cast(node.spawn(Stops), 'stop')
  node.exit(node.spawn(Stops), 'because')
  node.spawn(self => self.exit('reason'))
  await turn()
  expect(node.processes()).toEqual([node.pid])
  expect(reports).toEqual([])
})

test('formatStatus says what a report shows of the state; one that throws, and long texts, do no harm', async () => {
  await using node = await startNode()
  const reports = crashesOf(node)
  class Secretive extends Broken {
    override formatStatus(): unknown {
      return { seen: 'many' }
    }
  }
  class Worse extends Broken {
    override formatStatus(): unknown {
      throw new Error('even here')
    }
  }
  class Big extends Broken {
    parts = Array.from({ length: 300 }, (_, part) => ({ [`a field of some length, ${part}`]: 'x'.repeat(500) }))
  }
  for (const server of [Secretive, Worse, Big]) node.cast(node.spawn(server), 'break')
  node.send(node.spawn(Broken), { secret: 'x'.repeat(10_000) })
  await turn()
  expect(reports.map(report => report.state?.slice(0, 40))).toEqual([
    "{ seen: 'many' }",
    'a value that throws when it is read',
    expect.stringContaining('parts'),
    '{ seen: 0 }',
  ])
  for (const { state, lastMessage } of reports) {
    expect(Math.max(state?.length ?? 0, lastMessage?.length ?? 0)).toBeLessThan(2_010)
  }
})

/** A node whose clock stands still, but where a callback moves it. */
async function nodeWithClock(options: NodeOptions = {}): Promise<{ node: Node; pass(ms: number): void }> {
  let nowMs = 0
  const clock = { ...systemClock, now: () => nowMs }
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { node: await startNode({ ...options, clock }), pass }
}

test('a callback that takes long is told of, by name, and whether the event loop stood still', async () => {
  const { node, pass } = await nodeWithClock({ watching: { longCallbackMs: 50 } })
  const reports: LongCallback[] = []
  node.events.on('longCallback', report => reports.push(report))
  class Slow extends GenServer<{ call: (request: 'await') => void; cast: number }> {
    override handleCast(ms: number) {
      pass(ms)
    }
    override async handleCall() {
      await turn()
      pass(70)
    }
  }
  const pid = node.spawn(Slow)
  for (const ms of [49, 60, 0, 1]) node.cast(pid, ms)
  await node.call(pid, 'await')
  node.spawn(function busy() {
    pass(80)
  })
  await turn()
  expect(reports).toEqual([
    { pid, name: undefined, label: 'Slow', callback: 'handleCast', ms: 60, awaited: false },
    { pid, name: undefined, label: 'Slow', callback: 'handleCall', ms: 70, awaited: true },
    { pid: expect.anything(), name: undefined, label: 'busy', callback: 'start', ms: 80, awaited: false },
  ])
  await node.stop()
})

test('a mailbox that grows past the mark is told of, and again at each doubling', async () => {
  await using node = await startNode({ watching: { longMailboxLength: 100 } })
  const reports: LongMailbox[] = []
  node.events.on('longMailbox', report => reports.push(report))
  const pid = node.spawn(async (self: Self) => {
    for await (const message of self) if (message === 'last') return
  })
  for (let count = 0; count < 600; count++) node.send(pid, count)
  expect(reports.map(report => report.mailboxLength)).toEqual([129, 257, 513])
  expect(reports[0]?.pid).toBe(pid)
})

test('what is sent to nobody is told of as a dead letter, without the message', async () => {
  await using node = await startNode({ name: 'letters@host' })
  const letters: DeadLetter[] = []
  node.events.on('deadLetter', letter => letters.push(letter))
  const dead = node.spawn(() => {})
  const alive = node.spawn(async (self: Self) => self.receive())
  await turn()
  node.send(dead, 'message')
  node.send('nobody', 'message')
  node.cast({ name: 'nobody', node: 'letters@host' }, 'request')
  node.send(alive, 'message')
  await node.call('nobody', 'request').catch(() => {})
  expect(letters).toEqual([
    { kind: 'send', from: node.pid, to: dead },
    { kind: 'send', from: node.pid, to: 'nobody' },
    { kind: 'cast', from: node.pid, to: { name: 'nobody', node: 'letters@host' } },
  ])
})

test('a listener that throws disturbs nobody, and what a listener causes is not told', async () => {
  const errors: unknown[] = []
  const log = { debug() {}, info() {}, warn() {}, error: (event: string) => void errors.push(event) }
  await using node = await startNode({ log })
  let letters = 0
  node.events.on('deadLetter', () => {
    letters++
    node.send('nobody either', 'from the listener')
    throw new Error('of the listener')
  })
  expect(node.send('nobody', 1)).toBe(true)
  expect(node.send('nobody', 2)).toBe(true)
  expect(letters).toBe(2)
  expect(errors).toEqual(['listener of a system event threw', 'listener of a system event threw'])
})

test('a listener may end the process that it is told of', async () => {
  await using node = await startNode()
  node.events.on('crash', ({ pid }) => node.exit(pid, 'kill'))
  const { pid, ref } = node.spawnMonitor(Broken)
  node.cast(pid, 'break')
  expect(await node.receive({ ref })).toMatchObject({ reason: 'killed' })
})

test.each([
  [{ longCallbackMs: 0 }, 'watching.longCallbackMs'],
  [{ longMailboxLength: Number.NaN }, 'watching.longMailboxLength'],
  [{ longMailboxLength: '5' }, 'watching.longMailboxLength'],
  [{ longMailbox: 5 }, 'watching.longMailbox'],
])('the option %j is refused', async (watching, option) => {
  const error = await startNode({ watching: watching as never }).catch((problem: unknown) => problem)
  expect(error).toMatchObject({ code: 'E_OPTION_INVALID', fields: { option } })
})
