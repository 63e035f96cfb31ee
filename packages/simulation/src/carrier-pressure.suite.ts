/** The part of the carrier suite on who sends, and on what waits: at the sender, and in mailboxes. */

import { limits, type Pid, type Self } from '@barrel-actors/runtime'
import { describe, expect } from 'vitest'
import { Echo, type MakePair, type Trial, trial } from './carrier-trial.suite.ts'

export function pressureCases(makePair: MakePair): void {
  describe('where a message comes from', () => {
    trial('the receiver sees the node that has proved to send, whatever the message says', makePair, showsOrigins)
  })
  describe('more than can be taken', () => {
    trial('send says when much waits, and drained tells when there is room', makePair, drains)
    trial('drained resolves at once where nothing waits, and when the channel is lost', makePair, drainsWithTheChannel)
    trial('what nobody takes stops its sender and nobody else, and goes on when it is taken', makePair, stopsOneSender)
    trial('what a process has not taken when it ends stops nobody', makePair, forgetsTheDead)
  })
}

async function showsOrigins(t: Trial): Promise<void> {
  const origins: unknown[] = []
  class Doorman extends Echo {
    override handleCall(request: unknown) {
      origins.push(['call', this.origin?.node])
      return request
    }
    override handleCast() {
      origins.push(['cast', this.origin?.node])
    }
    override async handleInfo() {
      origins.push(['message', this.origin?.node])
      await Promise.resolve()
      origins.push(['after an await', this.origin?.node, this.origin?.role, this.origin?.creation])
    }
  }
  const doorman = t.b.spawn(Doorman)
  t.b.spawn(async (self: Self) => {
    t.b.register('function', self.pid as Pid)
    for await (const _ of self) origins.push(['function', self.origin?.node])
  })
  await t.quiet()
  const tell = async (from: typeof t.a) => {
    from.send(doorman as Pid, { from: 'b@liar', origin: 'b@liar' })
    from.cast(doorman, 1 as never)
    await t.until(from.call(doorman, 1 as never))
    from.send({ name: 'function', node: t.b.name }, 1)
    await t.quiet()
    return origins.splice(0)
  }
  const seenFrom = (node: string | undefined) => [
    ['message', node],
    node === undefined
      ? ['after an await', undefined, undefined, undefined]
      : ['after an await', node, 'node', t.a.creation],
    ['cast', node],
    ['call', node],
    ['function', node],
  ]
  expect(await tell(t.a)).toEqual(seenFrom(t.a.name))
  expect(await tell(t.b)).toEqual(seenFrom(undefined))
}

const block = new Uint8Array(50_000)

/** Sends until there is no more room; how often it sent. */
function fill(t: Trial, pid: Pid): number {
  for (let sent = 1; sent <= 10_000; sent++) {
    if (!t.a.send(pid, block)) return sent
  }
  throw new Error('there is always room')
}

async function drains(t: Trial): Promise<void> {
  const notes = t.notes(t.b)
  await t.connect()
  const sent = fill(t, notes.pid)
  let isDrained = false
  const drained = t.a.drained(notes.pid).then(() => {
    isDrained = true
  })
  await Promise.resolve()
  expect(isDrained).toBe(false)
  await t.until(drained)
  expect(t.a.send(notes.pid, block)).toBe(true)
  expect(await t.received(notes, sent + 1)).toHaveLength(sent + 1)
}

async function drainsWithTheChannel(t: Trial): Promise<void> {
  const notes = t.notes(t.b)
  await t.a.drained(notes.pid)
  await t.a.drained(t.a.pid)
  await t.connect()
  fill(t, notes.pid)
  const drained = t.a.drained(notes.pid)
  t.a.disconnect(t.b.name)
  await t.until(drained)
}

const flood = limits.backlogMessagesMax * 2

/** A process that takes nothing until it is told to; then it counts. */
function lazy(t: Trial) {
  let go = () => {}
  const seen = { count: 0 }
  const pid = t.b.spawn(async (self: Self) => {
    await new Promise<void>(resolve => {
      go = resolve
    })
    for await (const _ of self) seen.count++
  })
  return { pid, seen, go: () => go() }
}

async function stopsOneSender(t: Trial): Promise<void> {
  const { pid, seen, go } = lazy(t)
  const echo = t.b.spawn(Echo)
  await t.connect()
  t.a.spawn((self: Self) => {
    for (let count = 0; count < flood; count++) self.send(pid, count)
  })
  const waiting = () => t.b.processInfo(pid)?.mailboxLength ?? 0
  await t.eventually('it has come to a stop', () => waiting() > limits.backlogMessagesMax)
  for (let round = 0; round < 3; round++) {
    await t.quiet()
    expect(await t.until(t.a.call(echo, 'still here' as never))).toBe('still here')
  }
  // What was read with the message that was too much is there too.
  expect(waiting()).toBeLessThan(limits.backlogMessagesMax * 1.5)
  go()
  await t.eventually('everything has been taken', () => seen.count === flood)
}

async function forgetsTheDead(t: Trial): Promise<void> {
  const [first, second] = [lazy(t), lazy(t)]
  await t.connect()
  second.go()
  // By one sender: it shares a flow with itself.
  t.a.spawn((self: Self) => {
    for (let count = 0; count < flood; count++) self.send(first.pid, count)
    self.send(second.pid, 'behind them')
  })
  const waiting = () => t.b.processInfo(first.pid)?.mailboxLength ?? 0
  await t.eventually('it has come to a stop', () => waiting() > limits.backlogMessagesMax)
  await t.quiet()
  expect(second.seen.count).toBe(0)
  t.b.exit(first.pid, 'kill')
  await t.eventually('what was behind has come', () => second.seen.count === 1)
}
