/**
 * The classes that @matrixai/quic itself offers, used as its documentation writes it: one QUICClient, one stream,
 * its web streams, with msgpackr. The other side is quic-classes-other.ts.
 */

import { webcrypto } from 'node:crypto'
import { Writable } from 'node:stream'
import type Logger from '@matrixai/logger'
import type { QUICStream } from '@matrixai/quic'
import type { Arm } from '../harness/figure.ts'
import { startOther } from '../harness/other-process.ts'
import type { Flow } from '../workload.ts'
import type { QuicPeerReady } from './bare-quic/ready.ts'
import { FrameReader, FrameWriter } from './frames.ts'
import { callsOver, flowOver, type Line, type Listen, roundTripOver, type WithLine } from './line.ts'

const withStream: WithLine = async (task, measure) => {
  const program = new URL('./quic-classes-other.js', import.meta.url)
  const other = await startOther<QuicPeerReady>(program, task.map(String))
  // Here, so that no other arm of a figure loads them.
  const { QUICClient } = await import('@matrixai/quic')
  const client = await QUICClient.createQUICClient({
    host: '127.0.0.1',
    port: other.ready.port,
    localHost: '127.0.0.1',
    logger: await quietLogger(),
    crypto: { ops: { randomBytes: async data => void webcrypto.getRandomValues(new Uint8Array(data)) } },
    // Our own carrier too takes any certificate at this point.
    config: { verifyPeer: false },
  })
  const { line, listen } = lineOver(client.connection.newStream())
  const value = await measure(line, listen)
  await client.destroy({ force: true })
  await other.stop()
  return value
}

/** Without one it tells every step on stderr. */
export async function quietLogger(): Promise<Logger> {
  const { default: Logger, LogLevel } = await import('@matrixai/logger')
  return new Logger('bench', LogLevel.WARN)
}

/** Messages over a stream, whichever end it is. */
export function lineOver(stream: QUICStream): { readonly line: Line; readonly listen: Listen } {
  const writable = Writable.fromWeb(stream.writable)
  // The side that measures ends its stream as it likes.
  writable.on('error', () => {})
  const listen: Listen = received => {
    const reader = new FrameReader(received)
    readAll(stream, bytes => reader.push(bytes)).catch(() => {})
  }
  return { line: new FrameWriter(writable), listen }
}

async function readAll(stream: QUICStream, take: (bytes: Buffer) => void): Promise<void> {
  for await (const bytes of stream.readable) take(Buffer.from(bytes))
}

// They are slow: a full window of 1 MiB messages would take longer to come through than there is to measure.
const batchesMax = 2
const roundTrips = { before: 200, measured: 2_000 }

export function classesFlow(flow: Flow, message: (count: number) => unknown): Arm {
  return flowOver(withStream, flow.messagesPerBatch === 1 ? { ...flow, batchesMax } : flow, message)
}

export function classesRoundTrip(share: number): Arm {
  return roundTripOver(withStream, share, roundTrips)
}

export function classesCalls(): Arm {
  return callsOver(withStream)
}
