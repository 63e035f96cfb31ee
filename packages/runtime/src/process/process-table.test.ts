import { expect, test } from 'vitest'
import { type Node, startNode } from '../index.ts'
import { Actor } from './actor.ts'
import type { Process } from './process.ts'
import { ProcessTable } from './process-table.ts'

function someProcesses(node: Node, count: number): Process[] {
  return Array.from({ length: count }, () => node.addProcess(Actor.processOf(node).behavior))
}

test('a table lists what was added and not removed, the newest first, wherever it was removed', async () => {
  await using node = await startNode()
  for (const removed of [[], [0], [4], [2], [0, 4], [3, 2, 1], [0, 1, 2, 3, 4]]) {
    const table = new ProcessTable()
    const processes = someProcesses(node, 5)
    // Taken out of the table of the node, as a process is in one only.
    for (const process of processes) process.end('normal')
    for (const process of processes) table.add(process)
    for (const index of removed) table.remove(processes[index] as Process)
    const left = processes.filter((_, index) => !removed.includes(index))
    expect(table.newestFirst()).toEqual(left.reverse())
    const [late] = processes
    if (late !== undefined && !removed.includes(0)) table.remove(late)
  }
})

test('only a pid that has left the node is found by its serial, until its process ends', async () => {
  await using node = await startNode()
  const table = new ProcessTable()
  const [process] = someProcesses(node, 1) as [Process]
  node.forget(process)
  table.add(process)
  expect(table.bySerial(process.pid.serial)).toBeUndefined()
  table.export(process)
  expect(table.bySerial(process.pid.serial)).toBe(process)
  table.remove(process)
  expect(table.bySerial(process.pid.serial)).toBeUndefined()
})
