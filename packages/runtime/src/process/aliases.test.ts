import { expect, test } from 'vitest'
import { startNode } from '../start-node.ts'
import type { Self } from './function-process.ts'

test('an alias of a process that has ended leads nowhere, and nothing of it is kept', async () => {
  await using node = await startNode()
  const aliases: unknown[] = []
  const pid = node.spawn(async (self: Self) => {
    aliases.push(self.alias(), self.alias({ once: true }), self.alias())
    await self.receive()
  })
  await new Promise(setImmediate)
  node.exit(pid, 'kill')
  for (const alias of aliases) node.send(alias as never, 'for the dead')
  const late = aliases[0] as never
  expect(node.unalias(late)).toBe(false)
  expect(node.aliases.isEmpty).toBe(true)
})

test('only the process that made an alias takes it back', async () => {
  await using node = await startNode()
  const mine = node.alias()
  const tried: boolean[] = []
  node.spawn((self: Self) => tried.push(self.unalias(mine)))
  await new Promise(setImmediate)
  node.send(mine, 'still good')
  expect([await node.receive(), tried, node.unalias(mine)]).toEqual(['still good', [false], true])
  expect(node.aliases.isEmpty).toBe(true)
})

test('a ref that is no alias, and an alias of an earlier life, take nothing', async () => {
  const earlier = await startNode({ name: 'a@host' })
  const old = earlier.alias()
  await earlier.stop()
  await using node = await startNode({ name: 'a@host' })
  // In the next life the same number stands for another alias.
  const alias = node.alias()
  expect(alias.id).toBe(old.id)
  for (const ref of [old, node.makeRef(), node.monitor(node.pid)]) node.send(ref, 'lost')
  node.send(alias, 'found')
  expect(await node.receive()).toBe('found')
})
