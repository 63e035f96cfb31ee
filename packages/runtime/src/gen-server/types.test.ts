// What must not compile around servers, and what is inferred. Checked by `tsc -p tsconfig.check.json`.

import { expect, expectTypeOf, test } from 'vitest'
import type {
  AnyPid,
  AnyReplyOf,
  CastOf,
  From,
  InfoOf,
  MultiCallResult,
  Next,
  Node,
  Pid,
  ProcessInfo,
  ProtocolOf,
  Ref,
  ReplyOf,
  RequestOf,
  Self,
  ServerPid,
  Stop,
} from '../index.ts'
import { GenServer, multiCall, next, noReply, reply, spawn, start, startLink, startNode, stop } from '../index.ts'

interface BankProtocol {
  call:
    | ((request: { kind: 'balance'; account: string }) => number)
    | ((request: { kind: 'owners' }) => readonly string[])
    | ((request: 'close') => true)
  cast: { kind: 'deposit'; amount: number } | 'audit'
  info: { kind: 'rate'; percent: number }
}

class Bank extends GenServer<BankProtocol> {
  override async init(name: string, options: { readonly limit?: number } = {}): Promise<Next | undefined> {
    return options.limit === undefined ? undefined : next({ continue: name })
  }
  override handleCall(request: RequestOf<BankProtocol>) {
    if (request === 'close') return stop('shutdown', true as const)
    if (request.kind === 'owners') return reply(['ann'], { timeoutMs: 50 })
    return 5
  }
  override handleCast() {}
  override handleInfo() {}
  override handleContinue() {}
}

/** Never called: what is in it has only to compile, or not to. */
const never = (_: (node: Node, bank: ServerPid<BankProtocol>, self: Self) => unknown) => {}

never(() => {
  // the parts of a protocol
  expectTypeOf<RequestOf<BankProtocol>>().toEqualTypeOf<
    { kind: 'balance'; account: string } | { kind: 'owners' } | 'close'
  >()
  expectTypeOf<ReplyOf<BankProtocol, 'close'>>().toEqualTypeOf<true>()
  expectTypeOf<ReplyOf<BankProtocol, { kind: 'owners' }>>().toEqualTypeOf<readonly string[]>()
  expectTypeOf<AnyReplyOf<BankProtocol>>().toEqualTypeOf<number | readonly string[] | true>()
  expectTypeOf<CastOf<BankProtocol>>().toEqualTypeOf<{ kind: 'deposit'; amount: number } | 'audit'>()
  expectTypeOf<InfoOf<BankProtocol>>().toEqualTypeOf<{ kind: 'rate'; percent: number }>()
  expectTypeOf<RequestOf<{ cast: 'x' }>>().toEqualTypeOf<never>()
  expectTypeOf<CastOf<{ info: 'x' }>>().toEqualTypeOf<never>()
  expectTypeOf<ProtocolOf<Bank>>().toEqualTypeOf<BankProtocol>()
})

never((node, bank, self) => {
  // every way to call infers the reply
  expectTypeOf(node.call(bank, 'close')).resolves.toEqualTypeOf<true>()
  expectTypeOf(self.call(bank, { kind: 'balance', account: 'a' })).resolves.toEqualTypeOf<number>()
  expectTypeOf(self.call(bank, { kind: 'owners' }, { timeoutMs: 5 })).resolves.toEqualTypeOf<readonly string[]>()
  expectTypeOf(multiCall([bank], 'close')).resolves.toEqualTypeOf<MultiCallResult<Pid<never, BankProtocol>, true>>()
  expectTypeOf(multiCall(['name'], 'close')).resolves.toEqualTypeOf<MultiCallResult<'name'>>()
  // @ts-expect-error: a field is missing
  void self.call(bank, { kind: 'balance' })
  // @ts-expect-error: no such kind
  void node.call(bank, { kind: 'rate' })
  // @ts-expect-error: milliseconds are a number
  void node.call(bank, 'close', { timeoutMs: '5' })
  // @ts-expect-error: no such option
  void node.call(bank, 'close', { timeout: 5 })
  // @ts-expect-error: none of them takes it
  void multiCall([bank], 'open')
  // @ts-expect-error: a list, not a pid
  void multiCall(bank, 'close')
})

never((node, bank, self) => {
  // casts and messages
  self.cast(bank, 'audit')
  self.send(bank, { kind: 'rate', percent: 5 })
  // @ts-expect-error: a field is missing
  self.cast(bank, { kind: 'deposit' })
  // @ts-expect-error: a message is no cast
  self.cast(bank, { kind: 'rate', percent: 5 })
  // @ts-expect-error: a cast is no message
  self.send(bank, 'audit')
  // @ts-expect-error: wrong type of a field
  node.send(bank, { kind: 'rate', percent: '5' })
  // @ts-expect-error: what a timer sends must fit, too
  node.sendAfter(5, bank, 'audit')
  // @ts-expect-error: this one comes wrapped, and the server knows no such message
  node.startTimer(5, bank, { kind: 'rate', percent: 5 })
  expectTypeOf(node.sendAfter(5, bank, { kind: 'rate', percent: 5 })).toEqualTypeOf<Ref>()
  // @ts-expect-error: a delay is a number
  node.sendAfter('5', bank, { kind: 'rate', percent: 5 })
})

