/**
 * What a user would write instead: node:tls (the fair peer, since QUIC encrypts too) or node:net, with msgpackr,
 * between two OS processes. This is the side that measures; the other one is socket-other.ts.
 */

import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Arm } from '../harness/figure.ts'
import { startOther } from '../harness/other-process.ts'
import { residentBytesEach, roundTripMs } from '../harness/pace.ts'
import {
  checkRoundTrip,
  countsUnderBulk,
  dials,
  dialsBefore,
  type Flow,
  idleChannels,
  idleChannelsBefore,
  roundTripMessage,
} from '../workload.ts'
import { FrameReader, FrameWriter } from './frames.ts'
import { caller, callsOver, flowOver, type Listen, roundTripOver, sendBulk, type Task, type WithLine } from './line.ts'
import { certificateName, type SocketsReady } from './sockets-ready.ts'

export type SocketKind = 'tls' | 'tcp'

/** Messages per second, one way. */
export function socketFlow(kind: SocketKind, flow: Flow, message: (count: number) => unknown): Arm {
  return flowOver(lineOf(kind), flow, message)
}

/** The time in milliseconds within which that share of the round trips ended. */
export function socketRoundTrip(kind: SocketKind, share: number): Arm {
  return roundTripOver(lineOf(kind), share)
}

/** The same while bulk goes over a connection of its own to the same OS process: behind it in one, it would wait. */
export function socketRoundTripUnderBulk(kind: SocketKind, share: number): Arm {
  return () =>
    withOther(kind, ['both'], async ready => {
      const [calls, bulk] = [await connect(kind, ready), await connect(kind, ready)]
      let isOver = false
      const sending = sendBulk(new FrameWriter(bulk), listening(bulk), () => isOver)
      const tripMs = await roundTripMs(share, caller(new FrameWriter(calls), listening(calls)), countsUnderBulk)
      isOver = true
      await sending
      for (const socket of [calls, bulk]) socket.destroy()
      return tripMs
    })
}

/** Calls per second of many callers at once. */
export function socketCalls(kind: SocketKind): Arm {
  return callsOver(lineOf(kind))
}

/** From `connect` until the first message is answered: the median in milliseconds. */
export function socketDial(kind: SocketKind): Arm {
  return () =>
    withOther(kind, ['echo'], async ready => {
      const sockets: Socket[] = []
      const dial = async () => {
        const socket = await connect(kind, ready)
        sockets.push(socket)
        await checkAnswered(socket, sockets.length)
      }
      return roundTripMs(0.5, dial, { before: dialsBefore, measured: dials })
    })
}

/** Resident bytes of an idle connection, each having carried one message. */
export function idleSocketBytes(kind: SocketKind): Arm {
  return () =>
    withOther(kind, ['echo'], async ready => {
      const sockets: Socket[] = []
      const open = async (count: number) => {
        for (let opened = 0; opened < count; opened++) {
          const socket = await connect(kind, ready)
          sockets.push(socket)
          await checkAnswered(socket, opened)
        }
      }
      await open(idleChannelsBefore)
      const bytes = await residentBytesEach(idleChannels, () => open(idleChannels))
      if (sockets.some(socket => socket.readyState !== 'open')) throw new Error('A connection did not stay open.')
      return bytes
    })
}

async function checkAnswered(socket: Socket, count: number): Promise<void> {
  const reply = await new Promise(resolve => {
    const reader = new FrameReader(resolve)
    socket.on('data', chunk => reader.push(chunk))
    new FrameWriter(socket).write(roundTripMessage(count))
  })
  checkRoundTrip(count, reply)
}

function lineOf(kind: SocketKind): WithLine {
  return (task, measure) =>
    withOther(kind, task, async ready => {
      const socket = await connect(kind, ready)
      const value = await measure(new FrameWriter(socket), listening(socket))
      socket.destroy()
      return value
    })
}

function listening(socket: Socket): Listen {
  return received => {
    const reader = new FrameReader(received)
    socket.on('data', chunk => reader.push(chunk))
  }
}

async function withOther(
  kind: SocketKind,
  task: Task,
  measure: (ready: SocketsReady) => Promise<number>,
): Promise<number> {
  const program = new URL('./socket-other.js', import.meta.url)
  const other = await startOther<SocketsReady>(program, [kind, ...task.map(String)])
  const value = await measure(other.ready)
  await other.stop()
  return value
}

async function connect(kind: SocketKind, ready: SocketsReady): Promise<Socket> {
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
