/** Packets that made quiche 0.18 loop for ever. The node under attack is an OS process of its own, so that this one goes on. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemEntropy } from '@barrel-actors/runtime'
import { afterEach, expect, test } from 'vitest'
import { closeAll, onClose, turns, udp } from './endpoints.ts'
import { clientSecret, forgedPacket, newConnectionId, ping } from './forged-packet.ts'
import { killOSPeers, OSPeer } from './os-peer.ts'
import { startQuicNode, stopQuicNodes } from './quic-nodes.ts'
import { RawClient } from './raw-client.ts'

afterEach(async () => {
  await Promise.all([stopQuicNodes(), killOSPeers()])
  await closeAll()
})

const idBytes = 16

/** Above all that the client sent by itself. */
const packetNumber = 1_000

/** A client whose TLS with the node is done, if the node lets it; it never says who it is. */
async function stranger(port: number, sourceId: Uint8Array) {
  const folder = mkdtempSync(join(tmpdir(), 'barrel-hang-'))
  onClose(() => rmSync(folder, { recursive: true }))
  const keyLog = join(folder, 'keys')
  const socket = await udp()
  const client = new RawClient(socket, { host: '127.0.0.1', port }, { alpn: 'barrel-actors/4', sourceId, keyLog })
  const established = await Promise.race([client.establish().then(() => true), turns(1_000).then(() => false)])
  socket.removeAllListeners('message')
  return { client, socket, established, keyLog }
}

test.each([
  ['with an id of its own, from a second address', idBytes, true],
  ['with an id of its own, from its first address', idBytes, false],
  ['without an id, from a second address', 0, true],
  ['without an id, from its first address', 0, false],
])('a stranger %s that retires and repeats ids in one datagram does not hang the node', async (_, length, moved) => {
  const victim = await OSPeer.start('victim@127.0.0.1')
  const { client, socket, established, keyLog } = await stranger(victim.port, systemEntropy.bytes(length))
  if (established) {
    // The first one is retired, and comes again: the library takes it up while it waits to tell that it is retired.
    const retire = newConnectionId(1, 1, systemEntropy.bytes(idBytes), systemEntropy.bytes(16))
    const repeat = newConnectionId(0, 0, systemEntropy.bytes(idBytes), systemEntropy.bytes(16))
    const frames = Buffer.concat([ping, retire, repeat])
    const packet = forgedPacket(clientSecret(keyLog), client.native.destinationId(), packetNumber, frames)
    const from = moved ? await udp() : socket
    from.send(packet, victim.port, '127.0.0.1')
    await turns(100)
  }
  const honest = await startQuicNode('honest@127.0.0.1')
  await honest.connect(victim.address)
  expect(await honest.call({ name: 'echo', node: victim.name }, 'alive')).toBe('alive')
  expect(established).toBe(length === 0)
})
