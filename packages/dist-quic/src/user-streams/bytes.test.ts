// Each direction of a stream by itself, without a peer.
import { expect, test } from 'vitest'
import { quicError } from '../errors.ts'
import { IncomingBytes } from './incoming-bytes.ts'
import { limits } from './limits.ts'
import { OutgoingBytes } from './outgoing-bytes.ts'

const coded = (code: string) => expect.objectContaining({ code })
const lost = quicError('E_CHANNEL_LOST', { node: 'b@host', timeoutMs: 1 })

function incoming() {
  const calls: string[] = []
  const bytes = new IncomingBytes({
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    cancelled: () => void calls.push('cancelled'),
  })
  return { bytes, calls }
}

function outgoing() {
  const sink = {
    queuedBytes: 0,
    written: [] as number[],
    finished: 0,
    aborted: 0,
  }
  const bytes = new OutgoingBytes({
    get queuedBytes() {
      return sink.queuedBytes
    },
    write: part => {
      sink.written.push(part.length)
      sink.queuedBytes += part.length
    },
    finish: () => void sink.finished++,
    aborted: () => void sink.aborted++,
    error: code => quicError(code, { tag: 'file', node: 'b@host', writesMax: limits.writesWaitingMax }),
  })
  return { bytes, sink }
}

test('each time that much waits the peer is stopped once, and let go on when it has been read', async () => {
  const { bytes, calls } = incoming()
  const reader = bytes.readable.getReader()
  for (let times = 1; times <= 3; times++) {
    for (let chunk = 0; chunk < 4; chunk++) bytes.push(new Uint8Array(limits.receiveBufferBytes / 2), false)
    expect(calls).toEqual(Array(times).fill(['resume', 'pause']).flat().slice(1))
    for (let chunk = 0; chunk < 4; chunk++) await reader.read()
    await new Promise(setImmediate)
    expect(calls).toEqual(Array(times).fill(['pause', 'resume']).flat())
  }
})

test('what comes after the end of reading is dropped, whatever the end was', async () => {
  for (const end of ['fin', 'failure', 'cancel'] as const) {
    const { bytes, calls } = incoming()
    if (end === 'fin') bytes.push(new Uint8Array(0), true)
    else if (end === 'failure') bytes.fail(lost)
    else await bytes.readable.cancel()
    bytes.push(Uint8Array.of(1), false)
    bytes.push(Uint8Array.of(2), true)
    bytes.fail(new Error('later'))
    expect([bytes.isOver, calls]).toEqual([true, end === 'cancel' ? ['cancelled'] : []])
    const reading = bytes.readable.getReader().read()
    if (end === 'failure') await expect(reading).rejects.toBe(lost)
    else expect(await reading).toMatchObject({ done: true })
  }
})

test('so many writes may wait, and the next one is refused', async () => {
  const { bytes, sink } = outgoing()
  sink.queuedBytes = limits.sendQueueBytes
  const waiting = Array.from({ length: limits.writesWaitingMax }, () => bytes.write(Uint8Array.of(1)))
  await expect(bytes.write(Uint8Array.of(1))).rejects.toEqual(coded('E_STREAM_WRITES_WAITING'))
  expect(sink.written).toEqual([])
  sink.queuedBytes = 0
  bytes.drained()
  await Promise.all(waiting)
  expect(sink.written).toHaveLength(limits.writesWaitingMax)
})

test('after a failure every write and the end reject with it, through the WritableStream too', async () => {
  const { bytes, sink } = outgoing()
  sink.queuedBytes = limits.sendQueueBytes
  const waiting = bytes.write(Uint8Array.of(1))
  const writer = bytes.writable.getWriter()
  bytes.fail(lost)
  bytes.fail(new Error('later'))
  for (const attempt of [waiting, bytes.write(Uint8Array.of(1)), bytes.end(), writer.closed]) {
    await expect(attempt).rejects.toBe(lost)
  }
  expect([bytes.isOver, sink.finished, sink.written]).toEqual([true, 0, []])
})

test('the end waits for its turn, comes once, and nothing is written after it', async () => {
  const { bytes, sink } = outgoing()
  sink.queuedBytes = limits.sendQueueBytes
  const ends = [bytes.write(new Uint8Array(10)), bytes.end(), bytes.end()]
  await expect(bytes.write(Uint8Array.of(1))).rejects.toEqual(coded('E_STREAM_ENDED'))
  expect([bytes.isOver, sink.finished]).toEqual([false, 0])
  sink.queuedBytes = 0
  bytes.drained()
  await Promise.all(ends)
  expect([bytes.isOver, sink.finished, sink.written]).toEqual([true, 1, [10]])
})
