/**
 * One node that opens channels to many: `a` measures, all the others are in the other OS process, started by
 * quic-many-other.ts, each with an echo server.
 */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenServer, type Node, Quic, type Self, startNode } from 'barrel-actors'
import type { Arm } from '../harness/figure.ts'
import { startOther } from '../harness/other-process.ts'
import { residentBytesEach, roundTripMs } from '../harness/pace.ts'
import { checkRoundTrip, dials, dialsBefore, idleChannels, idleChannelsBefore, roundTripMessage } from '../workload.ts'
import { inProcess } from './in-process.ts'

/** What the other OS process says when its nodes are up: how to reach them. */
export interface ManyReady {
  readonly addresses: readonly string[]
}

const echoName = 'echo'

class Echo extends GenServer<{ call: (request: object) => object }> {
  override handleCall(request: object) {
    return request
  }
}

/** The other side: so many nodes, until the OS process ends. */
export async function startEchoNodes(folder: string, count: number): Promise<ManyReady> {
  const addresses: string[] = []
  for (let started = 0; started < count; started++) {
    const node = await startManyNode(`b${started}`, folder, [])
    node.register(echoName, node.spawn(Echo))
    addresses.push(`${node.name}:${node.extension(Quic).address.port}`)
  }
  return { addresses }
}

/** From the first call to a node until its reply is there, the channel being opened for it: the median. */
export function quicDial(): Arm {
  return () =>
    withNodes(dialsBefore + dials, (self, names) => {
      let next = 0
      return roundTripMs(0.5, () => checkAnswered(self, names[next] as string, next++), {
        before: dialsBefore,
        measured: dials,
      })
    })
}

/** Resident bytes at one end of an idle channel, each having carried a call. */
export function idleChannelBytes(): Arm {
  return () =>
    withNodes(idleChannelsBefore + idleChannels, async (self, names, node) => {
      const open = async (some: readonly string[]) => {
        for (const [count, name] of some.entries()) await checkAnswered(self, name, count)
      }
      await open(names.slice(0, idleChannelsBefore))
      const bytes = await residentBytesEach(idleChannels, () => open(names.slice(idleChannelsBefore)))
      if (node.nodes().length !== names.length) throw new Error('A channel did not stay open.')
      return bytes
    })
}

async function checkAnswered(self: Self, node: string, count: number): Promise<void> {
  checkRoundTrip(count, await self.call({ name: echoName, node }, roundTripMessage(count)))
}

type Measure = (self: Self, names: readonly string[], node: Node) => Promise<number>

async function withNodes(count: number, measure: Measure): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-bench-'))
  try {
    const program = new URL('./quic-many-other.js', import.meta.url)
    const other = await startOther<ManyReady>(program, [folder, String(count)])
    const { addresses } = other.ready
    const node = await startManyNode('a', folder, addresses)
    const names = addresses.map(address => address.split(':')[0] as string)
    const value = await inProcess(node, self => measure(self, names, node))
    await node.stop()
    await other.stop()
    return value
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// They share a certificate, which says nothing of who they are; each has keys of its own. With the other ends of all
// channels in one OS process, the silence that is a loss is a longer one.
function startManyNode(name: string, folder: string, addresses: readonly string[]): Promise<Node> {
  const quicCertDir = join(folder, name === 'a' ? 'certificate-a' : 'certificate-b')
  const times = { idleTimeoutMs: 60_000, keepAliveMs: 20_000 }
  const quic = { listenPort: 0, address: '127.0.0.1', quicCertDir, ...times }
  return startNode({ name: `${name}@127.0.0.1`, dataDir: join(folder, name), quic, addresses })
}
