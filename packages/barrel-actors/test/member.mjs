/**
 * A node in an OS process of its own: built code, since Node 20 runs no TypeScript. It tells what membership tells it,
 * and does what it is asked to.
 */
import { GenServer, Membership, Quic, sharedDirectory, startNode } from 'barrel-actors'

class Echo extends GenServer {
  /**
   * @override
   * @param {unknown} request
   */
  handleCall(request) {
    return request
  }
}

const { folder, ...options } = JSON.parse(process.argv[2] ?? '{}')
const membership = { ...options.membership, ...(folder !== undefined && { discovery: [sharedDirectory({ folder })] }) }
const node = await startNode({ ...options, membership })
node.register('echo', node.spawn(Echo))
const overlay = node.extension(Membership)
const listener = node.spawn(async self => {
  for await (const message of self) process.send?.({ told: message })
})
overlay.subscribe(listener)
overlay.subscribeBroadcasts(listener, 'news')

/** @type {Record<string, (given: any) => unknown>} */
const answers = {
  view: () => overlay.activeView(),
  broadcast: payload => overlay.broadcast('news', payload),
  leave: () => overlay.leave(),
  join: address => overlay.join(address),
  echo: of => node.call({ name: 'echo', node: of }, node.name),
  stop: () => node.stop(),
}
process.on('message', async message => {
  const { id, ask, given } = /** @type {{ id: number, ask: string, given: unknown }} */ (message)
  try {
    process.send?.({ id, answer: await answers[ask]?.(given) })
  } catch (error) {
    process.send?.({ id, problem: String(error) })
  }
})
process.once('disconnect', () => process.exit(0))
process.send?.({ port: node.extension(Quic).address.port })
