/** The bare binding in `quic.lossy_*`: one connection for the bulk and one for the calls, through the bad network. */

import type { RelaysReady } from '../../harness/lossy-relay-process.ts'
import { startOther } from '../../harness/other-process.ts'
import { Window } from '../../harness/window.ts'
import {
  bulkMessage,
  type LossyOutcome,
  lossyBulkOnTheWay,
  lossyCallers,
  lossyMs,
  lossyPacketBytes,
} from '../../workload.ts'
import { caller } from '../line.ts'
import type { BareConnection } from './connection.ts'
import { BareEndpoint } from './endpoint.ts'
import type { QuicPeerReady } from './ready.ts'

/** One run. */
export async function bareLossy(): Promise<LossyOutcome> {
  const packetBytes = lossyPacketBytes()
  const other = await startOther<QuicPeerReady>(new URL('./other.js', import.meta.url), [String(packetBytes), 'both'])
  const program = new URL('../../harness/lossy-relay-process.js', import.meta.url)
  const relays = await startOther<RelaysReady>(program, [String(other.ready.port)])
  const endpoint = await BareEndpoint.open(packetBytes)
  const endMs = performance.now() + lossyMs()
  const port = relays.ready.ports[0] as number
  const dials = Array.from({ length: lossyCallers + 1 }, () => endpoint.dial(port))
  const [bulk, ...callers] = (await Promise.all(dials)) as [BareConnection, ...BareConnection[]]
  const [messages, ...callsMs] = await Promise.all([
    sendBulk(bulk, endMs),
    ...callers.map(connection => call(connection, endMs)),
  ])
  const closures = [bulk, ...callers].filter(({ isOpen }) => !isOpen).length
  endpoint.close()
  await relays.stop()
  await other.stop()
  return { closures, messages, callsMs: callsMs.flat() }
}

async function call(connection: BareConnection, endMs: number): Promise<number[]> {
  const trip = caller(connection, received => connection.listen(received))
  const tripsMs: number[] = []
  for (;;) {
    const startMs = performance.now()
    if (startMs >= endMs) return tripsMs
    await until(endMs, trip())
    tripsMs.push(performance.now() - startMs)
  }
}

async function sendBulk(connection: BareConnection, endMs: number): Promise<number> {
  const bytes = bulkMessage()
  const window = new Window(lossyBulkOnTheWay)
  let messages = 0
  connection.listen(() => {
    messages++
    window.give()
  })
  while (performance.now() < endMs) {
    await until(endMs, window.take())
    connection.write(bytes)
  }
  return messages
}

/** Waits for it, but not past the end. */
function until(endMs: number, promise: Promise<void>): Promise<void> {
  return Promise.race([
    promise,
    new Promise<void>(resolve => {
      setTimeout(resolve, Math.max(0, endMs - performance.now()))
    }),
  ])
}
