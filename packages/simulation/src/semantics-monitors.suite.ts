/** The part of the semantics suite on monitors and names. */

import type { Self } from '@barrel-actors/runtime'
import { describe, expect } from 'vitest'
import { type MakePair, type Trial, trial } from './carrier-trial.suite.ts'
import { actor, arrived, end } from './semantics-links.suite.ts'

export function monitorCases(makePair: MakePair): void {
  describe('monitors of processes', () => {
    trial('monitors stack: each ends in one down of its own, and a demonitor takes one away', makePair, stacks)
    trial('after demonitor with flush no down is left, come or under way', makePair, flushes)
    trial('a monitor by name watches who held the name when it was set', makePair, watchesTheHolder)
    trial('whoever sees a down or an exit finds the name free', makePair, freesNames)
    trial('a ref that has been away still ends its monitor, and takes its down away', makePair, knowsRefsAgain)
  })
}

async function stacks(t: Trial): Promise<void> {
  const [p, q] = [await actor(t, t.a), await actor(t, t.b)]
  const refs = [p.self.monitor(q.pid), p.self.monitor(q.pid), p.self.monitor(q.pid)] as const
  await arrived(t, p, q)
  expect(p.self.demonitor(refs[1])).toBe(true)
  expect(p.self.demonitor(refs[1])).toBe(false)
  end(q.self, 'over')
  await t.eventually('two have come', () => p.messages.length >= 2)
  await t.quiet()
  const refsSeen = p.messages.map(message => String((message as { ref: unknown }).ref))
  expect(refsSeen.sort()).toEqual([refs[0], refs[2]].map(String).sort())
}

async function flushes(t: Trial): Promise<void> {
  for (const isUnderWay of [true, false]) {
    const q = await actor(t, t.b)
    const selves: Self[] = []
    t.a.spawn(async (self: Self) => {
      selves.push(self)
      await new Promise<never>(() => {})
    })
    await t.eventually('the process has started', () => selves.length > 0)
    const self = selves[0] as Self
    const ref = self.monitor(q.pid)
    await t.quiet()
    end(q.self, 'over')
    if (!isUnderWay) await t.quiet()
    self.demonitor(ref, { flush: true })
    await t.quiet()
    self.send(self.pid as never, 'nothing before this')
    expect(await t.until(self.receive())).toBe('nothing before this')
  }
}

async function watchesTheHolder(t: Trial): Promise<void> {
  const [p, q, r] = [await actor(t, t.a), await actor(t, t.b), await actor(t, t.b)]
  t.b.register('service', q.pid)
  const name = { name: 'service', node: t.b.name }
  const ref = p.self.monitor(name)
  await arrived(t, p, q)
  t.b.unregister('service')
  t.b.register('service', r.pid)
  end(r.self, 'the later holder')
  await t.quiet()
  end(q.self, 'the holder')
  await t.eventually('the end has come', () => p.messages.length > 0)
  await t.quiet()
  expect(p.messages).toEqual([{ kind: 'down', ref, from: name, reason: 'the holder' }])
}

async function freesNames(t: Trial): Promise<void> {
  const found: unknown[] = []
  const q = await actor(t, t.b)
  t.b.register('service', q.pid)
  t.a.spawn(async (self: Self) => {
    self.trapExit = true
    self.link(q.pid)
    self.monitor(q.pid)
    for await (const { kind } of self as Self<{ kind: string }>) {
      found.push([kind, t.b.whereis('service')])
      if (kind === 'exit') self.monitor({ name: 'service', node: t.b.name })
    }
  })
  await t.quiet()
  end(q.self, 'over')
  await t.eventually('both and one noproc have come', () => found.length >= 3)
  expect(found.slice(0, 2).sort()).toEqual([
    ['down', undefined],
    ['exit', undefined],
  ])
}

async function knowsRefsAgain(t: Trial): Promise<void> {
  const [p, q, r] = [await actor(t, t.a), await actor(t, t.b), await actor(t, t.b)]
  const selves: Self[] = []
  t.a.spawn(async (self: Self) => {
    selves.push(self)
    await new Promise<never>(() => {})
  })
  await t.eventually('the process has started', () => selves.length > 0)
  const self = selves[0] as Self
  const sent = [self.monitor(q.pid), self.monitor(r.pid)]
  // There and back again.
  p.self.send(q.pid as never, sent)
  await t.eventually('they are there', () => q.messages.length > 0)
  q.self.send(p.pid as never, q.messages[0])
  await t.eventually('they are back', () => p.messages.length > 0)
  const [first, second] = p.messages[0] as typeof sent
  expect(self.demonitor(first as never)).toBe(true)
  end(q.self, 'unseen')
  end(r.self, 'seen, and taken away')
  await t.quiet()
  expect(self.demonitor(second as never, { flush: true })).toBe(false)
  self.send(self.pid as never, 'nothing before this')
  expect(await t.until(self.receive())).toBe('nothing before this')
}
