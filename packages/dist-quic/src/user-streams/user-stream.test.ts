import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accepting, bytesOf, codeOf, readAll, StreamNetwork } from '../../test/stream-nodes.ts'
import { limits } from './limits.ts'
import type { UserStream } from './user-stream.ts'

const MiB = 1024 * 1024

/** Two nodes, a stream that the first opened, and the other end of it once it is there. */
async function pair(net: StreamNetwork, serve?: (stream: UserStream) => unknown) {
  const [a, b] = [await net.start('a@host'), await net.start('b@host')]
  const { got, pid } = accepting(b, 'file', serve)
  const stream = await net.sim.until(a.streams.open('b@host', 'file'))
  const other = async () => {
    await net.sim.eventually(() => got.length > 0)
    return got[0] as UserStream
  }
  const ends = net.lines[0]?.ends
  return { a, b, stream, other, acceptor: pid, got, end: ends?.get('a@host'), otherEnd: ends?.get('b@host') }
}

test('bytes go both ways, and after the second end nothing is left', async () => {
  await using net = new StreamNetwork()
  const { stream, a, b } = await pair(net, async served => {
    const request = await readAll(served)
    await served.write(Buffer.from(`you said ${request}`))
    await served.end()
  })
  expect(stream).toMatchObject({ tag: 'file', node: 'b@host' })
  await stream.write(Buffer.from('hel'))
  await stream.write(Buffer.from('lo'))
  await stream.end()
  expect([a.streams.list(), b.streams.list('a@host'), a.streams.list('c@host')]).toEqual([[stream], [], []])
  expect(`${await net.sim.until(readAll(stream))}`).toBe('you said hello')
  await stream.closed
  await net.expectEmpty()
})

test('the streams of the platform work: an echo is one pipe', async () => {
  await using net = new StreamNetwork()
  const { stream } = await pair(net, served => served.readable.pipeTo(served.writable))
  const content = bytesOf(MiB)
  const parts = [content.subarray(0, 1000), content.subarray(1000)]
  const written = ReadableStream.from(parts).pipeTo(stream.writable)
  const echoed = await net.sim.until(readAll(stream))
  await written
  expect(Buffer.compare(echoed, content)).toBe(0)
  await net.expectEmpty()
})

test('one write of a hundred megabytes arrives whole, and little of it waits at a time', async () => {
  await using net = new StreamNetwork({ windowBytes: 2 * MiB })
  const { stream, end } = await pair(net, async served => {
    const hash = createHash('sha256')
    for await (const chunk of served) hash.update(chunk)
    await served.write(hash.digest())
    await served.end()
  })
  const block = bytesOf(MiB)
  const content = new Uint8Array(100 * MiB)
  for (let at = 0; at < content.length; at += MiB) content.set(block, at)
  const written = stream.write(content).then(() => stream.end())
  const digest = await net.sim.until(readAll(stream), { withinMs: 3_600_000 })
  await written
  expect(digest.equals(createHash('sha256').update(content).digest())).toBe(true)
  expect(end?.queuedBytesPeak).toBeLessThanOrEqual(limits.sendQueueBytes)
  await net.expectEmpty()
})

test('a peer that does not read holds up the writer of that stream, and of no other', async () => {
  await using net = new StreamNetwork()
  const { a, stream, other } = await pair(net)
  const content = bytesOf(4 * MiB)
  let isWritten = false
  const written = stream.write(content).then(() => {
    isWritten = true
  })
  await net.sim.advance(10_000)
  expect(isWritten).toBe(false)
  const reader = (await other()).readable.getReader()
  const second = await net.sim.until(a.streams.open('b@host', 'file'))
  await net.sim.until(second.write(content.subarray(0, 1000)))
  expect(isWritten).toBe(false)
  let received = 0
  while (received < content.length) {
    const { value } = await net.sim.until(reader.read())
    expect(Buffer.compare(value as Uint8Array, content.subarray(received, received + (value?.length ?? 0)))).toBe(0)
    received += value?.length ?? 0
  }
  await net.sim.until(written)
})

