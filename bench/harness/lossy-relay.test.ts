import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { type BadNetwork, LossyRelay } from './lossy-relay.ts'

const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function udp(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closers.push(() => socket.close())
  return socket
}

/** A target that sends back what comes, and a client whose datagrams go through a relay. */
async function echoThrough(network: BadNetwork) {
  const [client, target] = [await udp(), await udp()]
  target.on('message', (datagram, { port }) => target.send(datagram, port, '127.0.0.1'))
  const relay = await LossyRelay.open(target.address().port, network, 1)
  closers.push(() => relay.close())
  const came: number[] = []
  client.on('message', datagram => came.push(datagram.readUInt16BE()))
  const send = (count: number) => client.send(Buffer.from([count >> 8, count & 0xff]), relay.port, '127.0.0.1')
  return { relay, came, send }
}

test('a relay without faults passes everything, both ways', async () => {
  const { came, send } = await echoThrough({ lossRate: 0, delayMsMin: 0, delayMsMax: 0 })
  for (let count = 0; count < 50; count++) send(count)
  await expect.poll(() => came.length).toBe(50)
})

test('a relay loses its share and lets datagrams overtake each other', async () => {
  const { relay, came, send } = await echoThrough({ lossRate: 0.5, delayMsMin: 0, delayMsMax: 50 })
  for (let count = 0; count < 400; count++) send(count)
  await expect.poll(() => relay.counts.lost + came.length).toBe(400)
  // Half of what goes, and half of what comes back.
  expect(came.length).toBeGreaterThan(50)
  expect(came.length).toBeLessThan(150)
  expect(came).not.toEqual([...came].sort((a, b) => a - b))
})

test('the same seed loses the same number of datagrams', async () => {
  const counts: number[] = []
  for (const _ of ['first', 'second']) {
    const { relay, send } = await echoThrough({ lossRate: 0.3, delayMsMin: 5_000, delayMsMax: 5_000 })
    for (let count = 0; count < 100; count++) send(count)
    await expect.poll(() => relay.counts.lost + relay.counts.passed).toBe(100)
    counts.push(relay.counts.lost)
  }
  expect(counts[0]).toBe(counts[1])
})
