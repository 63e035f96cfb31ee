// Two ends of one channel, each with the session of the other: signals, words and the end go from one to the other.
import {
  BarrelError,
  type Log,
  type Node,
  type Signal,
  SignalDecoder,
  SignalEncoder,
  silentLog,
  startNode,
} from '@barrel-actors/runtime'
import { VirtualClock } from '@barrel-actors/simulation'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HandshakeResult } from '../handshake/state.ts'
import { limits } from '../limits.ts'
import { type Held, QuicChannel } from './channel.ts'
import type { CarrierContext } from './context.ts'
import { createCounts } from './counts.ts'
import { ParcelBuffers } from './parcel-buffers.ts'
import { closeCode, type Session } from './session.ts'
import type { Word } from './words.ts'

let nodes: [Node, Node]

beforeAll(async () => {
  nodes = [await startNode({ name: 'a@host' }), await startNode({ name: 'b@host' })]
})

afterAll(async () => {
  for (const node of nodes) await node.stop()
})

/** One end, with what it has told the carrier. */
class End {
  readonly channel: QuicChannel
  readonly got: Signal[] = []
  /** Bytes that came at a time. */
  readonly sizes: number[] = []
  readonly held: Held[] = []
  readonly ends: Error[] = []
  drains = 0
  mayEnd = true
  /** Bytes that QUIC has not taken. */
  queued = 0
  /** Those of them that are in the stream of each flow. */
  queuedOfFlow = 0
  readonly #node: Node
  readonly #peer: Node

  constructor(node: Node, peer: Node, clock: VirtualClock, log: Log, queueBytesMax: number) {
    this.#node = node
    this.#peer = peer
    const host = { createEncoder: () => new SignalEncoder(node), createDecoder: () => new SignalDecoder(node, peer) }
    const options = { queueBytesHigh: 10_000, queueBytesMax }
    const shared = { buffers: new ParcelBuffers(), counts: createCounts() }
    const context = { host, options, clock, log, ...shared } as unknown as CarrierContext
    this.channel = new QuicChannel(peer.name, context, {
      received: (_, signal) => void this.got.push(signal),
      drained: () => void this.drains++,
      mayEnd: () => this.mayEnd,
      closed: (_, cause, held) => {
        this.ends.push(cause)
        this.held.push(...held)
      },
    })
  }

