/** The part of the carrier suite on watching: monitors, links and exit signals between nodes. */

import type { AnyPid, Down, Exit, Node, Self } from '@barrel-actors/runtime'
import { describe, expect } from 'vitest'
import { type MakePair, type Notes, type Trial, trial } from './carrier-trial.suite.ts'

export function watchCases(makePair: MakePair): void {
  describe('monitors', () => {
    trial('a monitor by pid or by name ends in one down with the reason', makePair, monitors)
    trial('a monitor of nobody ends with noproc', makePair, monitorsNobody)
    trial('after demonitor no down comes', makePair, demonitors)
    trial('a reason of any shape crosses, and one that cannot comes as a text', makePair, carriesReasons)
  })
  describe('links', () => {
    trial('an abnormal exit ends the linked process', makePair, t => endsLinked(t, t.a, t.b))
    trial('an abnormal exit ends the process that set the link', makePair, t => endsLinked(t, t.b, t.a))
    trial('a process that traps exits gets a message instead', makePair, trapsExits)
    trial('a normal exit leaves the linked process alive, and tells one that traps', makePair, exitsNormally)
    trial('after unlink no exit crosses, in either direction', makePair, unlinks)
    trial('a link to a dead process yields noproc', makePair, linksNobody)
  })
  describe('exit signals', () => {
    trial('an exit signal ends a process on the other node', makePair, sendsExits)
    trial('kill cannot be trapped, and others see killed', makePair, kills)
  })
}

/** A process that links itself to another and lives on. */
function linked(t: Trial, node: Node, to: AnyPid, options: { trapExit?: boolean } = {}): Notes {
  const notes = t.notes(node, options)
  const pid = node.spawn(async (self: Self) => {
    self.trapExit = options.trapExit === true
    self.link(to)
    for await (const message of self) notes.messages.push(message)
  })
  return { pid, messages: notes.messages }
}

function downs(notes: Notes): Pick<Down, 'kind' | 'reason'>[] {
  return (notes.messages as Down[]).map(({ kind, reason }) => ({ kind, reason }))
}

/** A process that notes the ends of others. */
function watcher(node: Node, ...watched: (AnyPid | { name: string; node: string })[]): Notes {
  const messages: unknown[] = []
  const pid = node.spawn(async (self: Self) => {
    for (const each of watched) self.monitor(each)
    for await (const message of self) messages.push(message)
  })
  return { pid, messages }
}

async function monitors(t: Trial): Promise<void> {
  const target = t.notes(t.b)
  t.b.register('target', target.pid)
  const named = { name: 'target', node: t.b.name }
  const notes = watcher(t.a, target.pid, named, target.pid)
  await t.quiet()
  expect(notes.messages).toEqual([])
  t.b.exit(target.pid, 'broken')
  const received = (await t.received(notes, 3)) as Down[]
  await t.quiet()
  expect(downs(notes)).toEqual(Array.from({ length: 3 }, () => ({ kind: 'down', reason: 'broken' })))
  expect(received.map(({ from }) => from)).toEqual([target.pid, named, target.pid])
}

async function monitorsNobody(t: Trial): Promise<void> {
  const dead = t.notes(t.b)
  t.b.exit(dead.pid, 'kill')
  const notes = watcher(t.a, dead.pid, { name: 'nobody', node: t.b.name })
  await t.received(notes, 2)
  await t.quiet()
  expect(downs(notes).map(({ reason }) => reason)).toEqual(['noproc', 'noproc'])
}

async function demonitors(t: Trial): Promise<void> {
  const target = t.notes(t.b)
  const ref = t.a.monitor(target.pid)
  await t.quiet()
  expect(t.a.demonitor(ref)).toBe(true)
  t.b.exit(target.pid, 'broken')
  await t.quiet()
  // A second monitor ends, so that the first is known to have stayed silent.
  const second = t.a.monitor(target.pid)
  expect(await t.until(t.a.receive())).toMatchObject({ kind: 'down', ref: second, reason: 'noproc' })
}

async function carriesReasons(t: Trial): Promise<void> {
  const targets = [t.notes(t.b), t.notes(t.b), t.notes(t.b)]
  const notes = watcher(t.a, ...targets.map(({ pid }) => pid))
  await t.quiet()
  const reasons = ['plain', { shutdown: [1, undefined] }, { run: () => {} }]
  // The ends of several processes keep no order.
  for (const [index, { pid }] of targets.entries()) {
    t.b.exit(pid, reasons[index])
    await t.received(notes, index + 1)
  }
  expect(downs(notes).map(({ reason }) => reason)).toEqual(['plain', { shutdown: [1, undefined] }, '{}'])
}

