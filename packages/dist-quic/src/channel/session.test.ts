// Two sessions, one at each end of a connection that a test can look into.
import { createHash } from 'node:crypto'
import { type LogFields, silentLog, systemEntropy } from '@barrel-actors/runtime'
import { VirtualClock } from '@barrel-actors/simulation'
import { expect, test } from 'vitest'
import { bytesFrom, keysFrom } from '../../test/two-ends.ts'
import { quicError } from '../errors.ts'
import type { HandshakeResult } from '../handshake/state.ts'
import { limits } from '../limits.ts'
import type { ConnectionHandler, QuicConnection } from '../quic/contract.ts'
import type { StreamHandler } from '../user-streams/stream-link.ts'
import type { CarrierContext } from './context.ts'
import { type ChannelCounts, createCounts, type HandshakeCounts } from './counts.ts'
import { closeCode, Session } from './session.ts'
import { encodeWord, type Word, word } from './words.ts'

const certificates = { a: bytesFrom('certificate of a'), b: bytesFrom('certificate of b') }
const hashOf = (certificate: Uint8Array) => createHash('sha256').update(certificate).digest()
const keys = { a: await keysFrom('a'), b: await keysFrom('b') }

type Call = readonly [method: string, ...args: unknown[]]

class End {
  readonly session: Session
  readonly calls: Call[] = []
  readonly proved: HandshakeResult[] = []
  readonly ends: Error[] = []
  readonly heard: Word[] = []
  readonly flows: [number, string][] = []
  readonly warnings: LogFields[] = []
  readonly counts: ChannelCounts = createCounts()
  drains = 0
  /** What the other end has left unread on the control stream. */
  unreadBytes = 0
  /** What is wrong with a flow, as its channel would say. */
  flowProblem: (() => string | undefined) | undefined
  other!: End

  constructor(name: 'a' | 'b', clock: VirtualClock, options: object, dialed: string | undefined) {
    const peer = name === 'a' ? 'b' : 'a'
    const context = {
      self: { name: `${name}@host`, creation: 1 },
      options: { authHandshakeTimeoutMs: 1_000, authTimestampWindowMs: 30_000, authEnabled: true, ...options },
      identity: { current: { keys: keys[name], succession: [], certificate: {} } },
      trust: { answer: () => 'accept' },
      trustStore: { pathOf: () => undefined, refresh: async () => {} },
      clock,
      entropy: systemEntropy,
      log: silentLog,
      counts: this.counts,
    } as unknown as CarrierContext
    this.session = new Session(
      context,
      {
        isSuperseded: () => false,
        isTaken: () => false,
        answered: () => {},
        authenticated: (_, result) => void this.proved.push(result),
        flow: (flow, bytes) => {
          this.flows.push([flow, Buffer.from(bytes).toString()])
          return this.flowProblem?.()
        },
        said: said => void this.heard.push(said),
        failed: fields => void this.warnings.push(fields),
        drained: () => void this.drains++,
        closed: (_, cause) => void this.ends.push(cause),
      },
      dialed,
    )
    const call =
      (method: string) =>
      (...args: unknown[]) =>
        void this.calls.push([method, ...args])
    const connection = {
      dialed: dialed !== undefined,
      remote: { host: '10.0.0.9', port: 9100 },
      // What this end sees of the other one, and shows.
      peerCertificate: certificates[peer],
      ownCertificateHash: hashOf(certificates[name]),
      queuedBytes: 0,
      queuedBytesOf: () => this.unreadBytes,
      write: (streamId: number, bytes: Uint8Array) => {
        call('write')(streamId)
        const copy = Buffer.from(bytes)
        queueMicrotask(() => this.other.session.received(streamId, copy, false))
      },
      close: call('close'),
      prioritize: call('prioritize'),
      pause: call('pause'),
      resume: call('resume'),
      abandon: call('abandon'),
      trusted: call('trusted'),
    } as unknown as QuicConnection
    this.session.bind(connection)
  }

  of(method: string): unknown[][] {
    return this.calls.filter(([called]) => called === method).map(([, ...args]) => args)
  }
}

function ends(options: object = {}) {
  const clock = new VirtualClock()
  const a = new End('a', clock, options, 'b@host')
  const b = new End('b', clock, options, undefined)
  a.other = b
  b.other = a
  return { a, b, clock }
}

const moment = (): Promise<void> => new Promise(setImmediate)

async function connected(options: object = {}) {
  const world = ends(options)
  world.b.session.established()
  world.a.session.established()
  await moment()
  expect([world.a.proved, world.b.proved].map(([result]) => result?.peer.name)).toEqual(['b@host', 'a@host'])
  return world
}

const userStreams = () => {
  const calls: Call[] = []
  const handler: ConnectionHandler | StreamHandler = {
    received: (id: number, bytes: Uint8Array, fin: boolean) =>
      void calls.push(['received', id, Buffer.from(bytes).toString(), fin]),
    drained: (id: number) => void calls.push(['drained', id]),
    abandoned: (id: number, code: number | undefined) => void calls.push(['abandoned', id, code]),
    closed: (cause: Error) => void calls.push(['closed', cause]),
  }
  return { calls, handler: handler as StreamHandler }
}

