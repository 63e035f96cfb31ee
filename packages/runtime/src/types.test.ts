// What must not compile, and what is inferred. Checked by `tsc -p tsconfig.check.json`: an expected error that does
// not come is an error itself. The code also runs, so that what compiles is known to work.

import { expect, expectTypeOf, test } from 'vitest'
import type { Alias, From, Node, Pid, PidOf, Self, ServerPid } from './index.ts'
import {
  call,
  cast,
  exit,
  GenServer,
  link,
  monitor,
  noReply,
  reply,
  send,
  sendAfter,
  spawn,
  spawnLink,
  spawnMonitor,
  start,
  startLink,
  startMonitor,
  startNode,
  stop,
  unlink,
} from './index.ts'

interface CounterProtocol {
  call: ((request: { add: number }) => number) | ((request: 'read') => string)
  cast: 'reset' | { set: number }
  info: { tick: true }
}

interface StoreProtocol {
  call: ((request: { kind: 'get'; keys: string[] }) => string[]) | ((request: { kind: 'size' }) => number)
}

class Counter extends GenServer<CounterProtocol> {
  override init(start: number, label = 'x'): void {
    expectTypeOf(this.pid).toEqualTypeOf<ServerPid<CounterProtocol>>()
    void [start, label]
  }
  override handleCall(request: { add: number } | 'read') {
    return request === 'read' ? 'read' : request.add
  }
  override handleCast(_request: CounterProtocol['cast']): void {}
  override handleInfo(_message: CounterProtocol['info']): void {}
}

/** Never called: what is in it has only to compile, or not to. */
const never = (_: (node: Node, counter: PidOf<typeof Counter.prototype>) => unknown) => {}

never((node, counter) => {
  const anywhere = { name: 'x', node: 'b@host' }

  // a typed pid takes its messages and no other
  send(counter, { tick: true })
  // @ts-expect-error: not a message of the protocol
  send(counter, { tick: false })
  // @ts-expect-error: a request is not a message
  node.send(counter, 'read')
  send({} as Pid<string>, 'text')
  // @ts-expect-error: a number is no string
  send({} as Pid<string>, 5)
  send(anywhere, 5)
  send('name', Symbol('whatever'))

  // a call knows the reply of each request
  expectTypeOf(call(counter, { add: 1 })).resolves.toEqualTypeOf<number>()
  expectTypeOf(call(counter, 'read')).resolves.toEqualTypeOf<string>()
  expectTypeOf(node.call(counter, { add: 1 })).resolves.toEqualTypeOf<number>()
  const store = {} as ServerPid<StoreProtocol>
  expectTypeOf(call(store, { kind: 'get', keys: ['a', 'b'] })).resolves.toEqualTypeOf<string[]>()
  expectTypeOf(node.call(store, { kind: 'size' })).resolves.toEqualTypeOf<number>()
  expectTypeOf(node.call(anywhere, 'x')).resolves.toEqualTypeOf<unknown>()
  // @ts-expect-error: no such request
  void call(counter, 'write')
  // @ts-expect-error: wrong type inside a request
  void node.call(counter, { add: '1' })
  // @ts-expect-error: a cast is not a call
  void node.call(counter, 'reset')

  cast(counter, 'reset')
  node.cast(counter, { set: 5 })
  // @ts-expect-error: no such cast
  cast(counter, 'read')
  // @ts-expect-error: wrong type inside a cast
  node.cast(counter, { set: '5' })

  // spawn takes what init takes
  expectTypeOf(node.spawn(Counter, 5)).toEqualTypeOf<ServerPid<CounterProtocol>>()
  node.spawn(Counter, 5, 'label')
  node.spawnLink(Counter, 5)
  expectTypeOf(node.spawnMonitor(Counter, 5).pid).toEqualTypeOf<ServerPid<CounterProtocol>>()
  // @ts-expect-error: init needs a number
  node.spawn(Counter)
  // @ts-expect-error: init takes a number
  node.spawn(Counter, '5')
  // @ts-expect-error: init takes no third argument
  node.spawnLink(Counter, 5, 'label', 1)

  // any pid may be linked, watched and ended
  for (const pid of [counter, {} as Pid<string>, {} as Pid]) {
    link(pid)
    unlink(pid)
    monitor(pid)
    exit(pid, 'shutdown')
    node.link(pid)
    node.monitor(pid)
    node.exit(pid, { any: 'reason' })
    node.register('name', pid)
  }
  monitor(anywhere)
  // @ts-expect-error: a via destination cannot be watched
  monitor({ via: 'barrel', name: 'x' })
  // @ts-expect-error: a link needs a pid
  link('name')
})

