/** What a connection costs that nobody uses. */
import { afterEach, expect, test } from 'vitest'
import { closeAll, dial, open, turns } from './endpoints.ts'

afterEach(closeAll)

const KiB = 1024

test('an idle connection takes at most 100 KB at each end, and none of a thousand is lost', async () => {
  const server = await open(undefined, { keepAliveMs: 2_000, idleTimeoutMs: 10_000 })
  const client = await open(undefined, { keepAliveMs: 2_000, idleTimeoutMs: 10_000 })
  let lost = 0
  const dials = () => Promise.all(Array.from({ length: 20 }, () => dial(client, server.address)))
  for (let round = 0; round < 5; round++) await dials()
  const before = process.memoryUsage().rss
  for (let round = 0; round < 45; round++) {
    for (const connection of await dials()) if (connection.pathStats === undefined) lost++
  }
  await turns(3_000)
  // Both ends are in this process.
  const each = (process.memoryUsage().rss - before) / 900 / 2
  expect(each).toBeLessThan(100 * KiB)
  expect([lost, client.connectionsCount, server.connectionsCount]).toEqual([0, 1_000, 1_000])
  // The first id and the spare ones.
  expect(server.connectionIdsCount).toBe(4 * 1_000)
}, 60_000)