test('the control stream goes first, then each flow of signals from its first byte on', async () => {
  const { a, b } = await connected()
  expect([a, b].map(end => end.of('prioritize'))).toEqual([[[0, 0]], [[0, 0]]])
  for (const flow of [3, 3, 0]) a.session.write(flow, Buffer.from('x'), 0, 1)
  b.session.write(3, Buffer.from('x'), 0, 1)
  expect(a.of('prioritize').slice(1)).toEqual([
    [14, 64],
    [2, 64],
  ])
  expect(b.of('prioritize').slice(1)).toEqual([[15, 64]])
})

test('nothing but the control stream is read before the channel begins, and what flows share from then on', async () => {
  const { a, b } = ends()
  b.session.established()
  // Streams 2, 6, … of signals are the dialer's.
  expect(b.of('pause').map(([id]) => id)).toEqual([2, 6, 10, 14, 18])
  b.session.received(2, Buffer.from('early'), false)
  b.session.received(4, Buffer.from('early'), false)
  expect([b.flows, b.of('abandon')]).toEqual([[], [[2], [4]]])
  a.session.established()
  await moment()
  expect(b.of('trusted')).toHaveLength(1)
  const paused = b.of('pause').map(([id]) => id)
  expect([paused.includes(4), paused.includes(8), paused.includes(1)]).toEqual([true, true, false])
  const { calls, handler } = userStreams()
  b.session.begin(handler)
  // A flow that has a stream of its own says so first.
  expect(b.of('resume').map(([id]) => id)).toEqual(paused.filter(id => ![2, 6, 10, 14].includes(id as number)))
  b.session.received(6, Buffer.from('signal'), false)
  b.session.received(8, Buffer.from('bytes'), true)
  b.session.abandoned(8, 7)
  b.session.drained(8)
  b.session.drained(2)
  b.session.received(3, Buffer.from('not theirs'), false)
  expect(b.flows).toEqual([[1, 'signal']])
  expect(calls).toEqual([
    ['received', 8, 'bytes', true],
    ['abandoned', 8, 7],
    ['drained', 8],
  ])
  expect([b.drains, b.of('abandon').at(-1)]).toEqual([1, [3]])
})

test('a handshake that takes too long ends at its deadline, and one that is done has none', async () => {
  const stuck = ends()
  stuck.b.session.established()
  await stuck.clock.advance(999)
  expect(stuck.b.of('close')).toEqual([])
  await stuck.clock.advance(1)
  expect(stuck.b.of('close')).toEqual([[closeCode.refused, 'it took too long']])
  stuck.b.session.closed(new Error('later'))
  expect(stuck.b.ends).toMatchObject([{ code: 'E_HANDSHAKE_TIMEOUT' }])
  const done = await connected()
  const gone = ends()
  gone.b.session.established()
  gone.b.session.closed(new Error('it left'))
  for (const { a, b, clock } of [done, gone]) {
    await clock.advance(5_000)
    expect([a.of('close'), b.of('close'), b.warnings]).toEqual([[], [], []])
  }
  expect(gone.b.ends).toMatchObject([{ code: 'E_HANDSHAKE_FAILED', fields: { problem: 'it left' } }])
  expect([gone.b.session.isOver, done.b.session.isOver]).toEqual([true, false])
})

/** The outcomes that were counted, each with how many and how long. */
function counted(counts: HandshakeCounts): object {
  return Object.fromEntries(Object.entries(counts).filter(([, { count }]) => count > 0))
}

test('each handshake is counted once, by the end that dialed, its outcome and how long it took', async () => {
  const { a, b, clock } = ends()
  b.session.established()
  await clock.advance(30)
  a.session.established()
  await moment()
  await clock.advance(100)
  for (const { session } of [a, b]) session.closed(new Error('later'))
  expect(counted(a.counts.handshakes.dialed)).toEqual({ done: { count: 1, ms: 0, msMax: 0 } })
  expect(counted(b.counts.handshakes.accepted)).toEqual({ done: { count: 1, ms: 30, msMax: 30 } })
  expect([a.counts.handshakes.accepted, b.counts.handshakes.dialed].map(counted)).toEqual([{}, {}])
})

test('handshakes that fail are counted as what they failed with, and a connection before TLS is none', async () => {
  const stuck = ends()
  stuck.b.session.established()
  await stuck.clock.advance(1_000)
  stuck.b.session.closed(new Error('later'))
  expect(counted(stuck.b.counts.handshakes.accepted)).toEqual({ timedOut: { count: 1, ms: 1_000, msMax: 1_000 } })
  const gone = ends()
  gone.b.session.established()
  await gone.clock.advance(7)
  gone.b.session.closed(new Error('it left'))
  expect(counted(gone.b.counts.handshakes.accepted)).toEqual({ lost: { count: 1, ms: 7, msMax: 7 } })
  const refused = ends({ authCallback: () => false })
  refused.b.session.established()
  refused.a.session.established()
  await moment()
  expect(counted(refused.a.counts.handshakes.dialed)).toEqual({ refused: { count: 1, ms: 0, msMax: 0 } })
  const early = ends()
  early.a.session.closed(new Error('nobody answered'))
  expect(counted(early.a.counts.handshakes.dialed)).toEqual({})
})

