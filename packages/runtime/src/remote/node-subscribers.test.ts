import { expect, test } from 'vitest'
import type { Channel, PeerRole } from '../carrier.ts'
import type { Self } from '../process/function-process.ts'
import { startNode } from '../start-node.ts'

const channelTo = (node: string, role: PeerRole = 'node') => ({ node, role }) as Channel

test('only nodes that came up are told to be down, and hidden ones never are', async () => {
  await using node = await startNode()
  const { subscribers } = node.remotes
  node.subscribeNodes()
  subscribers.closed(channelTo('never@up'), new Error('not reached'))
  subscribers.up(channelTo('tool@host', 'tool'))
  subscribers.closed(channelTo('tool@host', 'tool'), new Error('gone'))
  subscribers.up(channelTo('b@host'))
  subscribers.closed(channelTo('b@host'), new Error('gone'))
  subscribers.closed(channelTo('b@host'), new Error('gone again'))
  node.send(node.pid, 'no more')
  expect([await node.receive(), await node.receive(), await node.receive()]).toEqual([
    { kind: 'nodeUp', node: 'b@host' },
    { kind: 'nodeDown', node: 'b@host', reason: 'gone' },
    'no more',
  ])
})

test('who has unsubscribed or ended is told no more', async () => {
  await using node = await startNode()
  const { subscribers } = node.remotes
  const pid = node.spawn(async (self: Self) => {
    self.subscribeNodes()
    await self.receive()
  })
  node.subscribeNodes()
  await new Promise(setImmediate)
  expect([node.unsubscribeNodes(), node.unsubscribeNodes()]).toEqual([true, false])
  node.exit(pid, 'kill')
  expect(subscribers.remove(node.root)).toBe(false)
  expect(subscribers.isEmpty).toBe(true)
})
