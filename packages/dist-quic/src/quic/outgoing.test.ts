import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ChunkPool } from './chunk-pool.ts'
import { limits } from './limits.ts'
import { Outgoing, type OutgoingEvents, type StreamSink } from './outgoing.ts'

/** Takes so many bytes in all, as a congestion window does. */
class Window {
  room: number
  readonly calls: [number, number, boolean][] = []
  readonly bytes = new Map<number, number[]>()
  failure: string | undefined

  constructor(room: number) {
    this.room = room
  }

  streamSend(id: number, bytes: Uint8Array, fin: boolean): number | null {
    if (this.failure !== undefined) throw new Error(this.failure)
    const taken = Math.min(this.room, bytes.length)
    this.room -= taken
    this.calls.push([id, taken, fin && taken === bytes.length])
    this.bytes.set(id, [...(this.bytes.get(id) ?? []), ...bytes.subarray(0, taken)])
    return taken === 0 && bytes.length > 0 ? null : taken
  }

  streamPriority(): void {}
}

class Heard implements OutgoingEvents {
  readonly events: unknown[] = []

  drained(streamId: number | undefined): void {
    this.events.push(['drained', streamId])
  }

  stopped(streamId: number): void {
    this.events.push(['stopped', streamId])
  }
}

const outgoing = () => new Outgoing(new ChunkPool())

function push(queue: Outgoing, sink: StreamSink, heard: OutgoingEvents = new Heard()): void {
  queue.push(sink)
  queue.tell(heard)
}

test('small writes of a turn become one call', () => {
  const queue = outgoing()
  const window = new Window(1e6)
  for (let times = 0; times < 10; times++) queue.append(0, Buffer.alloc(10))
  push(queue, window)
  expect(window.calls).toEqual([[0, 100, false]])
  expect(queue.bytes).toBe(0)
})

test('what is written is copied', () => {
  const queue = outgoing()
  const window = new Window(1e6)
  const bytes = Buffer.from('abc')
  queue.append(0, bytes)
  bytes.fill(0)
  push(queue, window)
  expect(Buffer.from(window.bytes.get(0) ?? []).toString()).toBe('abc')
})

test('what is handed over is taken as it is, in its place, and given back once it is sent', () => {
  const queue = outgoing()
  const window = new Window(0)
  const bytes = Buffer.from('of another')
  let taken = 0
  queue.append(0, Buffer.from('before '))
  queue.adopt(0, bytes, () => taken++)
  queue.append(0, Buffer.from(' after'))
  bytes.write('OF')
  for (const room of [3, 8, 5]) {
    window.room = room
    push(queue, window)
    expect(taken).toBe(0)
  }
  window.room = 100
  push(queue, window)
  expect([Buffer.from(window.bytes.get(0) ?? []).toString(), taken, queue.bytes]).toEqual([
    'before OF another after',
    1,
    0,
  ])
})

test('what push saw is told when asked, once', () => {
  const queue = outgoing()
  const heard = new Heard()
  queue.append(4, Buffer.alloc(200_000))
  queue.push(new Window(1e6))
  queue.push(new Window(1e6))
  queue.tell(heard)
  queue.tell(heard)
  expect(heard.events).toEqual([
    ['drained', 4],
    ['drained', undefined],
  ])
})

test('only whole packets leave before the end of a turn, with room for their heads; the rest leaves with what follows', () => {
  const queue = outgoing()
  const window = new Window(1e6)
  const payloads = (count: number) => count * (1_350 - 64)
  queue.append(4, Buffer.alloc(1_000))
  queue.append(8, Buffer.alloc(3_000))
  queue.finish(4)
  queue.pushWhole(window, 1_350)
  expect(window.calls).toEqual([
    [4, 1_000, true],
    [8, payloads(3) - 1_000, false],
  ])
  queue.pushWhole(window, 1_350)
  expect(queue.bytes).toBe(4_000 - payloads(3))
  queue.append(8, Buffer.alloc(payloads(1) - queue.bytes))
  queue.finish(8)
  queue.pushWhole(window, 1_350)
  expect(window.calls.at(-1)).toEqual([8, payloads(1), true])
})

test('an end is not told before all bytes are handed on', () => {
  const queue = outgoing()
  const window = new Window(1e6)
  queue.append(4, Buffer.alloc(2_000))
  queue.finish(4)
  queue.pushWhole(window, 1_350)
  expect(window.calls).toEqual([[4, 1_286, false]])
  push(queue, window)
  expect(window.calls.at(-1)).toEqual([4, 714, true])
})

test('a window that takes less than whole packets is full until it has taken all', () => {
  const queue = outgoing()
  const window = new Window(20_000)
  queue.append(0, Buffer.alloc(40_000))
  queue.pushWhole(window, 16_384)
  expect(queue.isWorthSending).toBe(false)
  window.room = 1e6
  push(queue, window)
  queue.append(0, Buffer.alloc(limits.earlyBytesMin))
  expect(queue.isWorthSending).toBe(true)
  queue.pushWhole(window, 16_384)
  queue.append(0, Buffer.alloc(limits.earlyBytesMin))
  expect(queue.isWorthSending).toBe(true)
})

