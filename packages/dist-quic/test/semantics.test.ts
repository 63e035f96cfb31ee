import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as realTime } from 'node:timers/promises'
import { type Node, startNode } from '@barrel-actors/runtime'
import { semanticsSuite } from '@barrel-actors/simulation/semantics-suite'
import { Quic, quic } from '../src/index.ts'

async function start(name: string, folder: string): Promise<Node> {
  const carrier = quic({ listenPort: 0, address: '127.0.0.1' })
  return startNode({ name, dataDir: join(folder, name), extensions: [carrier] })
}

// The promises of processes, over real QUIC and in real time.
semanticsSuite('over QUIC', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-semantics-'))
  const [a, b] = [await start('a@127.0.0.1', folder), await start('b@127.0.0.1', folder)]
  await a.connect(`${b.name}:${b.extension(Quic).address.port}`)
  return {
    a,
    b,
    pass: ms => realTime(ms),
    lose: async () => a.disconnect(b.name),
    restartB: async () => b,
    async [Symbol.asyncDispose]() {
      await Promise.all([a.stop(), b.stop()])
      await rm(folder, { recursive: true })
    },
  }
})