never(node => {
  // starting takes what init takes, and gives the pid that speaks the protocol
  expectTypeOf(spawn(Bank, 'north')).toEqualTypeOf<ServerPid<BankProtocol>>()
  expectTypeOf(start(Bank, 'north', { limit: 5 })).resolves.toEqualTypeOf<ServerPid<BankProtocol>>()
  expectTypeOf(startLink({ server: Bank, args: ['north'] })).resolves.toEqualTypeOf<ServerPid<BankProtocol>>()
  expectTypeOf(node.startMonitor(Bank, 'north')).resolves.toEqualTypeOf<{ pid: ServerPid<BankProtocol>; ref: Ref }>()
  expectTypeOf(node.spawnMonitor(Bank, 'north').ref).toEqualTypeOf<Ref>()
  // @ts-expect-error: init needs a name
  void start(Bank)
  // @ts-expect-error: init takes a text
  void start(Bank, 5)
  // @ts-expect-error: wrong type of an option of init
  void start(Bank, 'north', { limit: '5' })
  // @ts-expect-error: args are those of init
  void start({ server: Bank, args: [5] })
  // @ts-expect-error: no such field
  void start({ server: Bank, args: ['north'], arguments: [] })
  // @ts-expect-error: a function is spawned, not started
  void start(async () => {})
  // @ts-expect-error: a class that is no server
  node.spawn(class Plain {})
  // @ts-expect-error: names are texts, { via, name } or { global }
  void start({ server: Bank, args: ['north'], name: 5 })
})

never(() => {
  // what callbacks may return
  class Late extends GenServer<BankProtocol> {
    override handleCall(_request: RequestOf<BankProtocol>, from: From<AnyReplyOf<BankProtocol>>) {
      // @ts-expect-error: no request is answered with a text
      from.reply('late')
      return noReply
    }
  }
  class WrongStop extends GenServer<BankProtocol> {
    // @ts-expect-error: the last reply is of the wrong type, too
    override handleCall() {
      return stop('normal', 'bye')
    }
  }
  class WrongNext extends GenServer<BankProtocol> {
    // @ts-expect-error: a reply goes to calls only
    override handleCast() {
      return reply(5)
    }
  }
  class WrongInfo extends GenServer<BankProtocol> {
    // @ts-expect-error: what a message is answered with is lost
    override async handleInfo() {
      return 5
    }
  }
  class WrongInit extends GenServer<BankProtocol> {
    // @ts-expect-error: init sets fields, it returns no state
    override init() {
      return { state: 5 }
    }
  }
  class WrongTerminate extends GenServer<BankProtocol> {
    // @ts-expect-error: it is too late to stop otherwise
    override terminate() {
      return stop()
    }
  }
  // @ts-expect-error: milliseconds are a number
  next({ timeoutMs: '5' })
  // @ts-expect-error: no such thing after a callback
  next({ timeout: 5 })
  expectTypeOf(stop()).toEqualTypeOf<Stop>()
  expectTypeOf(stop('normal', 5)).toEqualTypeOf<Stop<number>>()
  return [Late, WrongStop, WrongNext, WrongInfo, WrongInit, WrongTerminate]
})

never((node, bank) => {
  // what is known of processes
  expectTypeOf(node.processes()).toEqualTypeOf<AnyPid[]>()
  expectTypeOf(node.processInfo(bank)).toEqualTypeOf<ProcessInfo | undefined>()
  node.events.on('crash', report => expectTypeOf(report.state).toEqualTypeOf<string | undefined>())
  node.events.on('longCallback', report => expectTypeOf(report.ms).toEqualTypeOf<number>())
  // @ts-expect-error: no such event
  node.events.on('crashed', () => {})
  // @ts-expect-error: a dead letter does not carry the message
  node.events.on('deadLetter', ({ message }) => message)
  // @ts-expect-error: a pid cannot be made from its parts
  const made: Pid<string> = { node: 'a@b', creation: 1, serial: 1 }
  return made
})

test('what compiles works', async () => {
  await using node = await startNode()
  const bank = await node.start({ server: Bank, args: ['north', { limit: 1 }] })
  expect(await node.call(bank, { kind: 'owners' })).toEqual(['ann'])
  expect(await node.call(bank, 'close')).toBe(true)
})
