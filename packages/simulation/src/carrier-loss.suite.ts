/** The part of the carrier suite on losing a channel and on the lives of a node. */

import type { Node, Pid, Self } from '@barrel-actors/runtime'
import { describe, expect } from 'vitest'
import { Echo, type MakePair, type Notes, type Trial, trial } from './carrier-trial.suite.ts'

export function lossCases(makePair: MakePair): void {
  describe('losing the channel', () => {
    trial('a monitor ends in exactly one down, noconnection', makePair, endsMonitors)
    trial('a link ends with noconnection on both sides', makePair, endsLinks)
    trial('a call rejects with E_NO_CONNECTION', makePair, endsCalls)
    trial('both sides know that the other is gone', makePair, forgetsNodes)
    trial('the next send opens the channel again', makePair, opensAgain)
    trial('whoever subscribed to nodes is told, before and after all that the channel carried', makePair, tellsOfNodes)
  })
  describe('a node that starts again', () => {
    trial('has a greater creation, and is reached by name', makePair, reachesTheNextLife)
    trial('is not reached by a pid of its earlier life', makePair, keepsLivesApart)
    trial(
      'a link to a pid of its earlier life yields noproc, and leaves links to the new life alone',
      makePair,
      linksLives,
    )
  })
}

/** What each of the nodes sees of a process on the other one, when the channel goes. */
function watchers(t: Trial, far: Node, near: Node): Notes {
  const target = t.notes(far)
  const messages: unknown[] = []
  const pid = near.spawn(async (self: Self) => {
    self.trapExit = true
    self.monitor(target.pid)
    self.monitor({ name: 'nobody yet', node: far.name })
    self.link(target.pid)
    for await (const message of self) messages.push(message)
  })
  return { pid, messages }
}

const isLoss = (message: unknown) => (message as { reason?: unknown }).reason === 'noconnection'

async function endsMonitors(t: Trial): Promise<void> {
  const [atA, atB] = [watchers(t, t.b, t.a), watchers(t, t.a, t.b)]
  for (const notes of [atA, atB]) {
    await t.eventually('the missing name is told', () => notes.messages.length > 0)
  }
  await t.quiet()
  await t.lose()
  for (const notes of [atA, atB]) {
    await t.eventually('the loss is noticed', () => notes.messages.filter(isLoss).length >= 2)
    await t.quiet()
    const kinds = notes.messages.filter(isLoss).map(message => (message as { kind: string }).kind)
    expect(kinds.sort()).toEqual(['down', 'exit'])
    // That of the missing name had ended before.
    expect(notes.messages.filter(message => !isLoss(message))).toMatchObject([{ kind: 'down', reason: 'noproc' }])
  }
}

async function endsLinks(t: Trial): Promise<void> {
  const target = t.notes(t.b)
  const other = t.a.spawn(async (self: Self) => {
    self.link(target.pid)
    await self.receive()
  })
  t.a.monitor(other)
  t.b.monitor(target.pid)
  await t.quiet()
  await t.lose()
  expect(await t.until(t.a.receive())).toMatchObject({ kind: 'down', from: other, reason: 'noconnection' })
  expect(await t.until(t.b.receive())).toMatchObject({ kind: 'down', from: target.pid, reason: 'noconnection' })
}

async function endsCalls(t: Trial): Promise<void> {
  const silent = t.notes(t.b)
  const called = t.a.call(silent.pid as never, 1 as never, { timeoutMs: Infinity })
  await t.received(silent, 1)
  const rejected = t.rejection(called, 'E_NO_CONNECTION')
  await t.lose()
  await rejected
}

async function forgetsNodes(t: Trial): Promise<void> {
  await t.connect()
  expect([t.a.nodes(), t.b.nodes()]).toEqual([[t.b.name], [t.a.name]])
  await t.lose()
  await t.eventually('both have noticed', () => t.a.nodes().length + t.b.nodes().length === 0)
}

