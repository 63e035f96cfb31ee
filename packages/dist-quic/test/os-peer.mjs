/**
 * A node in an OS process of its own, for tests that stop or kill it: built code, since Node 20 runs no TypeScript. It
 * has an `echo`, and a `sink` that takes nothing until it is told to, then counts what comes and whether it comes in order.
 */
import { Quic, quic } from '@barrel-actors/dist-quic'
import { GenServer, startNode } from '@barrel-actors/runtime'

class Echo extends GenServer {
  /**
   * @override
   * @param {unknown} request
   */
  handleCall(request) {
    return request
  }
}

const [name = '', options = '{}'] = process.argv.slice(2)
const carrier = quic({ listenPort: 0, address: '127.0.0.1', ...JSON.parse(options) })
const node = await startNode({ name, extensions: [carrier] })
const echo = node.spawn(Echo)
node.register('echo', echo)

let taken = 0
let isInOrder = true
const sink = node.spawn(async self => {
  await new Promise(resolve => process.once('message', resolve))
  for await (const message of self) {
    const { count } = /** @type {{ count: number }} */ (message)
    isInOrder &&= count === taken
    taken++
  }
})
node.register('sink', sink)
node.register(
  'sums',
  node.spawn(
    class extends GenServer {
      /**
       * @override
       * @param {unknown} request
       */
      handleCall(request) {
        return request === 'echo' ? echo : { taken, isInOrder }
      }
    },
  ),
)

process.once('disconnect', () => process.exit(0))
process.send?.({ port: node.extension(Quic).address.port })
