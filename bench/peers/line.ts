/**
 * The arms of every peer that is written in JavaScript, over whatever carries its messages between the two OS
 * processes: what is sent, acknowledged and checked is the same for all of them.
 */

import type { Arm } from '../harness/figure.ts'
import { callsPerSecond, type RoundTrips, roundTripMs, stepsPerSecond } from '../harness/pace.ts'
import { Window } from '../harness/window.ts'
import {
  bulkBytes,
  bulkFlow,
  bulkMessage,
  callersAtOnce,
  checkBesideBulk,
  checkRoundTrip,
  type Flow,
  roundTripMessage,
} from '../workload.ts'

/** A connection as its arm sees it: messages go out in order, whole. */
export interface Line {
  write(message: Uint8Array | unknown): void
  /** Waits while the connection asks its writer to. */
  drained(): Promise<void>
}

/** `take` acknowledges every batch, `echo` sends each message back, `both` acknowledges bulk and sends the rest back. */
export type Task = readonly ['take', messagesPerBatch: number] | readonly ['echo'] | readonly ['both']

export type Listen = (received: (message: unknown) => void) => void

/** Starts the other OS process, connects, lets `measure` measure, and ends both. */
export type WithLine = (task: Task, measure: (line: Line, listen: Listen) => Promise<number>) => Promise<number>

const acknowledgement = Buffer.from('taken')

/** What the other OS process does with each message. */
export function performTask([task, messagesPerBatch]: readonly string[], line: Line): (message: unknown) => void {
  if (task === 'echo') return message => line.write(message)
  if (task === 'both') return message => line.write(isBulk(message) ? acknowledgement : message)
  const every = Number(messagesPerBatch)
  let taken = 0
  return () => {
    taken++
    if (taken % every === 0) line.write(acknowledgement)
  }
}

function isBulk(message: unknown): boolean {
  return message instanceof Uint8Array && message.length === bulkBytes
}

/** Messages per second, one way. A message counts once the other OS process has read it whole. */
export function flowOver(withLine: WithLine, flow: Flow, message: (count: number) => unknown): Arm {
  return () =>
    withLine(['take', flow.messagesPerBatch], async (line, listen) => {
      const window = new Window(flow.batchesMax)
      listen(() => window.give())
      let count = 0
      const step = async () => {
        await window.take()
        await line.drained()
        for (let sent = 0; sent < flow.messagesPerBatch; sent++) line.write(message(count++))
      }
      return (await stepsPerSecond(step, () => window.empty())) * flow.messagesPerBatch
    })
}

/** The time in milliseconds within which that share of one caller's round trips of 64 bytes ended. */
export function roundTripOver(withLine: WithLine, share: number, counts?: RoundTrips): Arm {
  return () => withLine(['echo'], (line, listen) => roundTripMs(share, caller(line, listen), counts))
}

/** One caller, a call each time. */
export function caller(line: Line, listen: Listen): () => Promise<void> {
  let answered: (reply: unknown) => void = () => {}
  listen(reply => answered(reply))
  let count = 0
  return async () => {
    const sent = count++
    line.write(roundTripMessage(sent))
    checkRoundTrip(sent, await new Promise(resolve => (answered = resolve)))
  }
}

/** Sends bulk until `isOver`, and checks that it was bulk. */
export async function sendBulk(line: Line, listen: Listen, isOver: () => boolean): Promise<void> {
  const bytes = bulkMessage()
  const window = new Window(bulkFlow.batchesMax)
  listen(() => window.give())
  const startMs = performance.now()
  let messages = 0
  for (; !isOver(); messages++) {
    await window.take()
    await line.drained()
    line.write(bytes)
  }
  await window.empty()
  checkBesideBulk(messages, performance.now() - startMs)
}

interface Request {
  readonly id: number
  readonly request: Uint8Array
}

/** Calls per second of many callers at once, told apart by an id as any protocol of calls does. */
export function callsOver(withLine: WithLine): Arm {
  return () =>
    withLine(['echo'], (line, listen) => {
      const waiting = new Map<number, (reply: unknown) => void>()
      listen(message => {
        const { id, request } = message as Request
        waiting.get(id)?.(request)
        waiting.delete(id)
      })
      let count = 0
      const call = async () => {
        const id = count++
        line.write({ id, request: roundTripMessage(id) } satisfies Request)
        checkRoundTrip(id, await new Promise(resolve => waiting.set(id, resolve)))
      }
      return callsPerSecond(Array.from({ length: callersAtOnce }, () => call))
    })
}
