/** What a peer that has proved its name can try, against a node that serves an honest one meanwhile. */
import type { Log } from '@barrel-actors/runtime'
import { expect, test } from 'vitest'
import type { LinkedEnd, LinkedStreams } from '../../test/linked-streams.ts'
import { accepting, bytesOf, readAll, StreamNetwork, type StreamNode } from '../../test/stream-nodes.ts'
import { encodePreamble } from './demux/preamble.ts'
import { refusalCode } from './demux/refusal.ts'
import { limits } from './limits.ts'

const half = encodePreamble('file').subarray(0, 3)

/** A peer that does what it likes with its end of a channel to the victim. */
interface Attacker {
  readonly link: LinkedStreams
  readonly end: LinkedEnd
  /** Streams that the victim gave up, with the last code. */
  readonly given: Map<number, number | undefined>
  readonly got: Map<number, number>
}

function attack(net: StreamNetwork, victim: StreamNode, name: string): Attacker {
  const link = net.newLink()
  const attacker: Attacker = { link, end: link.dialer, given: new Map(), got: new Map() }
  link.acceptor.handler = victim.streams.attach(name, link.acceptor)
  link.dialer.handler = {
    received: (id, bytes) => attacker.got.set(id, (attacker.got.get(id) ?? 0) + bytes.length),
    drained() {},
    abandoned(id, code) {
      attacker.given.set(id, code)
      // As RFC 9000, 3.5 has it: who is told to stop resets the stream.
      attacker.end.abandon(id, 0)
    },
    closed() {},
  }
  net.lines.push({ link, ends: new Map([[name, link.dialer]]) })
  return attacker
}

/** Opens that many streams with these first bytes. */
async function flood(net: StreamNetwork, { end }: Attacker, count: number, bytes: Uint8Array): Promise<number[]> {
  const ids = Array.from({ length: count }, () => end.open())
  for (const id of ids) end.write(id, bytes)
  await net.sim.advance(200)
  return ids
}

async function victimOf(net: StreamNetwork, log?: Log) {
  const victim = await net.start('b@host', log)
  const honest = await net.start('a@host')
  const { got, pid } = accepting(victim, 'file', async stream => {
    if (stream.node === 'a@host') await stream.readable.pipeTo(stream.writable)
  })
  /** Holds that an honest peer is served now. */
  const serves = async () => {
    const stream = await net.sim.until(honest.streams.open('b@host', 'file'))
    await stream.write(Buffer.from('honest'))
    await stream.end()
    expect(`${await net.sim.until(readAll(stream))}`).toBe('honest')
  }
  return { victim, got, pid, serves }
}

test('64 half preambles that are then reset leave every place free', async () => {
  await using net = new StreamNetwork()
  const { victim, serves } = await victimOf(net)
  for (let round = 0; round < 3; round++) {
    const attackers = ['m1', 'm2', 'm3', 'm4'].map(name => attack(net, victim, `${name}@${round}`))
    for (const attacker of attackers) {
      await flood(net, attacker, limits.parkedPerPeerMax, half)
    }
    expect(victim.streams.counts.parked).toBe(limits.parkedMax)
    await serves()
    for (const { end } of attackers) for (const id of end.halves.keys()) end.abandon(id, 0)
    await net.sim.advance(100)
    expect(victim.streams.counts.parked).toBe(0)
  }
  await net.expectEmpty()
})

test('64 half preambles that then end leave every place free', async () => {
  await using net = new StreamNetwork()
  const { victim, serves } = await victimOf(net)
  const attacker = attack(net, victim, 'm@host')
  for (let count = 0; count < 64; count += limits.parkedPerPeerMax) {
    const ids = await flood(net, attacker, limits.parkedPerPeerMax, half)
    expect(victim.streams.counts.parked).toBe(limits.parkedPerPeerMax)
    for (const id of ids) attacker.end.finish(id)
    await net.sim.advance(100)
    expect(victim.streams.counts.parked).toBe(0)
    expect(ids.map(id => attacker.given.get(id))).toEqual(ids.map(() => refusalCode.cutShort))
  }
  await serves()
  await net.expectEmpty()
})

test('a channel that ends takes its half preambles along', async () => {
  await using net = new StreamNetwork()
  const { victim } = await victimOf(net)
  const attacker = attack(net, victim, 'm@host')
  await flood(net, attacker, limits.parkedPerPeerMax, half)
  expect(victim.streams.counts.parked).toBe(limits.parkedPerPeerMax)
  attacker.link.cut(new Error('gone'))
  expect(victim.streams.counts).toMatchObject({ peers: 0, parked: 0 })
})

test('one peer cannot take all places: past its share it is refused, and another peer is not', async () => {
  await using net = new StreamNetwork()
  const { victim } = await victimOf(net)
  const [greedy, slow] = [attack(net, victim, 'm@host'), attack(net, victim, 's@host')]
  const ids = await flood(net, greedy, 1000, half)
  expect(victim.streams.counts.parked).toBe(limits.parkedPerPeerMax)
  const codes = ids.map(id => greedy.given.get(id)).filter(code => code !== undefined)
  expect(codes).toEqual(Array(1000 - limits.parkedPerPeerMax).fill(refusalCode.tooManyParked))
  const [id] = await flood(net, slow, 1, half)
  slow.end.write(id as number, encodePreamble('file').subarray(3))
  await net.sim.advance(100)
  expect(victim.streams.list('s@host')).toHaveLength(1)
})

