/**
 * What a user would write instead: node:tls (the fair peer, since QUIC encrypts too) or node:net, with msgpackr,
 * between two OS processes. This is the side that measures; the other one is socket-other.ts.
 */

import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Arm } from '../harness/figure.ts'
import { type OtherProcess, startOther } from '../harness/other-process.ts'
import { roundTripMs, stepsPerSecond } from '../harness/pace.ts'
import { Window } from '../harness/window.ts'
import type { Flow } from '../workload.ts'
import { FrameReader, FrameWriter } from './frames.ts'
import { certificateName, type SocketsReady } from './sockets-ready.ts'

export type SocketKind = 'tls' | 'tcp'

/** Messages per second, one way. */
export function socketFlow(kind: SocketKind, flow: Flow, message: (count: number) => unknown): Arm {
  return () =>
    withSocket(kind, ['take', flow.messagesPerBatch], async (writer, listen) => {
      const window = new Window(flow.batchesMax)
      listen(() => window.give())
      let count = 0
      const step = async () => {
        await window.take()
        await writer.drained()
        for (let sent = 0; sent < flow.messagesPerBatch; sent++) writer.write(message(count++))
      }
      return (await stepsPerSecond(step, () => window.empty())) * flow.messagesPerBatch
    })
}

/** The time in milliseconds within which that share of the round trips ended. */
export function socketRoundTrip(kind: SocketKind, share: number, request: (count: number) => unknown): Arm {
  return () =>
    withSocket(kind, ['echo', 1], (writer, listen) => {
      let answered: (reply: unknown) => void = () => {}
      listen(reply => answered(reply))
      let count = 0
      return roundTripMs(share, () => {
        writer.write(request(count++))
        return new Promise(resolve => {
          answered = resolve
        })
      })
    })
}

type Listen = (received: (message: unknown) => void) => void

async function withSocket(
  kind: SocketKind,
  work: readonly [task: 'take' | 'echo', messagesPerBatch: number],
  measure: (writer: FrameWriter, listen: Listen) => Promise<number>,
): Promise<number> {
  const program = new URL('./socket-other.js', import.meta.url)
  const other = await startOther<SocketsReady>(program, [kind, ...work.map(String)])
  const socket = await connect(kind, other)
  const value = await measure(new FrameWriter(socket), received => {
    const reader = new FrameReader(received)
    socket.on('data', chunk => reader.push(chunk))
  })
  socket.destroy()
  await other.stop()
  return value
}

async function connect(kind: SocketKind, { ready }: OtherProcess<SocketsReady>): Promise<Socket> {
  const to = { host: '127.0.0.1', port: ready.port, noDelay: true }
  if (kind === 'tcp') {
    const socket = connectTcp(to)
    await once(socket, 'connect')
    return socket
  }
  const ca = ready.certificatePem as string
  const socket = connectTls({ ...to, ca, servername: certificateName, minVersion: 'TLSv1.3' })
  await once(socket, 'secureConnect')
  return socket
}