never(node => {
  // every way to start takes what init takes
  // @ts-expect-error: init takes a number
  node.spawnMonitor(Counter, '5')
  // @ts-expect-error: init takes a number
  void node.startLink(Counter, '5')
  // @ts-expect-error: init takes a number
  void node.startMonitor(Counter, '5')
  // @ts-expect-error: init takes a number
  spawn(Counter, '5')
  // @ts-expect-error: init takes a number
  spawnLink(Counter, '5')
  // @ts-expect-error: init takes a number
  spawnMonitor(Counter, '5')
  // @ts-expect-error: init takes a number
  void start(Counter, '5')
  // @ts-expect-error: init takes a number
  void startLink(Counter, '5')
  // @ts-expect-error: init takes a number
  void startMonitor(Counter, '5')
})

never((_node, counter) => {
  sendAfter(5, counter, { tick: true })
  // @ts-expect-error: what a timer sends must fit, too
  sendAfter(5, counter, { tick: false })
})

never(node => {
  // an alias takes what it was made for
  const alias = node.alias<{ answer: number }>()
  expectTypeOf(alias).toEqualTypeOf<Alias<{ answer: number }>>()
  send(alias, { answer: 42 })
  // @ts-expect-error: not what the alias was made for
  node.send(alias, { answer: 'text' })
  // @ts-expect-error: an alias is no process to call
  void call(alias, 'read')
  expectTypeOf(node.processFlag('trapExit', true)).toEqualTypeOf<boolean>()
  // @ts-expect-error: no such flag
  node.processFlag('priority', true)
})

never((node, counter) => {
  // who accepts more may stand where less is asked for
  const wide = {} as Pid<string | number>
  const narrow: Pid<string> = wide
  // @ts-expect-error: who accepts less may not stand where more is asked for
  const wider: Pid<string | number> = narrow
  // @ts-expect-error: a server is not a pid that takes anything
  const anything: Pid = counter
  const none: Pid<never> = counter as never
  // an untyped pid accepts anything
  const untyped = {} as Pid
  node.send(untyped, Math.random())
  expectTypeOf(node.call(untyped, 'x')).resolves.toEqualTypeOf<unknown>()
  node.cast(untyped, 'x')
  const typed: Pid<string> = untyped
  return [wider, anything, none, typed]
})

never(node => {
  // the plainest spawn compiles, and knows its self
  node.spawn(async self => {
    expectTypeOf(self).toEqualTypeOf<Self>()
    for await (const message of self) self.send(self.pid, message)
  })
  node.spawn(() => {})

  // a function process says what it receives, and its pid takes just that
  const pid = node.spawn<{ text: string }>(async self => {
    expectTypeOf(self.receive()).resolves.toEqualTypeOf<{ text: string }>()
    for await (const message of self) expectTypeOf(message).toEqualTypeOf<{ text: string }>()
  })
  expectTypeOf(pid).toEqualTypeOf<Pid<{ text: string }>>()
  // @ts-expect-error: it receives { text }
  node.send(pid, 'text')

  const isText = (message: unknown): message is string => typeof message === 'string'
  expectTypeOf(node.receive(isText)).resolves.toEqualTypeOf<string>()
  expectTypeOf(node.receive({ kind: 'down' })).resolves.toEqualTypeOf<unknown>()
})

never(() => {
  class Wrong extends GenServer<CounterProtocol> {
    // @ts-expect-error: no request is answered with a boolean
    override handleCall(_request: CounterProtocol['cast']): boolean {
      return true
    }
    // @ts-expect-error: casts of this server are no numbers
    override handleCast(_request: number): void {}
    // @ts-expect-error: messages of this server are no numbers
    override handleInfo(_message: number): void {}
  }
  class WrongRequest extends GenServer<CounterProtocol> {
    // @ts-expect-error: requests of this server are no numbers
    override handleCall(_request: number): number {
      return 5
    }
  }
  class WrongReply extends GenServer<CounterProtocol> {
    // @ts-expect-error: no request is answered with a boolean
    override handleCall() {
      return reply(true)
    }
  }
  class Fits extends GenServer<CounterProtocol> {
    override async handleCall(request: { add: number } | 'read', from: From<string | number>) {
      if (request === 'read') return stop('normal', 'bye')
      // @ts-expect-error: no request is answered with a boolean
      from.reply(true)
      from.reply(5)
      return noReply
    }
    override async handleCast() {
      return stop()
    }
  }
  return [Wrong, WrongRequest, WrongReply, Fits]
})

test('what compiles works', async () => {
  await using node = await startNode()
  const counter = node.spawn(Counter, 1)
  expect(await node.call(counter, { add: 2 })).toBe(2)
  expect(await call(counter, 'read')).toBe('read')
})
