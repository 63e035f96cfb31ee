import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as realTime } from 'node:timers/promises'
import { type Node, startNode } from '@barrel-actors/runtime'
import { carrierSuite } from '@barrel-actors/simulation/carrier-suite'
import { Quic, quic } from '../src/index.ts'

async function start(name: string, folder: string): Promise<Node> {
  const carrier = quic({ listenPort: 0, address: '127.0.0.1', dialTimeoutMs: 500, idleTimeoutMs: 1500 })
  return startNode({ name, dataDir: join(folder, name), extensions: [carrier] })
}

function introduce(one: Node, other: Node): void {
  one.addAddress(`${other.name}:${other.extension(Quic).address.port}`)
  other.addAddress(`${one.name}:${one.extension(Quic).address.port}`)
}

// However slow the machine is: what was sent before has arrived after it. Nobody has that name.
async function roundTrip(from: Node, to: Node): Promise<void> {
  if (!from.nodes().includes(to.name)) return
  await from.call({ name: 'nobody', node: to.name }, 0, { timeoutMs: 1000 }).catch(() => {})
}

// The promises of every carrier, over real QUIC and in real time.
carrierSuite('the QUIC carrier', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'barrel-carrier-'))
  const a = await start('a@127.0.0.1', folder)
  let b = await start('b@127.0.0.1', folder)
  introduce(a, b)
  return {
    a,
    b,
    async pass(ms) {
      await realTime(ms)
      await roundTrip(a, b)
      await roundTrip(b, a)
    },
    lose: async () => a.disconnect(b.name),
    restartB: async () => {
      await b.stop()
      b = await start('b@127.0.0.1', folder)
      introduce(a, b)
      return b
    },
    quietMs: 100,
    patienceMs: 30_000,
    async [Symbol.asyncDispose]() {
      await Promise.all([a.stop(), b.stop()])
      await rm(folder, { recursive: true })
    },
  }
})
