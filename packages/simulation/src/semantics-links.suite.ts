/** The part of the semantics suite on order, links and exit signals. */

import type { AnyPid, Node, Self } from '@barrel-actors/runtime'
import { describe, expect } from 'vitest'
import { type MakePair, type Trial, trial } from './carrier-trial.suite.ts'

export function linkCases(makePair: MakePair): void {
  describe('the order of signals', () => {
    trial('signals of every kind from one process to another arrive in the order sent', makePair, keepsOrder)
    trial('what a process sent before its end comes before its down and its exit', makePair, endsLast)
  })
  describe('links between processes', () => {
    trial('a link is one link, however often and from whichever side it was set', makePair, linksOnce)
    trial('an unlink that meets the exit on its way leaves no exit message behind', makePair, unlinksInTime)
    trial('an end goes along links from process to process, with its reason', makePair, endsChains)
    trial('kill along a link is a reason like any other: it can be trapped and stays kill', makePair, carriesKill)
    trial('those linked to a killed process see killed', makePair, seesKilled)
    trial('a normal exit signal is dropped, or a message where exits are trapped', makePair, dropsNormal)
  })
}

export interface Actors {
  readonly pid: AnyPid
  readonly self: Self
  readonly messages: unknown[]
}

/** A process that notes what it receives, and can be made to act. */
export async function actor(t: Trial, node: Node, { trapExit = false } = {}): Promise<Actors> {
  const messages: unknown[] = []
  const selves: Self[] = []
  const pid = node.spawn(async (self: Self) => {
    self.trapExit = trapExit
    selves.push(self)
    for await (const message of self) messages.push(message)
  })
  await t.eventually('the process has started', () => selves.length > 0)
  return { pid, self: selves[0] as Self, messages }
}

/** Until every signal that one process has sent another is there: what is sent behind them has come. */
export async function arrived(t: Trial, from: Actors, to: Actors): Promise<void> {
  from.self.send(to.pid as never, 'all before this')
  await t.eventually('all has come', () => to.messages.includes('all before this'))
  to.messages.splice(to.messages.indexOf('all before this'), 1)
}

/** Leaves the code of a process by its exit. */
export function end(self: Self, reason: unknown): void {
  expect(() => self.exit(reason)).toThrow('exited')
}

const reasonsOf = (messages: unknown[]) => messages.map(message => (message as { reason?: unknown }).reason ?? message)

async function keepsOrder(t: Trial): Promise<void> {
  const [p, q] = [await actor(t, t.a), await actor(t, t.b, { trapExit: true })]
  t.b.register('q', q.pid)
  for (let round = 0; round < 50; round++) {
    p.self.send(q.pid as never, [round])
    p.self.exit(q.pid, 'one')
    p.self.send({ name: 'q', node: t.b.name }, 'between')
    p.self.link(q.pid)
    p.self.exit({ name: 'q', node: t.b.name }, 'two')
    const ref = p.self.monitor(q.pid)
    p.self.unlink(q.pid)
    p.self.demonitor(ref)
    // Not all in one packet.
    if (round % 10 === 9) await t.pass(1)
  }
  p.self.link(q.pid)
  p.self.send(q.pid as never, 'last')
  end(p.self, 'over')
  await t.eventually('all have come', () => q.messages.length >= 202)
  const rounds = Array.from({ length: 50 }, (_, round) => [[round], 'one', 'between', 'two'])
  expect(reasonsOf(q.messages)).toEqual([...rounds.flat(), 'last', 'over'])
}

async function endsLast(t: Trial): Promise<void> {
  const [p, q] = [await actor(t, t.a, { trapExit: true }), await actor(t, t.b)]
  p.self.link(q.pid)
  p.self.monitor(q.pid)
  await arrived(t, p, q)
  for (const message of [1, 2, 3]) q.self.send(p.pid as never, message)
  end(q.self, 'over')
  await t.eventually('all have come', () => p.messages.length >= 5)
  await t.quiet()
  expect(reasonsOf(p.messages)).toEqual([1, 2, 3, 'over', 'over'])
}