test('it is worth sending once there is a packet of it, and again when the window has taken all', () => {
  const queue = outgoing()
  const worth = () => queue.isWorthSending
  queue.append(0, Buffer.alloc(limits.earlyBytesMin - 1))
  expect(worth()).toBe(false)
  queue.append(0, Buffer.alloc(1))
  expect(worth()).toBe(true)
  queue.push(new Window(100))
  queue.append(4, Buffer.alloc(limits.earlyBytesMin))
  expect(worth()).toBe(false)
  queue.push(new Window(1e6))
  expect(worth()).toBe(false)
  queue.append(4, Buffer.alloc(limits.earlyBytesMin))
  expect(worth()).toBe(true)
})

test('what the window does not take stays, and its stream says when it drained', () => {
  const queue = outgoing()
  const heard = new Heard()
  queue.append(4, Buffer.alloc(200_000))
  push(queue, new Window(50_000), heard)
  expect([queue.bytes, queue.bytesOf(4), heard.events]).toEqual([150_000, 150_000, []])
  push(queue, new Window(1e6), heard)
  expect(heard.events).toEqual([
    ['drained', 4],
    ['drained', undefined],
  ])
})

test('an urgent stream goes first, and equals share', () => {
  const queue = outgoing()
  const window = new Window(1e6)
  queue.append(4, Buffer.alloc(200_000))
  queue.append(8, Buffer.alloc(200_000))
  queue.append(0, Buffer.alloc(100))
  queue.prioritize(0, 0)
  push(queue, window)
  expect(window.calls.slice(0, 4).map(([id]) => id)).toEqual([0, 4, 8, 4])
})

test('a full window does not keep serving the same stream', () => {
  const queue = outgoing()
  for (const id of [4, 8, 12]) queue.append(id, Buffer.alloc(1000))
  const first = [0, 1, 2].map(() => {
    const window = new Window(100)
    push(queue, window)
    return window.calls[0]?.[0]
  })
  expect(first).toEqual([4, 8, 12])
})

test('the end of a stream goes with its last bytes, or alone', () => {
  const queue = outgoing()
  const window = new Window(1e6)
  queue.append(0, Buffer.from('ab'))
  queue.finish(0)
  queue.finish(4)
  queue.append(0, Buffer.from('too late'))
  push(queue, window)
  push(queue, window)
  expect(window.calls).toEqual([
    [0, 2, true],
    [4, 0, true],
  ])
})

test('a stream that the peer stopped drops its bytes and takes no more', () => {
  const queue = outgoing()
  const window = new Window(1e6)
  const heard = new Heard()
  window.failure = 'StreamStopped(3)'
  queue.append(0, Buffer.alloc(10))
  push(queue, window, heard)
  queue.append(0, Buffer.alloc(10))
  expect([heard.events, queue.bytes]).toEqual([[['stopped', 0]], 0])
})

test('a stream that the peer does not allow yet waits, and any other failure is the connection’s', () => {
  const queue = outgoing()
  const window = new Window(1e6)
  queue.append(64, Buffer.alloc(10))
  window.failure = 'StreamLimit'
  push(queue, window)
  expect(queue.bytes).toBe(10)
  window.failure = 'InternalError'
  expect(() => push(queue, window)).toThrow('InternalError')
})

test('whatever the writes and windows, each stream’s bytes come out whole and in order', () => {
  const write = fc.record({ id: fc.constantFrom(0, 4, 8), length: fc.integer({ min: 0, max: 80_000 }) })
  const rooms = fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 10 })
  fc.assert(
    fc.property(fc.array(write, { maxLength: 8 }), rooms, (writes, windows) => {
      const queue = outgoing()
      const expected = new Map<number, number>()
      const taken = new Map<number, number>()
      let fill = 0
      const sink = new Window(0)
      sink.streamSend = (id, bytes) => {
        const count = Math.min(sink.room, bytes.length)
        sink.room -= count
        const at = taken.get(id) ?? 0
        for (let i = 0; i < count; i++) if (bytes[i] !== (at + i) % 251) throw new Error('out of order')
        taken.set(id, at + count)
        return count === 0 ? null : count
      }
      for (const { id, length } of writes) {
        fill = expected.get(id) ?? 0
        queue.append(
          id,
          Uint8Array.from({ length }, (_, i) => (fill + i) % 251),
        )
        expected.set(id, fill + length)
        sink.room = windows.pop() ?? 0
        push(queue, sink)
      }
      sink.room = Number.MAX_SAFE_INTEGER
      push(queue, sink)
      expect(queue.bytes).toBe(0)
      for (const [id, length] of expected) expect(taken.get(id) ?? 0).toBe(length)
    }),
    { numRuns: 30 },
  )
})
