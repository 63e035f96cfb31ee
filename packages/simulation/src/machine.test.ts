/** What is wrong with single machines: pauses, slowness, clocks. */

import type { Node, Self } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { createSimulation, type Simulation } from './simulation.ts'

async function twoNodes(): Promise<{ simulation: Simulation; a: Node; b: Node }> {
  const simulation = createSimulation()
  const a = await simulation.startNode({ name: 'a@sim' })
  const b = await simulation.startNode({ name: 'b@sim' })
  await simulation.until(a.connect(b.name))
  return { simulation, a, b }
}

/** Writes down what it receives, with the time. */
function diary(node: Node): unknown[] {
  const entries: unknown[] = []
  const pid = node.spawn(async (self: Self) => {
    for await (const message of self) entries.push([message, node.clock.now()])
  })
  node.register('diary', pid)
  return entries
}

test('a paused node does nothing, and goes on with all that was due, in order', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  const entries = diary(b)
  await simulation.settle()
  const from = simulation.clock.now()
  b.sendAfter(100, 'diary', 'timer')
  const cancelled = b.clock.setTimer(200, () => entries.push('cancelled'))
  b.clock.setTimer(150, () => cancelled.cancel())
  simulation.pause(b)
  expect(simulation.runs(b)).toBe(false)
  a.send({ name: 'diary', node: b.name }, 'packet')
  await simulation.advance(1000)
  expect(entries).toEqual([])
  simulation.resume(b)
  await simulation.advance(100)
  expect(entries).toEqual([
    ['packet', from + 1000],
    ['timer', from + 1000],
  ])
  expect([simulation.runs(b), a.nodes(), b.nodes()]).toEqual([true, [b.name], [a.name]])
})

test('a node that is paused for longer than the detection time is lost to the others, and sees it when it goes on', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  const pausedMs = simulation.clock.now()
  simulation.pause(b)
  await simulation.advance(4999)
  expect(a.nodes()).toEqual([b.name])
  await simulation.advance(20_000)
  simulation.resume(b)
  await simulation.advance(10_000)
  expect(simulation.trace.filter(line => / closed \S+: /.test(line))).toEqual([
    `${pausedMs + 5000} a@sim closed b@sim: nothing came for 5000 ms`,
    `${pausedMs + 24_999} b@sim closed a@sim: nothing came for 5000 ms`,
  ])
  expect(await simulation.until(a.connect(b.name))).toBe(b.name)
})

test('a pause that ends in time loses nothing, also where the next one follows', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  for (let round = 0; round < 4; round++) {
    simulation.pause(b)
    await simulation.advance(4000)
    simulation.resume(b)
    await simulation.advance(10)
  }
  await simulation.advance(10_000)
  expect([a.nodes(), b.nodes()]).toEqual([[b.name], [a.name]])
})

test('a slow node takes its time for each thing, one after the other', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  const entries = diary(b)
  await simulation.settle()
  simulation.slow(b, 50)
  const from = simulation.clock.now()
  for (const at of [1, 2]) b.clock.setTimer(10, () => entries.push([at, b.clock.now()]))
  await simulation.advance(1000)
  expect(entries).toEqual([
    [1, from + 60],
    [2, from + 110],
  ])
  simulation.slow(b, 0)
  a.send({ name: 'diary', node: b.name }, 'quick again')
  await simulation.advance(1)
  expect(entries.at(-1)).toEqual(['quick again', from + 1001])
})

test('clocks drift: a timer of a fast machine fires early in truth, never early by its own clock', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  simulation.drift(a, 0.05)
  const [trueMs, aMs, aWallMs] = [simulation.clock.now(), a.clock.now(), a.clock.wall()]
  const fired: number[] = []
  for (let at = 0; at < 50; at++) a.clock.setTimer(1050 + at / 7, () => fired.push(a.clock.now() - aMs))
  await simulation.advance(1000)
  expect(a.clock.now() - aMs).toBeCloseTo(1050, 6)
  expect(a.clock.wall() - aWallMs).toBeCloseTo(1050, 6)
  expect(b.clock.now()).toBe(trueMs + 1000)
  await simulation.advance(100)
  expect(fired.length).toBe(50)
  for (const [at, ms] of fired.entries()) {
    expect(ms).toBeGreaterThanOrEqual(1050 + at / 7)
    expect(ms).toBeLessThan(1050 + at / 7 + 0.01)
  }
  // Back to the right pace, and as far ahead as it came.
  simulation.drift(a, 0)
  const aheadMs = a.clock.now() - simulation.clock.now()
  await simulation.advance(1000)
  expect(a.clock.now() - simulation.clock.now()).toBeCloseTo(aheadMs, 6)
  expect(() => simulation.drift(a, -1)).toThrow('cannot drift by -1')
})

test('a clock that runs at the right pace again, and is off, fires no timer early by its own time', async () => {
  const { simulation, a } = await twoNodes()
  await using _ = simulation
  simulation.drift(a, 0.0137)
  await simulation.advance(12_345.6)
  simulation.drift(a, 0)
  const early: number[] = []
  for (let at = 1; at <= 500; at++) {
    const dueMs = a.clock.now() + (at * 997.3) / 7
    await simulation.advance(1 / 3)
    a.clock.setTimer(dueMs - a.clock.now(), () => {
      if (a.clock.now() < dueMs) early.push(dueMs - a.clock.now())
    })
  }
  await simulation.advance(100_000)
  expect(early).toEqual([])
})

test('a paused node can be killed and started again, and its next life is not paused', async () => {
  const { simulation, a, b } = await twoNodes()
  await using _ = simulation
  simulation.pause(b)
  simulation.kill(b)
  const again = await simulation.startNode({ name: b.name })
  again.send(a.pid, 'back')
  expect(await simulation.until(a.receive())).toBe('back')
  await simulation.advance(20_000)
  expect(a.nodes()).toEqual([b.name])
})
