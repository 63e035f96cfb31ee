/**
 * The other OS process of the tls and tcp peers: `socket-other.js tls|tcp take|echo <messages per batch>`.
 * `take` reads messages and acknowledges every batch, `echo` sends each one back.
 */

import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { tellReady } from '../harness/other-process.ts'
import { FrameReader, FrameWriter } from './frames.ts'
import { performTask } from './line.ts'
import { makeSelfSigned } from './self-signed.ts'
import { certificateName, type SocketsReady } from './sockets-ready.ts'

function serve(socket: Socket, task: readonly string[]): void {
  socket.setNoDelay(true)
  const reader = new FrameReader(performTask(task, new FrameWriter(socket)))
  socket.on('data', chunk => reader.push(chunk))
  // The side that measures ends its connections as it likes.
  socket.on('error', () => {})
}

async function main([kind, ...task]: readonly string[]): Promise<void> {
  const listener = (socket: Socket) => serve(socket, task)
  let server: Server
  let certificatePem: string | undefined
  if (kind === 'tls') {
    const made = makeSelfSigned(certificateName)
    certificatePem = made.certificatePem
    server = createTlsServer({ cert: certificatePem, key: made.privateKeyPem, minVersion: 'TLSv1.3' }, listener)
  } else server = createTcpServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  tellReady({ port: (server.address() as AddressInfo).port, certificatePem } satisfies SocketsReady)
}

await main(process.argv.slice(2))
