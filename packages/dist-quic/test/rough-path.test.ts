/** Honest peers on a path that loses, doubles, delays and reorders packets: nobody is closed for what the path does. */
import { afterEach, expect, test } from 'vitest'
import type { QuicConnection } from '../src/quic/contract.ts'
import { limits } from '../src/quic/limits.ts'
import { closeAll, dial, nobody, open, Relay, type Roughness, roughen, turns } from './endpoints.ts'

afterEach(closeAll)

const untrusted = { bytesMax: limits.untrustedBytesMax, streamsMax: limits.untrustedStreamsMax }
/** As between nodes; bulk has more, because a path that loses three of ten may by chance be silent for that long. */
const idleTimeoutMs = 6_000
const bulkIdleTimeoutMs = 30_000
const reordering: Roughness = { lost: 0.01, doubled: 0, delayMs: [2, 12] }
const jitter: Roughness = { lost: 0, doubled: 0.05, delayMs: [0, 50] }
const worst: Roughness = { lost: 0.3, doubled: 0.1, delayMs: [0, 50] }

const packetSizes = [1_350, 16_384]
const bulkMs = 12_000

/** Bulk over one path until `isOver`; what came. Whatever ends the connection early goes to `ends`. */
async function bulk(packetBytesMax: number, roughness: Roughness, isOver: () => boolean, ends: string[]) {
  const came = { bytes: 0 }
  const closed = (cause: Error) => void (isOver() || ends.push(cause.message))
  const accept = (connection: QuicConnection) => {
    connection.trusted()
    const received = (_: number, bytes: Uint8Array) => {
      came.bytes += bytes.length
    }
    return { received, closed }
  }
  const options = { packetBytesMax, untrusted, idleTimeoutMs: bulkIdleTimeoutMs }
  const server = await open(accept, options)
  const relay = await Relay.open(server.address)
  roughen(relay, roughness)
  const client = await open(undefined, options)
  const more = () => {
    if (!isOver()) connection.write(2, Buffer.alloc(2 ** 20))
  }
  const connection = await dial(client, relay.address, { drained: more, closed })
  connection.trusted()
  more()
  return came
}

test.each(packetSizes)(
  'bulk in packets of %i over paths that reorder, double and lose is closed by nobody',
  async size => {
    const ends: string[] = []
    let over = false
    const paths = [reordering, jitter, worst].map(roughness => bulk(size, roughness, () => over, ends))
    const came = await Promise.all(paths)
    await turns(bulkMs)
    over = true
    expect(ends).toEqual([])
    for (const { bytes } of came) expect(bytes).toBeGreaterThan(0)
  },
)

test.each(packetSizes)('a handshake in packets of %i survives a path that loses three of ten', async size => {
  const failures: string[] = []
  let accepted = 0
  const count = 40
  const server = await open(() => ({ established: () => void accepted++ }), { packetBytesMax: size, idleTimeoutMs })
  const handshakes = Array.from({ length: count }, async (_, seed) => {
    const relay = await Relay.open(server.address)
    roughen(relay, worst, seed)
    const client = await open(undefined, { packetBytesMax: size, idleTimeoutMs })
    await new Promise<void>(resolve => {
      const closed = (cause: Error) => {
        failures.push(cause.message)
        resolve()
      }
      client.dial(relay.address, { ...nobody, established: resolve, closed })
    })
  })
  await Promise.all(handshakes)
  await expect.poll(() => accepted, { timeout: 5_000 }).toBe(count)
  expect(failures).toEqual([])
})
