import { Membership, type Self, startNode } from 'barrel-actors'

const node = await startNode({ name: 'b@10.0.0.2', contactNodes: ['a@10.0.0.1'] })
const overlay = node.extension(Membership)

const listener = node.spawn(async (self: Self) => {
  for await (const message of self) console.log(message)
})
overlay.subscribe(listener)
overlay.subscribeBroadcasts(listener, 'prices')
overlay.broadcast('prices', { apple: 3 })