test('what waits to be read is bounded, in tiny chunks too', async () => {
  for (const fragmentBytesMax of [64 * 1024, 1]) {
    await using net = new StreamNetwork({ fragmentBytesMax })
    const { a, stream, other, otherEnd } = await pair(net)
    void stream.write(bytesOf(4 * MiB))
    await net.sim.advance(20_000)
    expect(otherEnd?.paused.has(idOf(a.streams.list()[0]))).toBe(true)
    const reader = (await other()).readable.getReader()
    otherEnd?.pause(idOf(stream))
    const [bytes, chunks] = await drainWaiting(net, reader)
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThanOrEqual(limits.receiveBufferBytes + 64 * 1024)
    expect(chunks).toBeLessThanOrEqual(limits.receiveBufferBytes / limits.chunkOverheadBytes)
  }
})

test('any cut, window and order of streams keeps the bytes of each stream', async () => {
  const run = fc.record({
    seed: fc.nat(),
    windowBytes: fc.integer({ min: 1, max: 70_000 }),
    fragmentBytesMax: fc.integer({ min: 1, max: 70_000 }),
    sizes: fc.array(fc.array(fc.nat(20_000), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(run, async ({ sizes, fragmentBytesMax, ...options }) => {
      // Small fragments of much would take long.
      const total = sizes.flat().reduce((sum, size) => sum + size, 0)
      const link = { ...options, fragmentBytesMax: Math.max(fragmentBytesMax, total >> 7) }
      await using net = new StreamNetwork({ ...link, windowBytes: Math.max(link.windowBytes, total >> 7) })
      const { a } = await pair(net, served => served.readable.pipeTo(served.writable))
      const echoes = sizes.map(async writes => {
        const stream = await a.streams.open('b@host', 'file')
        const content = writes.map(bytesOf)
        const sending = content.map(bytes => stream.write(bytes))
        const [echoed] = await Promise.all([readAll(stream), ...sending, stream.end()])
        expect(echoed.equals(Buffer.concat(content))).toBe(true)
      })
      // They are served one after the other: those that wait are held up, not lost.
      void a.streams.list()[0]?.end()
      await net.sim.until(Promise.all(echoes), { withinMs: 600_000 })
    }),
    { numRuns: 25 },
  )
})

test('a reset is told to the other side with its code, and both sides are free of it', async () => {
  for (const side of ['opener', 'acceptor']) {
    await using net = new StreamNetwork()
    const { stream, other } = await pair(net)
    const accepted = await other()
    const [one, two] = side === 'opener' ? [stream, accepted] : [accepted, stream]
    one.reset(42)
    const error = await net.sim.until(two.closed.catch(problem => problem))
    expect(error).toMatchObject({ code: 'E_STREAM_RESET', fields: { side: 'the peer', resetCode: 42, tag: 'file' } })
    expect(await one.closed.catch(problem => problem)).toMatchObject({ fields: { side: 'this node', resetCode: 42 } })
    for (const end of [one, two]) {
      expect(await codeOf(end.write(bytesOf(1)))).toBe('E_STREAM_RESET')
      expect(await codeOf(readAll(end))).toBe('E_STREAM_RESET')
      end.reset()
    }
    await net.expectEmpty()
  }
})

test('a reset ends writes that wait for room, and those that wait behind them', async () => {
  await using net = new StreamNetwork()
  const { stream, other } = await pair(net)
  const waiting = [stream.write(bytesOf(2 * MiB)), stream.write(bytesOf(1)), stream.end()]
  await net.sim.advance(1000)
  const accepted = await other()
  accepted.reset()
  expect(await net.sim.until(Promise.all(waiting.map(codeOf)))).toEqual(Array(3).fill('E_STREAM_RESET'))
  await net.expectEmpty()
})

test('a reset reaches a side that had stopped reading once it reads on', async () => {
  await using net = new StreamNetwork()
  const { stream, other } = await pair(net)
  void stream.write(bytesOf(2 * MiB))
  await net.sim.advance(1000)
  stream.reset(7)
  const reading = codeOf(readAll(await other()))
  expect(await net.sim.until(reading)).toBe('E_STREAM_RESET')
  await net.expectEmpty()
})

test('what came in full can be read although the peer then gave the stream up', async () => {
  await using net = new StreamNetwork()
  const { stream, other } = await pair(net)
  await stream.write(Buffer.from('all of it'))
  await stream.end()
  await net.sim.advance(100)
  const accepted = await other()
  stream.reset()
  await net.sim.advance(100)
  await accepted.write(bytesOf(1))
  await net.sim.advance(100)
  expect(await codeOf(accepted.closed)).toBe('E_STREAM_RESET')
  expect(`${await net.sim.until(readAll(accepted))}`).toBe('all of it')
  await net.expectEmpty()
})

test('whoever leaves a loop over a stream early, or cancels or aborts one side, resets it', async () => {
  const ways: ((stream: UserStream) => Promise<unknown>)[] = [
    async stream => {
      for await (const _ of stream) break
    },
    stream => stream.readable.cancel('no more'),
    stream => stream.writable.abort('no more'),
  ]
  for (const leave of ways) {
    await using net = new StreamNetwork()
    const { stream, other } = await pair(net)
    await stream.write(bytesOf(10))
    const accepted = await other()
    await net.sim.until(leave(accepted))
    expect(await codeOf(accepted.closed)).toBe('E_STREAM_RESET')
    void stream.write(bytesOf(10))
    expect(await net.sim.until(codeOf(stream.closed))).toBe('E_STREAM_RESET')
    await net.expectEmpty()
  }
})

test('a reader that wants only the first bytes can keep the stream', async () => {
  await using net = new StreamNetwork()
  const { stream, other } = await pair(net)
  await stream.write(Buffer.from('first'))
  const accepted = await other()
  const first = async () => {
    for await (const chunk of accepted.readable.values({ preventCancel: true })) return chunk
    return undefined
  }
  expect(`${Buffer.from((await net.sim.until(first())) ?? [])}`.slice(0, 1)).toBe('f')
  await accepted.end()
  await stream.end()
  await net.sim.until(readAll(accepted))
  await net.sim.until(stream.closed)
  await net.expectEmpty()
})

test('nothing can be written after the end, nor anything but bytes, and writes that wait are bounded', async () => {
  await using net = new StreamNetwork()
  const { stream } = await pair(net)
  expect(await codeOf(stream.write('text' as never))).toBe('E_STREAM_BYTES_INVALID')
  const block = bytesOf(MiB)
  const waiting = Array.from({ length: limits.writesWaitingMax + 2 }, () => stream.write(block))
  expect(await codeOf(waiting.at(-1) as Promise<void>)).toBe('E_STREAM_WRITES_WAITING')
  void stream.end()
  expect(await codeOf(stream.write(bytesOf(1)))).toBe('E_STREAM_ENDED')
  expect(stream.end()).toBe(stream.end())
  for (const code of [-1, 256, 1.5, Number.NaN, '1' as never]) {
    expect(() => stream.reset(code)).toThrow(expect.objectContaining({ code: 'E_STREAM_CODE_INVALID' }))
  }
  stream.reset()
  await net.expectEmpty()
})

test('a WritableStream that is given no bytes breaks, and the stream with it', async () => {
  await using net = new StreamNetwork()
  const { stream } = await pair(net)
  const writer = stream.writable.getWriter()
  expect(await codeOf(writer.write('text' as never))).toBe('E_STREAM_BYTES_INVALID')
  expect(await codeOf(stream.closed)).toBe('E_STREAM_RESET')
  writer.closed.catch(() => {})
  await net.expectEmpty()
})

/** Reads what waits, and lets nothing more come. */
async function drainWaiting(net: StreamNetwork, reader: ReadableStreamDefaultReader<Uint8Array>) {
  let [bytes, chunks] = [0, 0]
  for (;;) {
    let chunk: Uint8Array | undefined
    reader.read().then(
      ({ value }) => {
        chunk = value
      },
      () => {},
    )
    await net.sim.settle()
    if (chunk === undefined) return [bytes, chunks] as const
    bytes += chunk.length
    chunks++
  }
}

function idOf(stream: UserStream | undefined): number {
  return (stream as UserStream & { streamId: number }).streamId
}
