// Signals that cross on their way: whatever meets whatever, these hold once everything has arrived.

import { createSimulation, type Simulation } from '@barrel-actors/simulation'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Node } from '../node.ts'
import { type Program, program, type Step } from './program.suite.ts'
import { Stage } from './stage.suite.ts'

const delayMsMax = 20

interface Race {
  readonly stage: Stage
  readonly nodes: readonly [Node, Node]
  readonly settle: () => Promise<void>
  /** Monitors that were ended with a flush, as the texts of their refs. */
  readonly flushed: Set<string>
  /** Monitors that were ended while they watched. */
  readonly ended: Set<string>
}

async function race({ processes, steps }: Program, simulation: Simulation): Promise<Race> {
  const nodes = [await simulation.startNode({ name: 'a@sim' }), await simulation.startNode({ name: 'b@sim' })] as const
  await simulation.until(nodes[0].connect(nodes[1].name))
  const settle = () => simulation.advance(delayMsMax * 4)
  const result: Race = { stage: new Stage(nodes), nodes, settle, flushed: new Set(), ended: new Set() }
  await settle()
  for (let index = 0; index < processes; index++) result.stage.add(index % 2)
  await settle()
  for (const [nth, step] of steps.entries()) {
    if (step.op.startsWith('spawn')) continue
    take(result, 'value' in step ? { ...step, value: nth } : step)
    if (simulation.random.next() < 0.5) await simulation.advance(simulation.random.next() * delayMsMax)
  }
  await settle()
  return result
}

function take({ stage, flushed, ended }: Race, step: Step): void {
  const gave = stage.take(step)
  if (!('nth' in step) || gave === undefined) return
  const { refs } = stage.players[step.by % stage.players.length] ?? { refs: [] }
  const ref = `${refs[step.nth % refs.length]}`
  if (step.flush) flushed.add(ref)
  if (gave === true) ended.add(ref)
}

function linksAgree({ stage }: Race): void {
  const linked = stage.players.map((_, index) => {
    const { links, remoteLinks } = stage.processOf(index)
    return [...[...(links ?? [])].map(({ pid }) => pid), ...(remoteLinks?.values() ?? [])].map(pid =>
      stage.indexOf(pid),
    )
  })
  for (const [index, others] of linked.entries()) {
    for (const other of others)
      expect(linked[other], `${other} is linked to ${index} as ${index} to it`).toContain(index)
  }
}

interface Seen {
  readonly kind?: string
  readonly ref?: unknown
  readonly by?: number
  readonly value?: number
}

function seenBy({ stage }: Race, index: number): Seen[] {
  const { mailbox } = stage.processOf(index)
  const waiting = Array.from({ length: mailbox?.length ?? 0 }, (_, place) => mailbox?.at(place))
  return [...(stage.players[index]?.taken ?? []), ...waiting] as Seen[]
}

function monitorsEndOnce(result: Race): void {
  const { stage, ended } = result
  for (const [index, { refs }] of stage.players.entries()) {
    const { alive, monitors } = stage.processOf(index)
    const downs = seenBy(result, index).filter(({ kind }) => kind === 'down')
    for (const ref of alive ? refs : []) {
      const count = downs.filter(down => ref.equals(down.ref)).length
      const isOver = ended.has(`${ref}`) || result.flushed.has(`${ref}`) || monitors?.has(ref.id) === true
      if (isOver)
        expect(count, `downs of ${ref}, which watches or was ended`).toBeLessThanOrEqual(ended.has(`${ref}`) ? 0 : 1)
      else expect(count, `downs of ${ref}`).toBe(1)
    }
  }
}

function notesKeepOrder(result: Race): void {
  for (const index of result.stage.players.keys()) {
    const notes = seenBy(result, index).filter(({ value }) => value !== undefined)
    for (const by of result.stage.players.keys()) {
      const values = notes.filter(note => note.by === by).map(note => note.value as number)
      expect(values, `what ${index} had from ${by}`).toEqual(values.toSorted((one, other) => one - other))
    }
  }
}

async function leavesNothing(result: Race): Promise<void> {
  const { stage, nodes, settle } = result
  for (const [index] of stage.players.entries()) take(result, { op: 'exit', by: index, to: index, reason: 'kill' })
  await settle()
  for (const index of stage.players.keys()) {
    const { alive, links, remoteLinks, monitors, watches } = stage.processOf(index)
    expect({ alive, links, remoteLinks, monitors, watches }).toEqual({ alive: false })
  }
  const [a, b] = nodes
  expect([a.remote(b.name).links.size, b.remote(a.name).links.size]).toEqual([0, 0])
}

test('signals that cross leave links that agree, one down for each monitor, and order between each two', async () => {
  await fc.assert(
    fc.asyncProperty(program, fc.nat(), async (steps, seed) => {
      const delayMs = (random: { next(): number }) => random.next() * delayMsMax
      await using simulation = createSimulation({ seed, network: { delayMs } })
      const result = await race(steps, simulation)
      monitorsEndOnce(result)
      notesKeepOrder(result)
      linksAgree(result)
      await leavesNothing(result)
    }),
    { numRuns: 1000 },
  )
})

test('both ends of a link agree when they unlink at once and one links again', async () => {
  await using simulation = createSimulation({ network: { delayMs: 10 } })
  const result = await race({ processes: 2, steps: [{ op: 'link', by: 0, to: 1 }] }, simulation)
  take(result, { op: 'unlink', by: 1, to: 0 })
  take(result, { op: 'unlink', by: 0, to: 1 })
  take(result, { op: 'link', by: 0, to: 1 })
  await result.settle()
  linksAgree(result)
})

test('an acknowledgement counts for its own unlink only, not for a later one', async () => {
  await using simulation = createSimulation({ network: { delayMs: 10 } })
  const result = await race({ processes: 2, steps: [{ op: 'link', by: 0, to: 1 }] }, simulation)
  // Nor for a link that was set again meanwhile.
  take(result, { op: 'unlink', by: 0, to: 1 })
  take(result, { op: 'link', by: 0, to: 1 })
  await result.settle()
  linksAgree(result)
  expect(result.stage.processOf(0).remoteLinks?.size).toBe(1)
  take(result, { op: 'unlink', by: 0, to: 1 })
  await simulation.advance(5)
  take(result, { op: 'link', by: 0, to: 1 })
  take(result, { op: 'unlink', by: 0, to: 1 })
  await simulation.advance(7)
  take(result, { op: 'link', by: 1, to: 0 })
  await result.settle()
  linksAgree(result)
})
