/** One of the nodes of `cluster.join30_s`: `cluster-member.js <start as JSON>`. */

import { type BroadcastMessage, Membership, type MembershipMessage, type Self, startNode } from 'barrel-actors'
import type { MemberSays, MemberStart } from './cluster-join.ts'

const { name, dataDir, port, contact } = JSON.parse(process.argv[2] as string) as MemberStart
const say = (says: MemberSays) => process.send?.(says)
process.once('disconnect', () => process.exit(0))

const node = await startNode({ name, dataDir, contactNodes: [contact], quic: { listenPort: port } })
const overlay = node.extension(Membership)
const listener = node.spawn(async (self: Self<MembershipMessage | BroadcastMessage>) => {
  for await (const message of self) {
    if (message.kind === 'broadcast') say('seen')
    else if (message.event === 'joined') say('joined')
  }
})
overlay.subscribe(listener)
overlay.subscribeBroadcasts(listener, 'news')
process.on('message', () => overlay.broadcast('news', name))
