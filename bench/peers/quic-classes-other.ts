/** The other OS process of the peer made of @matrixai/quic's classes: `quic-classes-other.js take|echo <per batch>`. */

import { createHmac, timingSafeEqual, webcrypto } from 'node:crypto'
import { events, QUICServer } from '@matrixai/quic'
import { tellReady } from '../harness/other-process.ts'
import type { QuicPeerReady } from './bare-quic/ready.ts'
import { performTask } from './line.ts'
import { lineOver, quietLogger } from './quic-classes.ts'
import { makeSelfSigned } from './self-signed.ts'
import { certificateName } from './sockets-ready.ts'

const task = process.argv.slice(2)
const { certificatePem, privateKeyPem } = makeSelfSigned(certificateName)

function signed(key: ArrayBuffer, data: ArrayBuffer): Buffer {
  return createHmac('sha256', Buffer.from(key)).update(Buffer.from(data)).digest()
}

const server = new QUICServer({
  logger: await quietLogger(),
  crypto: {
    key: webcrypto.getRandomValues(new Uint8Array(32)).buffer,
    ops: {
      sign: async (key, data) => new Uint8Array(signed(key, data)).buffer,
      verify: async (key, data, signature) => timingSafeEqual(signed(key, data), Buffer.from(signature)),
    },
  },
  config: { key: privateKeyPem, cert: certificatePem, verifyPeer: false },
})
server.addEventListener(events.EventQUICServerConnection.name, (event: Event) => {
  const connection = (event as InstanceType<typeof events.EventQUICServerConnection>).detail
  connection.addEventListener(events.EventQUICConnectionStream.name, (event: Event) => {
    const stream = (event as InstanceType<typeof events.EventQUICConnectionStream>).detail
    const { line, listen } = lineOver(stream)
    listen(performTask(task, line))
  })
})
await server.start({ host: '127.0.0.1' })
tellReady({ port: server.port } satisfies QuicPeerReady)