test.each<[what: string, misbehave: (end: End) => void, reason: string, code: string]>([
  [
    'a stream of signals that ends',
    end => end.session.received(2, Buffer.from('x'), true),
    'a stream of signals ended',
    'E_CHANNEL_CLOSED',
  ],
  [
    'a flow that its channel finds wrong',
    end => {
      end.flowProblem = () => 'a frame of an unknown kind'
      end.session.received(2, Buffer.from('x'), false)
    },
    'a frame of an unknown kind',
    'E_CHANNEL_CLOSED',
  ],
  [
    'a signal that cannot be read',
    end => {
      end.flowProblem = () => {
        throw quicError('E_STREAM_RESET', {})
      }
      end.session.received(2, Buffer.from('x'), false)
    },
    'a signal that cannot be read',
    'E_STREAM_RESET',
  ],
  [
    'a word that is none',
    end => end.session.received(0, Buffer.of(0, 0), false),
    'an empty message',
    'E_CHANNEL_CLOSED',
  ],
])('%s closes the connection as invalid, and the channel hears why', async (_, misbehave, reason, code) => {
  const { b } = await connected()
  const { handler } = userStreams()
  b.session.begin(handler)
  misbehave(b)
  expect(b.of('close')).toEqual([[closeCode.invalid, reason]])
  // What closes it first is what is told.
  b.session.close(closeCode.normal, 'another reason', new Error('another'))
  b.session.closed(quicError('E_CHANNEL_CLOSED', { node: '10.0.0.9:9100', reason }))
  expect(b.ends).toMatchObject([{ code }])
})

test('words come through, those that come behind the end of the handshake too', async () => {
  const { a, b } = await connected()
  a.session.say(word.idle)
  b.session.say(word.busy)
  await moment()
  expect([a.heard, b.heard]).toEqual([[word.busy], [word.idle]])
  b.session.received(0, Buffer.concat([encodeWord(word.migrate), encodeWord(word.migrated)]), false)
  expect(b.heard).toEqual([word.idle, word.migrate, word.migrated])
})

test.each([
  ['idle', encodeWord(word.idle)],
  ['migrate', encodeWord(word.migrate)],
  ['a word that is not known', Buffer.of(0, 1, 200)],
])('a peer that says %s without end is closed, and was heard a bounded number of times', async (_, said) => {
  const { b, clock } = await connected()
  for (let second = 0; second < 60; second++) {
    for (let words = 0; words < limits.wordsPerSecond; words++) b.session.received(0, said, false)
    await clock.advance(1_000)
  }
  expect(b.of('close')).toEqual([])
  const before = b.heard.length
  b.session.received(0, Buffer.concat(Array.from({ length: limits.wordsMax }, () => said)), false)
  b.session.received(0, said, false)
  expect(b.of('close')).toEqual([[closeCode.invalid, 'it says too much']])
  expect(b.heard.length - before).toBeLessThanOrEqual(limits.wordsMax)
})

test('a peer that leaves unread what is said to it is closed, and no more waits for it', async () => {
  const { a, b } = await connected()
  b.unreadBytes = limits.unreadWordsBytesMax
  b.session.say(word.busy)
  const written = b.of('write').length
  b.unreadBytes++
  b.session.say(word.busy)
  expect(b.of('write')).toHaveLength(written)
  expect(b.of('close')).toEqual([[closeCode.invalid, 'it does not read what is said to it']])
  await moment()
  expect(a.heard).toEqual([word.busy])
})

test('the end names the node that was there, to the channel and to its streams', async () => {
  const { b } = await connected()
  const { calls, handler } = userStreams()
  b.session.begin(handler)
  b.session.closed(quicError('E_CHANNEL_LOST', { node: '10.0.0.9:9100', timeoutMs: 6_000 }))
  const lost = { code: 'E_CHANNEL_LOST', fields: { node: 'a@host', timeoutMs: 6_000 } }
  expect(b.ends).toMatchObject([lost])
  expect(calls).toMatchObject([['closed', lost]])
  expect(b.session.isOver).toBe(true)
})

test('the application is asked only where authentication is on', async () => {
  let asked = 0
  const authCallback = () => ++asked > 0
  await connected({ authCallback, authEnabled: false })
  expect(asked).toBe(0)
  await connected({ authCallback })
  expect(asked).toBe(2)
})

test('an application that answers after the connection has ended lets nobody in', async () => {
  let answer = (_: boolean): void => {}
  const authCallback = () => new Promise<boolean>(resolve => (answer = resolve))
  const { a, b } = ends({ authCallback })
  b.session.established()
  a.session.established()
  await moment()
  // The end that dialed asks first, then the other one.
  answer(true)
  await moment()
  b.session.closed(new Error('it left'))
  answer(true)
  await moment()
  expect([b.proved, b.warnings, b.ends.length]).toEqual([[], [], 1])
})