async function tellsOfNodes(t: Trial): Promise<void> {
  const seen: [kind: unknown, message: unknown, nodes: string[]][] = []
  const hasSeen = (wanted: string) => seen.some(([kind]) => kind === wanted)
  t.a.spawn(async (self: Self<{ kind?: string }>) => {
    self.subscribeNodes()
    self.subscribeNodes()
    t.a.register('subscriber', self.pid as Pid)
    for await (const { kind, ...message } of self) {
      seen.push([kind, message, self.node.nodes()])
      if (kind === 'nodeUp') self.monitor({ name: 'lasting', node: t.b.name })
    }
  })
  await t.quiet()
  for (const time of ['first', 'second']) {
    t.b.register('lasting', t.notes(t.b).pid)
    t.b.send({ name: 'subscriber', node: t.a.name }, { kind: time })
    await t.eventually('the message has come', () => hasSeen(time))
    await t.quiet()
    await t.lose()
    await t.eventually('the loss is told', () => hasSeen('nodeDown'))
    await t.eventually('the other side has noticed', () => t.b.nodes().length === 0)
    await t.quiet()
    const { name } = t.b
    expect(seen.splice(0)).toMatchObject([
      ['nodeUp', { node: name }, [name]],
      [time, {}, [name]],
      ['down', { reason: 'noconnection' }, []],
      ['nodeDown', { node: name, reason: expect.any(String) }, []],
    ])
    t.b.unregister('lasting')
  }
}

async function opensAgain(t: Trial): Promise<void> {
  const notes = t.notes(t.b)
  await t.connect()
  for (const [near, far] of [
    [t.a, t.b],
    [t.b, t.a],
  ] as const) {
    const targets = [t.notes(far), t.notes(far)]
    near.spawn(async (self: Self) => {
      for (const { pid } of targets) self.link(pid)
      await self.receive()
    })
  }
  t.a.monitor(notes.pid)
  await t.quiet()
  await t.lose()
  expect(await t.until(t.a.receive())).toMatchObject({ kind: 'down', reason: 'noconnection' })
  await t.eventually('both have noticed', () => t.a.nodes().length + t.b.nodes().length === 0)
  await t.quiet()
  expect([t.a.nodes(), t.b.nodes()]).toEqual([[], []])
  t.a.send(notes.pid, 'again')
  expect(await t.received(notes, 1)).toEqual(['again'])
  expect(await t.until(t.a.call(t.b.spawn(Echo), 'again'))).toBe('again')
}

async function reachesTheNextLife(t: Trial): Promise<void> {
  const earlier = t.b.creation
  t.b.register('echo', t.b.spawn(Echo))
  expect(await t.until(t.a.call({ name: 'echo', node: t.b.name }, 1))).toBe(1)
  await t.restartB()
  expect(t.b.creation).toBeGreaterThan(earlier)
  t.b.register('echo', t.b.spawn(Echo))
  await meetAgain(t)
  expect(await t.until(t.a.call({ name: 'echo', node: t.b.name }, 2))).toBe(2)
}

async function keepsLivesApart(t: Trial): Promise<void> {
  const { earlier, later } = await twoLives(t)
  t.a.send(earlier.pid, 'for the dead')
  t.a.exit(earlier.pid, 'kill')
  t.a.monitor(earlier.pid)
  expect(await t.until(t.a.receive({ kind: 'down', reason: 'noproc' }))).toMatchObject({ from: earlier.pid })
  const error = await t.rejection(t.a.call(earlier.pid as never, 1 as never), 'E_CALL_EXIT')
  expect(error.fields).toMatchObject({ reason: 'noproc' })
  t.a.send(later.pid, 'for the living')
  expect(await t.received(later, 1)).toEqual(['for the living'])
}

async function linksLives(t: Trial): Promise<void> {
  const { earlier, later } = await twoLives(t)
  t.a.link(later.pid)
  t.a.link(earlier.pid)
  const exit = await t.until(t.a.receive({ kind: 'exit' }, { timeoutMs: 1000 }))
  expect(exit).toMatchObject({ from: earlier.pid, reason: 'noproc' })
  await t.quiet()
  t.b.exit(later.pid, 'broken')
  expect(await t.until(t.a.receive())).toMatchObject({ kind: 'exit', from: later.pid, reason: 'broken' })
}

/** Two processes with the same serial, in two lives of b; a has a channel to the later one. */
async function twoLives(t: Trial): Promise<{ earlier: Notes; later: Notes }> {
  const earlier = t.notes(t.b)
  t.a.send(earlier.pid, 'hello')
  await t.received(earlier, 1)
  await t.restartB()
  const later = t.notes(t.b)
  expect(later.pid.serial).toBe(earlier.pid.serial)
  await meetAgain(t)
  // Its pid has left its node: from now on a serial alone would lead to it.
  t.a.send(later.pid, 'hello')
  await t.received(later, 1)
  later.messages.length = 0
  return { earlier, later }
}

/** The new life dials, which ends what is left of the channel to the earlier one. */
async function meetAgain(t: Trial): Promise<void> {
  await t.until(t.b.connect(t.a.name))
  await t.eventually('a knows the new life', () => t.a.nodes().includes(t.b.name))
}