async function linksOnce(t: Trial): Promise<void> {
  const [p, q] = [await actor(t, t.a, { trapExit: true }), await actor(t, t.b, { trapExit: true })]
  const linkOften = async () => {
    for (let times = 0; times < 3; times++) {
      p.self.link(q.pid)
      q.self.link(p.pid)
      if (times === 1) await t.quiet()
    }
    await arrived(t, p, q)
    await arrived(t, q, p)
  }
  await linkOften()
  q.self.unlink(p.pid)
  await arrived(t, q, p)
  const [r, s] = [await actor(t, t.a), await actor(t, t.b)]
  q.self.exit(r.pid, 'unseen')
  q.self.exit(s.pid, 'unseen')
  await linkOften()
  end(q.self, 'once')
  await t.eventually('the end has come', () => p.messages.length > 0)
  await t.quiet()
  expect(p.messages).toEqual([{ kind: 'exit', from: expect.anything(), reason: 'once' }])
}

async function unlinksInTime(t: Trial): Promise<void> {
  const p = await actor(t, t.a, { trapExit: true })
  for (const isFirst of [true, false]) {
    const q = await actor(t, t.b)
    p.self.link(q.pid)
    await arrived(t, p, q)
    if (isFirst) p.self.unlink(q.pid)
    end(q.self, 'late')
    if (!isFirst) p.self.unlink(q.pid)
    p.self.send(p.pid as never, 'unlinked')
    await t.eventually('the mark has come', () => p.messages.includes('unlinked'))
    await t.quiet()
    // What was in the mailbox before stays there, as in Erlang; nothing is added after.
    const seen = p.messages.splice(0)
    expect(isFirst ? seen : seen.slice(-1)).toEqual(['unlinked'])
    expect(p.self.alive).toBe(true)
  }
}

async function endsChains(t: Trial): Promise<void> {
  const last = await actor(t, t.a, { trapExit: true })
  let before = last
  for (let length = 0; length < 6; length++) {
    const next = await actor(t, length % 2 === 0 ? t.b : t.a)
    next.self.link(before.pid)
    await arrived(t, next, before)
    before = next
  }
  end(before.self, { domino: 1 })
  await t.eventually('the end has come', () => last.messages.length > 0)
  await t.quiet()
  expect(last.messages).toMatchObject([{ kind: 'exit', reason: { domino: 1 } }])
}

async function carriesKill(t: Trial): Promise<void> {
  const [traps, plain] = [await actor(t, t.a, { trapExit: true }), await actor(t, t.a)]
  const [q, watcher] = [await actor(t, t.b), await actor(t, t.b)]
  watcher.self.monitor(plain.pid)
  for (const each of [traps, plain]) {
    each.self.link(q.pid)
    await arrived(t, each, q)
  }
  await arrived(t, watcher, plain)
  end(q.self, 'kill')
  await t.eventually('both have ended or been told', () => traps.messages.length + watcher.messages.length >= 2)
  expect(reasonsOf([...traps.messages, ...watcher.messages])).toEqual(['kill', 'kill'])
}

async function seesKilled(t: Trial): Promise<void> {
  const [p, q] = [await actor(t, t.a, { trapExit: true }), await actor(t, t.b, { trapExit: true })]
  p.self.link(q.pid)
  p.self.exit(q.pid, 'kill')
  await t.eventually('the end has come', () => p.messages.length > 0)
  await t.quiet()
  expect(reasonsOf(p.messages)).toEqual(['killed'])
  expect(q.messages).toEqual([])
}

async function dropsNormal(t: Trial): Promise<void> {
  const p = await actor(t, t.a)
  const [plain, traps] = [await actor(t, t.b), await actor(t, t.b, { trapExit: true })]
  for (const { pid } of [plain, traps]) p.self.exit(pid, 'normal')
  p.self.send(plain.pid as never, 'alive')
  await t.eventually('both have been told', () => plain.messages.length + traps.messages.length >= 2)
  expect(plain.messages).toEqual(['alive'])
  expect(traps.messages).toMatchObject([{ kind: 'exit', reason: 'normal' }])
}