  /** Settles it on a session whose other end is that one. */
  settle(other: End): void {
    const end = this
    const session = {
      connection: {
        dialed: true,
        rttMs: 7,
        pathStats: undefined,
        get queuedBytes() {
          return end.queued
        },
      },
      write: (flow: number, bytes: Uint8Array, start: number, end: number) => {
        other.sizes.push(end - start)
        other.channel.receive(flow, Buffer.from(bytes.subarray(start, end)))
      },
      hand: (flow: number, head: Uint8Array, bytes: Uint8Array, taken?: () => void) => {
        other.sizes.push(head.length + bytes.length)
        other.channel.receive(flow, Buffer.concat([head, bytes]))
        taken?.()
      },
      say: (said: Word) => other.channel.said(said),
      queuedBytesOf: () => end.queuedOfFlow,
      pause() {},
      resume() {},
      close: (code: number, reason: string) => {
        const fields = { node: end.#node.name, reason, code }
        const text = { what: reason, todo: 'Nothing.' }
        queueMicrotask(() => other.channel.end(new BarrelError('E_CHANNEL_CLOSED', text, fields)))
      },
    } as unknown as Session
    const { name, creation } = this.#peer
    this.channel.settle(session, { peer: { name, creation }, role: 'tool' } as HandshakeResult)
  }

  send(message: unknown, sender = 1): boolean {
    return this.channel.deliver(this.signal(message), sender)
  }

  signal(message: unknown): Signal {
    return { kind: 'send', from: this.#node.pid, to: this.#peer.pid, message }
  }

  get messages(): unknown[] {
    return this.got.map(signal => (signal as { message: unknown }).message)
  }
}

function dialing(queueBytesMax = 100_000) {
  const clock = new VirtualClock()
  const [a, b] = nodes
  const errors: string[] = []
  const log: Log = { ...silentLog, error: event => void errors.push(event) }
  const ends = [new End(a, b, clock, log, queueBytesMax), new End(b, a, clock, log, queueBytesMax)] as const
  return { a: ends[0], b: ends[1], clock, errors }
}

function connected(queueBytesMax?: number) {
  const world = dialing(queueBytesMax)
  world.a.settle(world.b)
  world.b.settle(world.a)
  world.b.channel.up()
  world.a.channel.up()
  return world
}

const moment = (): Promise<void> => new Promise(setImmediate)

test('what is given while it is dialing comes first, as it was then, and nothing is known of the peer until it is up', () => {
  const { a, b } = dialing()
  const changing = { count: 1 }
  a.send(changing)
  changing.count = 2
  a.send(changing)
  a.send(new Uint8Array(80_000).fill(1), 2)
  a.settle(b)
  b.settle(a)
  expect([a.channel.life, a.channel.isUp, a.channel.role]).toEqual([undefined, false, 'tool'])
  b.channel.up()
  expect([a.channel.up(), a.channel.up()]).toEqual([true, false])
  a.send('after')
  expect(b.messages.slice(0, 2)).toEqual([{ count: 1 }, { count: 2 }])
  expect(b.messages).toHaveLength(4)
  expect(b.messages).toContain('after')
  expect([a.channel.life?.name, a.channel.rttMs, a.channel.hasWaiting]).toEqual(['b@host', 7, false])
})

test('what is too large to wait in the stream goes on as soon as it is up', () => {
  const { a, b } = dialing(10_000_000)
  a.send(new Uint8Array(2_000_000).fill(1))
  a.settle(b)
  b.settle(a)
  b.channel.up()
  a.channel.up()
  expect(b.sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(2_000_000)
  expect(b.messages).toHaveLength(1)
})

test('a pid of the other life is told from those of the life at the other end', () => {
  const { a, b } = dialing()
  a.send('early')
  a.settle(b)
  b.settle(a)
  b.channel.up()
  a.channel.up()
  a.send('later')
  // Both name the root of b; only the first had to say of which life.
  expect(b.got.map(signal => String((signal as { to: unknown }).to))).toEqual(Array(2).fill(String(nodes[1].pid)))
  expect(b.sizes[0]).toBeGreaterThan(b.sizes[1] as number)
})

describe('the offer to end it', () => {
  test('is taken by an end that does not rely on it: both close, and the peer is told why', async () => {
    const { a, b } = connected()
    a.channel.offerEnd()
    await moment()
    for (const end of [a, b]) {
      expect(end.ends).toMatchObject([{ code: 'E_CHANNEL_CLOSED', fields: { code: closeCode.idle } }])
    }
    expect([a.held, b.held]).toEqual([[], []])
  })

  test('is refused by an end that relies on it, and what was given meanwhile goes on in its order', () => {
    const { a, b } = connected()
    b.mayEnd = false
    let said = 0
    const { said: answer } = a.channel
    a.channel.said = word => {
      said++
      a.send('while it waits')
      a.send('and more')
      expect([b.messages, a.channel.hasWaiting]).toEqual([[], true])
      answer.call(a.channel, word)
    }
    a.channel.offerEnd()
    expect([said, a.ends]).toEqual([1, []])
    a.send('after')
    expect(b.messages).toEqual(['while it waits', 'and more', 'after'])
    expect(a.channel.hasWaiting).toBe(false)
  })

  test('that nobody answers is given up after a while, and not made twice meanwhile', async () => {
    const { a, b, clock } = connected()
    let offers = 0
    b.channel.said = () => void offers++
    a.channel.offerEnd()
    a.send('first')
    a.channel.offerEnd()
    await clock.advance(limits.idleAnswerMsMax - 1)
    expect([offers, b.messages]).toEqual([1, []])
    await clock.advance(1)
    expect(b.messages).toEqual(['first'])
    a.channel.offerEnd()
    expect(offers).toBe(2)
  })

  test('gives back what was given meanwhile when it is taken, and drops it when it ends otherwise', async () => {
    for (const [reason, kept] of [
      ['idle', 2],
      ['other', 0],
    ] as const) {
      const { a, b, clock } = connected()
      b.channel.said = () => {}
      a.channel.offerEnd()
      a.send('one')
      a.send('two')
      const code = reason === 'idle' ? closeCode.idle : closeCode.normal
      a.channel.end(new BarrelError('E_CHANNEL_CLOSED', { what: 'Over.', todo: 'Nothing.' }, { code }))
      expect([a.held.length, a.ends.length]).toEqual([kept, 1])
      await clock.advance(2 * limits.idleAnswerMsMax)
      expect(b.messages).toEqual([])
    }
  })

  test('is made by nobody before it is up or after its end', () => {
    const { a, b } = dialing()
    let offers = 0
    b.channel.said = () => void offers++
    a.channel.offerEnd()
    a.settle(b)
    b.settle(a)
    a.channel.offerEnd()
    a.channel.up()
    a.channel.close('over')
    a.channel.offerEnd()
    expect(offers).toBe(0)
  })
})

describe('what waits', () => {
  test('is told past the high-water mark, and once when it has fallen to half of it', () => {
    const { a } = connected()
    a.queued = 10_000
    expect([a.send(1), a.channel.isCongested]).toEqual([true, false])
    a.channel.drained()
    a.queued = 10_001
    expect([a.send(1), a.channel.isCongested]).toEqual([false, true])
    a.queued = 5_001
    a.channel.drained()
    expect(a.drains).toBe(0)
    a.queued = 5_000
    a.channel.drained()
    a.channel.drained()
    expect(a.drains).toBe(1)
  })

  test('counts where it waits: in QUIC, in parts to come, while dialing, while the end is offered', () => {
    const parts = connected()
    parts.a.queuedOfFlow = 300_000
    expect([parts.a.send(new Uint8Array(90_000)), parts.a.ends]).toEqual([false, []])
    expect([parts.a.send(new Uint8Array(90_000)), parts.a.ends.length]).toEqual([false, 1])
    const early = dialing()
    const sent = Array.from({ length: 3 }, () => early.a.send(new Uint8Array(4_000)))
    expect(sent).toEqual([true, true, false])
    early.a.settle(early.b)
    early.b.settle(early.a)
    early.b.channel.up()
    early.a.channel.up()
    expect(early.a.send('nothing waits any more')).toBe(true)
    const offered = connected()
    offered.b.channel.said = () => {}
    offered.a.channel.offerEnd()
    const held = Array.from({ length: 3 }, () => offered.a.send(new Uint8Array(4_000)))
    expect(held).toEqual([true, true, false])
  })

  test('closes it with a reason past the hard cap, once, and says so in the log', () => {
    const { a, errors } = dialing(50_000)
    for (let count = 0; count < 20; count++) a.send(new Uint8Array(5_000))
    expect(a.ends).toMatchObject([{ code: 'E_CHANNEL_OVERFLOW', fields: { node: 'b@host', bytesMax: 50_000 } }])
    expect(errors).toEqual(['channel closed: too much waited to be sent'])
    expect([a.channel.isCongested, a.send('dropped')]).toEqual([false, true])
  })

  test('unread in a flow that the runtime has stopped counts as waiting too', () => {
    const { a } = connected()
    a.channel.pause(3)
    expect(a.channel.hasWaiting).toBe(true)
    a.channel.resume(3)
    expect(a.channel.hasWaiting).toBe(false)
  })
})

test('what cannot be sent is refused, and the channel goes on', () => {
  const { a, b } = connected()
  const count = a.channel.signalsCount
  expect(() => a.send(() => 1)).toThrow(expect.objectContaining({ code: 'E_MESSAGE_INVALID' }))
  expect([a.send('next'), a.channel.signalsCount - count, b.messages]).toEqual([true, 1, ['next']])
})

test('its end is told once, and nothing comes or goes after it', async () => {
  const { a, b } = connected()
  a.send('before')
  const count = a.channel.signalsCount
  a.channel.close('enough')
  a.channel.close('enough')
  a.channel.end(new Error('again'))
  expect([a.ends, a.send('after'), a.channel.signalsCount]).toEqual([
    [expect.objectContaining({ code: 'E_CHANNEL_CLOSED', fields: { node: 'b@host', reason: 'enough' } })],
    true,
    count,
  ])
  b.send('too late')
  expect([a.got, b.messages, a.channel.life]).toEqual([[], ['before'], undefined])
  await moment()
  expect(b.ends).toHaveLength(1)
  await expect(a.channel.migrate(1)).rejects.toMatchObject({ code: 'E_NOT_CONNECTED' })
})

test('a move under way ends with the channel', async () => {
  const { a } = connected()
  // The end that was dialed asks the other one, which never answers here.
  const session = a.channel.session as unknown as { connection: { dialed: boolean }; say(): void }
  session.connection.dialed = false
  session.say = () => {}
  const moving = a.channel.migrate(1_000)
  a.channel.close('enough')
  await expect(moving).rejects.toMatchObject({ code: 'E_CHANNEL_CLOSED' })
})