async function endsLinked(t: Trial, near: Node, far: Node): Promise<void> {
  const target = t.notes(far)
  const other = linked(t, near, target.pid)
  const [atNear, atFar] = [watcher(near, other.pid), watcher(far, target.pid)]
  await t.quiet()
  // One end or the other, by which node is a.
  const [ending, endingNode] = near === t.a ? [target, far] : [other, near]
  endingNode.exit(ending.pid, 'broken')
  await t.received(atNear, 1)
  await t.received(atFar, 1)
  expect([...downs(atNear), ...downs(atFar)].map(({ reason }) => reason)).toEqual(['broken', 'broken'])
}

async function trapsExits(t: Trial): Promise<void> {
  const target = t.notes(t.b)
  const other = linked(t, t.a, target.pid, { trapExit: true })
  await t.quiet()
  t.b.exit(target.pid, 'broken')
  const [exit] = (await t.received(other, 1)) as [Exit]
  expect(exit).toMatchObject({ kind: 'exit', reason: 'broken' })
  expect(target.pid.equals(exit.from)).toBe(true)
  await t.quiet()
  expect(other.messages).toHaveLength(1)
}

async function exitsNormally(t: Trial): Promise<void> {
  const target = t.b.spawn(async (self: Self) => {
    await self.receive()
  })
  const [plain, trapping] = [linked(t, t.a, target), linked(t, t.a, target, { trapExit: true })]
  await t.quiet()
  t.a.send(target, 'end')
  expect(await t.received(trapping, 1)).toMatchObject([{ kind: 'exit', reason: 'normal' }])
  t.a.send(plain.pid, 'alive')
  expect(await t.received(plain, 1)).toEqual(['alive'])
}

async function unlinks(t: Trial): Promise<void> {
  const targets = [t.notes(t.b), t.notes(t.b)] as const
  const messages: unknown[] = []
  const other = t.a.spawn(async (self: Self) => {
    for (const { pid } of targets) self.link(pid)
    await self.receive()
    for (const { pid } of targets) self.unlink(pid)
    for await (const message of self) messages.push(message)
  })
  await t.quiet()
  t.a.send(other, 'unlink')
  await t.quiet()
  t.b.exit(targets[0].pid, 'broken')
  await t.quiet()
  t.a.send(other, 'alive')
  await t.received({ pid: other, messages }, 1)
  t.a.exit(other, 'broken')
  await t.quiet()
  t.b.send(targets[1].pid, 'alive')
  expect(await t.received(targets[1], 1)).toEqual(['alive'])
  expect(messages).toEqual(['alive'])
}

async function linksNobody(t: Trial): Promise<void> {
  const dead = t.notes(t.b)
  t.b.exit(dead.pid, 'kill')
  const other = linked(t, t.a, dead.pid, { trapExit: true })
  expect(await t.received(other, 1)).toMatchObject([{ kind: 'exit', reason: 'noproc' }])
}

async function sendsExits(t: Trial): Promise<void> {
  const [plain, trapping] = [t.notes(t.b), t.notes(t.b, { trapExit: true })]
  const notes = watcher(t.a, plain.pid, trapping.pid)
  await t.quiet()
  t.a.exit(plain.pid, 'normal')
  t.a.exit(plain.pid, 'broken')
  t.a.exit(trapping.pid, 'broken')
  await t.received(notes, 1)
  expect(downs(notes)).toEqual([{ kind: 'down', reason: 'broken' }])
  const [exit] = (await t.received(trapping, 1)) as [Exit]
  expect(exit).toMatchObject({ kind: 'exit', reason: 'broken' })
  expect(t.a.pid.equals(exit.from)).toBe(true)
}

async function kills(t: Trial): Promise<void> {
  const target = t.notes(t.b, { trapExit: true })
  t.b.register('target', target.pid)
  const notes = watcher(t.a, target.pid)
  await t.quiet()
  t.a.exit({ name: 'target', node: t.b.name }, 'kill')
  await t.received(notes, 1)
  expect(downs(notes)).toEqual([{ kind: 'down', reason: 'killed' }])
}
