/** Runs a program on the model and on real processes, and compares all that can be seen after every step. */

import { expect } from 'vitest'
import type { Node } from '../node.ts'
import { contentOf } from '../remote/remote-request.ts'
import { Model } from './model.suite.ts'
import type { Program, Step } from './program.suite.ts'
import { Stage } from './stage.suite.ts'

export interface Run {
  readonly nodes: readonly Node[]
  /** Until every signal has arrived and every process rests. */
  readonly settle: () => Promise<void>
}

const names = ['x', 'y']

export async function compare({ processes, steps }: Program, { nodes, settle }: Run): Promise<void> {
  const model = new Model()
  const stage = new Stage(nodes)
  await settle()
  for (let index = 0; index < processes; index++) {
    model.add(index % nodes.length)
    stage.add(index % nodes.length)
  }
  await settle()
  for (const [nth, step] of steps.entries()) {
    const what = `after step ${nth}, ${JSON.stringify(step)}`
    await takeStep(model, stage, step, what, settle)
  }
  for (const index of model.processes.keys())
    await takeStep(model, stage, killer(index), `after the end of ${index}`, settle)
  leavesNothing(stage, nodes)
}

function killer(index: number): Step {
  return { op: 'exit', by: index, to: index, reason: 'kill' }
}

async function takeStep(model: Model, stage: Stage, step: Step, what: string, settle: () => Promise<void>) {
  const wanted = model.take(step)
  expect(stage.take(step), `what it gives, ${what}`).toEqual(wanted)
  // The name of who has ended is free at once, and not only when everybody has heard of it.
  if (step.op === 'exitSelf') holdsNoName(stage, step.by % model.processes.length, what)
  await settle()
  for (const index of model.processes.keys()) sameTaken(model, stage, index, what)
  // One comparison, of everything: it is the slow part.
  const seen = model.processes.map((_, index) => seenOf(stage, index))
  expect(seen, what).toEqual(model.processes.map((_, index) => wantedOf(model, stage, index)))
  sameNames(model, stage, what)
  sameEnds(model, stage, what)
}

function sameNames(model: Model, stage: Stage, what: string): void {
  for (const [home, name] of [0, 1].flatMap(home => names.map(name => [home, name] as const))) {
    expect(stage.holderOf(home, name), `${name} at ${home}, ${what}`).toBe(model.names.get(`${home} ${name}`))
  }
}

function holdsNoName(stage: Stage, index: number, what: string): void {
  const { home } = stage.players[index] ?? { home: 0 }
  for (const name of names) expect(stage.holderOf(home, name), `${name}, ${what}`).not.toBe(index)
}

function sameTaken(model: Model, stage: Stage, index: number, what: string): void {
  const taken = (stage.players[index]?.taken.splice(0) ?? []).map(message => stage.textOf(message))
  const takeable = model.takeable(index)
  // What comes in the step in which it ends, it may have taken or not.
  if (!model.at(index).alive) return
  if (takeable === undefined) return expect(taken, `${index} waits, ${what}`).toEqual([])
  expect(taken, `${index} takes one of ${takeable}, ${what}`).toHaveLength(1)
  expect(takeable, `${index} takes, ${what}`).toContain(taken[0])
  model.took(index, taken[0] as string)
}

interface Seen {
  readonly alive: boolean
  readonly mailbox: readonly string[]
  readonly links: readonly number[]
  readonly monitors: number
  readonly watches: number
}

const gone: Seen = { alive: false, mailbox: [], links: [], monitors: 0, watches: 0 }

function seenOf(stage: Stage, index: number): Seen {
  const process = stage.processOf(index)
  const { mailbox, links, remoteLinks, monitors, watches } = process
  const pids = [...[...(links ?? [])].map(each => each.pid), ...(remoteLinks?.values() ?? [])]
  return {
    alive: process.alive,
    mailbox: Array.from({ length: mailbox?.length ?? 0 }, (_, at) => stage.textOf(contentOf(mailbox?.at(at)))),
    links: pids.map(pid => stage.indexOf(pid)).sort(),
    monitors: monitors?.size ?? 0,
    watches: watches?.size ?? 0,
  }
}

function wantedOf(model: Model, stage: Stage, index: number): Seen {
  const { alive, links, monitors } = model.at(index)
  if (!alive) return gone
  return {
    alive,
    mailbox: inOrderSeen(model, stage, index),
    links: [...links].sort(),
    monitors: monitors.filter(({ isActive }) => isActive).length,
    // One more is the judge's.
    watches: model.watching(index).length + 1,
  }
}

/** The mailbox of the model, each group in the order in which the real one has it. */
function inOrderSeen(model: Model, stage: Stage, index: number): string[] {
  const seen = seenOf(stage, index).mailbox
  const groups = new Map<number, string[]>()
  for (const { step, text } of model.at(index).mailbox) groups.set(step, [...(groups.get(step) ?? []), text])
  let start = 0
  return [...groups.values()].flatMap(group => {
    const place = (text: string) => seen.indexOf(text, start)
    const sorted = group.toSorted((one, other) => place(one) - place(other))
    start += group.length
    return sorted
  })
}

function sameEnds(model: Model, stage: Stage, what: string): void {
  const ends = stage.ends.map(({ pid, reason }) => `${stage.indexOf(pid)}: ${JSON.stringify(reason)}`).sort()
  const wanted = model.processes.map(({ reason }, index) => `${index}: ${JSON.stringify(reason)}`)
  expect(ends, `who has ended, once each, ${what}`).toEqual(wanted.filter((_, index) => !model.at(index).alive).sort())
}

function leavesNothing(stage: Stage, nodes: readonly Node[]): void {
  for (const index of stage.players.keys()) expect(seenOf(stage, index)).toEqual(gone)
  for (const node of nodes) {
    expect(node.registeredNames()).toEqual([])
    for (const other of nodes) {
      if (other === node) continue
      const { links, incoming } = node.remote(other.name)
      expect([links.size, incoming.size], `what ${node.name} keeps of ${other.name}`).toEqual([0, 0])
    }
  }
}