test('a preamble that never comes whole is given up after the deadline, without anything else happening', async () => {
  await using net = new StreamNetwork()
  const { victim, serves } = await victimOf(net)
  const attacker = attack(net, victim, 'm@host')
  const [id] = await flood(net, attacker, 1, half)
  await net.sim.advance(limits.preambleMsMax - 300)
  expect(victim.streams.counts.parked).toBe(1)
  await net.sim.advance(200)
  expect([victim.streams.counts.parked, attacker.given.get(id as number)]).toEqual([0, refusalCode.tooLate])
  await serves()
  await net.expectEmpty()
})

test('a flood of tags leaves nothing behind and no flood of log lines', async () => {
  await using net = new StreamNetwork()
  const lines: unknown[] = []
  const warn = (event: string, fields?: unknown) => lines.push([event, fields])
  const { victim, serves } = await victimOf(net, { debug() {}, info() {}, warn, error() {} })
  const attacker = attack(net, victim, 'm@host')
  for (let number = 0; number < 5000; number++) attacker.end.write(attacker.end.open(), encodePreamble(`tag ${number}`))
  await net.sim.advance(5000)
  expect(attacker.given.size).toBe(5000)
  // Those that came in pieces found no place while others waited.
  const codes: unknown[] = [refusalCode.unknownTag, refusalCode.tooManyParked]
  expect([...new Set(attacker.given.values())].filter(code => !codes.includes(code))).toEqual([])
  expect(lines.length).toBeLessThanOrEqual(2)
  await serves()
  await net.expectEmpty()
})

test('streams that are opened and reset again do not fill the mailbox of an acceptor that is slow', async () => {
  await using net = new StreamNetwork()
  const { victim } = await victimOf(net)
  const { pid } = accepting(victim, 'slow', () => new Promise(() => {}))
  const attacker = attack(net, victim, 'm@host')
  for (let round = 0; round < 50; round++) {
    const ids = await flood(net, attacker, limits.streamsPerPeerMax - 1, encodePreamble('slow'))
    for (const id of ids) attacker.end.abandon(id, 0)
    await net.sim.advance(10)
  }
  expect(victim.node.processInfo(pid)?.mailboxLength).toBeLessThanOrEqual(limits.acceptorMailboxMax)
  expect([...attacker.given.values()]).toContain(refusalCode.acceptorBusy)
  await net.expectEmpty()
})

test('a peer that opens more than its share of streams is refused, and the others are served', async () => {
  await using net = new StreamNetwork()
  const { victim, serves } = await victimOf(net)
  const attacker = attack(net, victim, 'm@host')
  await flood(net, attacker, 500, encodePreamble('file'))
  expect(victim.streams.list('m@host')).toHaveLength(limits.streamsPerPeerMax)
  await serves()
  attacker.link.cut(new Error('gone'))
  await net.expectEmpty()
})

test('a peer that never reads holds up nothing but its own stream', async () => {
  await using net = new StreamNetwork()
  const { victim, got, serves } = await victimOf(net)
  const attacker = attack(net, victim, 'm@host')
  const [id = 0] = await flood(net, attacker, 1, encodePreamble('file'))
  attacker.end.pause(id)
  const writing = got[0]?.write(bytesOf(10_000_000))
  await net.sim.advance(60_000)
  expect(attacker.link.acceptor.queuedBytesPeak).toBeLessThanOrEqual(limits.sendQueueBytes)
  await serves()
  attacker.end.abandon(id, 9)
  await expect(net.sim.until(writing as Promise<void>)).rejects.toMatchObject({ fields: { resetCode: 9 } })
  await net.expectEmpty()
})

test('bytes, ends and resets for streams that were never opened, or are over, do nothing', async () => {
  await using net = new StreamNetwork()
  const { victim, serves } = await victimOf(net)
  const { link } = attack(net, victim, 'm@host')
  const { handler } = link.acceptor
  for (const id of [1, 5, 9999]) {
    // Ids of the victim's own streams.
    handler.received(id, encodePreamble('file'), true)
    expect(victim.streams.list('m@host')).toEqual([])
    handler.abandoned(id, undefined)
    handler.drained(id)
  }
  handler.abandoned(400, 0x1234)
  handler.received(404, new Uint8Array(), false)
  handler.drained(404)
  expect(victim.streams.counts).toMatchObject({ peers: 1, streams: 0, parked: 0 })
  handler.closed(new Error('gone'))
  handler.closed(new Error('gone'))
  expect(victim.streams.counts).toMatchObject({ peers: 0, streams: 0, parked: 0 })
  await serves()
})

test('many peers with few streams each take no more places than there are in all', async () => {
  await using net = new StreamNetwork()
  const { victim } = await victimOf(net)
  const peers = (2 * limits.streamsMax) / limits.streamsPerPeerMax
  for (let peer = 0; peer < peers; peer++) {
    const attacker = attack(net, victim, `m${peer}@host`)
    // No more at a time than may be parked.
    for (let count = 0; count < limits.streamsPerPeerMax / 2; count += 8) {
      await flood(net, attacker, 8, encodePreamble('file'))
    }
  }
  expect(victim.streams.list()).toHaveLength(limits.streamsMax)
  const late = attack(net, victim, 'late@host')
  const [id] = await flood(net, late, 1, encodePreamble('file'))
  expect(late.given.get(id as number)).toBe(refusalCode.tooManyStreams)
  expect(victim.streams.list()).toHaveLength(limits.streamsMax)
})
