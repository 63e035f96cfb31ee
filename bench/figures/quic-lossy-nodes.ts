/** Our arm of `quic.lossy_*`: two nodes, each behind a relay of the bad network, which whoever dials it goes through. */

import type { Node, Self } from 'barrel-actors'
import { freePort } from '../harness/free-port.ts'
import type { RelaysReady } from '../harness/lossy-relay-process.ts'
import { startOther } from '../harness/other-process.ts'
import {
  bulkMessage,
  checkRoundTrip,
  type LossyOutcome,
  lossyBulkOnTheWay,
  lossyCallers,
  lossyMs,
  lossyPacketBytes,
  roundTripMessage,
  untilAnswered,
} from '../workload.ts'
import { inProcess } from './in-process.ts'
import { inFolder, otherSinkName, sinkName, sinkOf, startBenchNode, startSinkProcess } from './quic-nodes.ts'

/** One run of ours. */
export function quicLossy(): Promise<LossyOutcome> {
  return inFolder(async folder => {
    const packetBytesMax = lossyPacketBytes()
    const [portA, portB] = [await freePort(), await freePort()]
    const relays = await startOther<RelaysReady>(
      new URL('../harness/lossy-relay-process.js', import.meta.url),
      [portA, portB].map(String),
    )
    const [relayA, relayB] = relays.ready.ports
    const [nameA, nameB] = ['a@127.0.0.1', 'b@127.0.0.1'] as const
    const b = { listenPort: portB, addresses: [`${nameA}:${relayA}`], packetBytesMax }
    const a = { listenPort: portA, addresses: [`${nameB}:${relayB}`], packetBytesMax }
    const other = await startSinkProcess(folder, b)
    const node = await startBenchNode('a', folder, a)
    const outcome = await measureLossy(node, nameB, lossyMs())
    await node.stop()
    await other.stop()
    await relays.stop()
    return outcome
  })
}

/** Sends bulk to one sink of the other node, and calls the other sink, for so long. */
export async function measureLossy(node: Node, otherName: string, forMs: number): Promise<LossyOutcome> {
  const endMs = performance.now() + forMs
  const callers = Array.from({ length: lossyCallers }, () => inProcess(node, self => call(self, otherName, endMs)))
  const [bulk, ...callsMs] = await Promise.all([inProcess(node, self => sendBulk(self, otherName, endMs)), ...callers])
  return { ...bulk, callsMs: callsMs.flat() }
}

/** How long each call took until it was answered: a call that fails is made again, and is one with the first. */
async function call(self: Self, otherName: string, endMs: number): Promise<number[]> {
  const tripsMs: number[] = []
  for (let count = 0; performance.now() < endMs; count++) {
    const startMs = performance.now()
    const reply = await untilAnswered(endMs, () =>
      self.call({ name: sinkName, node: otherName }, roundTripMessage(count)),
    )
    tripsMs.push(performance.now() - startMs)
    if (reply !== undefined) checkRoundTrip(count, reply)
  }
  return tripsMs
}

type Event = 'taken' | 'over' | { readonly kind: 'nodeUp' | 'nodeDown'; readonly node: string }

async function sendBulk(self: Self, otherName: string, endMs: number) {
  const bytes = bulkMessage()
  let [messages, closures, onTheWay] = [0, 0, 0]
  self.subscribeNodes()
  const sink = await untilAnswered(endMs, () => sinkOf(self, otherName, otherSinkName))
  if (sink === undefined) return { messages, closures }
  const begin = () => self.cast(sink, { acknowledgeTo: self.pid, every: 1 })
  begin()
  self.sendAfter(Math.max(0, endMs - performance.now()), self.pid, 'over')
  for (;;) {
    for (; onTheWay < lossyBulkOnTheWay; onTheWay++) self.send(sink, bytes)
    const event = (await self.receive()) as Event
    if (event === 'over') return { messages, closures }
    if (event === 'taken') {
      messages++
      onTheWay = Math.max(0, onTheWay - 1)
    } else if (event.kind === 'nodeDown') {
      closures++
      // What was on its way is lost, and perhaps the word whom to acknowledge to.
      onTheWay = 0
      begin()
    }
  }
}
