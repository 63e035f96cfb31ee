import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { plantedBugs } from './bugs.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

test.each(plantedBugs.map(bug => [bug.name, bug] as const))('"%s" can still be planted', (_, { file, from, to }) => {
  expect(readFileSync(join(root, file), 'utf8').split(from)).toHaveLength(2)
  expect(to).not.toBe(from)
})

test('there are thirty at least, three for each protocol, and no two have the same name', () => {
  const counts = new Map<string, number>()
  for (const { protocol } of plantedBugs) counts.set(protocol, (counts.get(protocol) ?? 0) + 1)
  expect(plantedBugs.length).toBeGreaterThanOrEqual(30)
  expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(3)
  expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(plantedBugs.length)
})
