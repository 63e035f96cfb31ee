import { expect, test } from 'vitest'
import { GenServer } from '../gen-server/gen-server.ts'
import { startNode } from '../start-node.ts'
import { Hand } from './hand.suite.ts'

class Named extends GenServer {}

const scheduler = { processMessagesMax: 10, sliceMessagesMax: 100, sliceMs: 1000 }

async function setUp() {
  const hand = new Hand()
  const node = await startNode({ name: 'a@host', clock: hand, turns: hand, scheduler })
  node.register('taken', node.pid)
  const gone = node.spawn(Named)
  node.exit(gone, 'kill')
  return { hand, node, gone }
}

type World = Awaited<ReturnType<typeof setUp>>

const tries: readonly [what: string, code: string, attempt: (world: World) => Promise<unknown>][] = [
  ['a call to nobody', 'E_CALL_EXIT', ({ node }) => node.call('nobody', 1)],
  ['a stop of nobody', 'E_CALL_EXIT', ({ gone }) => GenServer.stop(gone)],
  ['a call to a node without a carrier', 'E_NO_CARRIER', ({ node }) => node.call({ name: 'x', node: 'b@host' }, 1)],
  ['a start with a name that is taken', 'E_NAME_TAKEN', ({ node }) => node.start({ server: Named, name: 'taken' })],
]

test.each(tries)('%s, tried again and again, leaves the event loop its turns', async (_, code, attempt) => {
  const world = await setUp()
  const codes = new Set<unknown>()
  let failures = 0
  const retry = async () => {
    while (failures < 1000) {
      await attempt(world).catch(error => codes.add(error.code))
      failures++
    }
  }
  void retry()
  await world.hand.slice(2000)
  expect(failures).toBeGreaterThanOrEqual(50)
  expect(failures).toBeLessThanOrEqual(101)
  for (let turns = 0; turns < 3; turns++) await world.hand.turn(2000)
  expect(failures).toBeGreaterThanOrEqual(200)
  expect(failures).toBeLessThanOrEqual(404)
  expect([...codes]).toEqual([code])
})
