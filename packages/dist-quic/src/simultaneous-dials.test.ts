import { type Disk, GenServer, type Node, startNode } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import { memoryDisk } from '../test/memory-disk.ts'
import { Quic, quic } from './index.ts'

class Echo extends GenServer {
  override handleCall(request: unknown): unknown {
    return request
  }
}

/** One turn of the event loop, which moves datagrams too: nothing waits for a time. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** A disk on which a pin takes that many turns of the event loop. */
function slowDisk(turns: number): Disk {
  const disk = memoryDisk()
  return {
    ...disk,
    async replace(path, bytes, mode) {
      for (let past = 0; path.includes('trusted') && past < turns; past++) await turn()
      await disk.replace(path, bytes, mode)
    },
  }
}

async function start(name: string, disk: Disk): Promise<Node> {
  const carrier = quic({ listenPort: 0, address: '127.0.0.1', authKeyDir: '/keys' })
  const node = await startNode({ name, disk, extensions: [carrier] })
  node.register('echo', node.spawn(Echo))
  return node
}

/** Both call the other, `b` first; `a` follows that many turns later. */
async function callEachOther(a: Node, b: Node, turns: number): Promise<void> {
  a.addAddress(`${b.name}:${b.extension(Quic).address.port}`)
  b.addAddress(`${a.name}:${a.extension(Quic).address.port}`)
  const calls = [b.call({ name: 'echo', node: a.name }, 'from b')]
  for (let past = 0; past < turns; past++) await turn()
  calls.push(a.call({ name: 'echo', node: b.name }, 'from a'))
  expect(await Promise.all(calls)).toEqual(['from b', 'from a'])
  expect([a.nodes(), b.nodes()]).toEqual([[b.name], [a.name]])
}

// Which dial wins depends on what has arrived where: each round shifts them against each other by a little more.
test.each([
  [0, 0],
  [0, 50],
  [50, 0],
  [50, 50],
  [5, 200],
  [200, 5],
])(
  'nodes that dial each other while they pin each other’s key lose nothing: %i and %i turns a pin',
  async (first, second) => {
    for (let turns = 0; turns < 30; turns++) {
      const a = await start('a@127.0.0.1', slowDisk(first))
      const b = await start('b@127.0.0.1', slowDisk(second))
      await callEachOther(a, b, turns)
      await callEachOther(b, a, 0)
      await Promise.all([a.stop(), b.stop()])
    }
  },
)
