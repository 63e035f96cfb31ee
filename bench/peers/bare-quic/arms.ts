/**
 * The native binding of @matrixai/quic driven directly over node:dgram: what our carrier could reach if it did
 * nothing else. No serialisation, no names, no authentication of nodes. The other side is other.ts.
 */

import { Packr, Unpackr } from 'msgpackr'
import type { Arm } from '../../harness/figure.ts'
import { startOther } from '../../harness/other-process.ts'
import { residentBytesEach, roundTripMs } from '../../harness/pace.ts'
import {
  checkRoundTrip,
  dials,
  dialsBefore,
  type Flow,
  idleChannels,
  idleChannelsBefore,
  roundTripMessage,
} from '../../workload.ts'
import { callsOver, flowOver, roundTripOver, type Task, type WithLine } from '../line.ts'
import type { BareConnection } from './connection.ts'
import { BareEndpoint } from './endpoint.ts'
import type { QuicPeerReady } from './ready.ts'
import { loopbackPacketBytes } from './transport.ts'

/** Messages per second, one way. */
export function bareFlow(flow: Flow, message: () => Uint8Array, packetBytes: number = loopbackPacketBytes): Arm {
  return flowOver(lineOf(packetBytes), flow, message)
}

/** The same of what msgpackr packs, with record shapes. The other side takes it as bytes. */
export function barePackedFlow(flow: Flow, message: (count: number) => unknown): Arm {
  return flowOver(packed, flow, message)
}

/** Calls per second of many callers at once. The other side sends the bytes back as they are. */
export function bareCalls(): Arm {
  return callsOver(packedBothWays)
}

/** The time in milliseconds within which that share of the round trips ended. */
export function bareRoundTrip(share: number): Arm {
  return roundTripOver(lineOf(loopbackPacketBytes), share)
}

/** From the dial until the first message is answered: the median in milliseconds. */
export function bareDial(): Arm {
  return () =>
    withOther(loopbackPacketBytes, ['echo'], (endpoint, port) => {
      let dialed = 0
      const dial = async () => checkAnswered(await endpoint.dial(port), dialed++)
      return roundTripMs(0.5, dial, { before: dialsBefore, measured: dials })
    })
}

/** Resident bytes of an idle connection, each having carried one message. */
export function idleBareBytes(): Arm {
  return () =>
    withOther(loopbackPacketBytes, ['echo'], async (endpoint, port) => {
      const connections: BareConnection[] = []
      const open = async (count: number) => {
        for (let opened = 0; opened < count; opened++) {
          const connection = await endpoint.dial(port)
          connections.push(connection)
          await checkAnswered(connection, opened)
        }
      }
      await open(idleChannelsBefore)
      const bytes = await residentBytesEach(idleChannels, () => open(idleChannels))
      if (!connections.every(connection => connection.isOpen)) throw new Error('A connection did not stay open.')
      return bytes
    })
}

async function checkAnswered(connection: BareConnection, count: number): Promise<void> {
  const reply = await new Promise(resolve => {
    connection.listen(resolve)
    connection.write(roundTripMessage(count))
  })
  checkRoundTrip(count, reply)
}

const packed: WithLine = (task, measure) =>
  lineOf(loopbackPacketBytes)(task, (line, listen) => {
    const packr = new Packr({ sequential: true })
    return measure({ write: message => line.write(packr.pack(message)), drained: () => line.drained() }, listen)
  })

const packedBothWays: WithLine = (task, measure) =>
  packed(task, (line, listen) => {
    const unpackr = new Unpackr({ sequential: true })
    return measure(line, received => listen(bytes => received(unpackr.unpack(bytes as Buffer))))
  })

function lineOf(packetBytes: number): WithLine {
  return (task, measure) =>
    withOther(packetBytes, task, async (endpoint, port) => {
      const connection = await endpoint.dial(port)
      return measure(connection, received => connection.listen(received))
    })
}

async function withOther(
  packetBytes: number,
  task: Task,
  measure: (endpoint: BareEndpoint, port: number) => Promise<number>,
): Promise<number> {
  const program = new URL('./other.js', import.meta.url)
  const other = await startOther<QuicPeerReady>(program, [String(packetBytes), ...task.map(String)])
  const endpoint = await BareEndpoint.open(packetBytes)
  const value = await measure(endpoint, other.ready.port)
  endpoint.close()
  await other.stop()
  return value
}
