/**
 * Bytes written but not yet taken by the native connection, which takes only what congestion and flow control
 * allow. Many small writes to a stream become one native call; urgent streams go first, the others take turns,
 * a chunk each.
 */
import { Chunk, type ChunkPool, smallChunkBytes } from './chunk-pool.ts'
import { limits } from './limits.ts'
import { codeIn } from './stream-code.ts'

/** The part of a native connection that takes stream bytes. */
export interface StreamSink {
  /** How many of the bytes it took; null for none now. Throws an error named after what is wrong. */
  streamSend(streamId: number, bytes: Uint8Array, fin: boolean): number | null
  streamPriority(streamId: number, urgency: number, incremental: boolean): void
}

/** What `push` saw happen, in no particular order. */
export interface OutgoingEvents {
  /** The bytes of the stream, or with undefined of all streams, fell to the low-water mark. */
  drained(streamId: number | undefined): void
  /** The peer wants no more of this stream; what waited is dropped. */
  stopped(streamId: number, code: number | undefined): void
}

/** A stream that the peer wants no more of. */
interface Stopped {
  readonly id: number
  readonly code: number | undefined
}

interface OutgoingStream {
  readonly id: number
  urgency: number
  urgencyTold: boolean
  readonly chunks: Chunk[]
  bytes: number
  /** Was above its low-water mark since it last drained. */
  high: boolean
  finish: boolean
  /** Finished or stopped: takes no more. */
  over: boolean
}

/** Of a packet of stream bytes: connection id, packet number, tag and the head of the frame, with room to spare. */
const headBytes = 64

/** The urgency of a stream that was given none. Lower goes first; 0 to 255, as in the library. */
export const urgencyDefault = 127

export class Outgoing {
  readonly #pool: ChunkPool
  readonly #streams = new Map<number, OutgoingStream>()
  /** The streams that ended last, so that a late write to one is dropped. */
  readonly #over = new Set<number>()
  /** Streams with something to send, the most urgent first. */
  #waiting: OutgoingStream[] = []
  /** What `push` saw happen and `tell` has not told. */
  readonly #stopped: Stopped[] = []
  readonly #drained: number[] = []
  #last: OutgoingStream | undefined
  #bytes = 0
  #high = false
  /** The sink took less than there was, the last time. */
  #isShort = false
  /** What `push` may still hand on. */
  #left = Number.POSITIVE_INFINITY

  constructor(pool: ChunkPool) {
    this.#pool = pool
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether there is enough for the sink not to wait for more, and the sink may take it. */
  get isWorthSending(): boolean {
    return this.#bytes >= limits.earlyBytesMin && !this.#isShort
  }

  bytesOf(streamId: number): number {
    return this.#streams.get(streamId)?.bytes ?? 0
  }

  /** Copies the bytes between `start` and `end`. Those for a stream that is over are dropped. */
  append(streamId: number, bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    const stream = this.#last?.id === streamId ? this.#last : this.#streamOf(streamId)
    const length = end - start
    if (stream === undefined || stream.finish || length === 0) return
    if (stream.bytes === 0) this.#wait(stream)
    const { chunks } = stream
    const tail = chunks[chunks.length - 1]
    if (tail !== undefined && tail.room >= length) fill(tail, bytes, start, end)
    else this.#spread(stream, tail, bytes, start, end)
    this.#count(stream, length)
  }

  /** Takes the bytes as they are, and calls `taken` when it needs them no more; never for a stream that is over. */
  adopt(streamId: number, bytes: Uint8Array, taken?: () => void): void {
    const stream = this.#streamOf(streamId)
    if (stream === undefined || stream.finish || bytes.length === 0) return
    if (stream.bytes === 0) this.#wait(stream)
    stream.chunks.push(Chunk.of(bytes, taken))
    this.#count(stream, bytes.length)
  }

  #count(stream: OutgoingStream, length: number): void {
    stream.bytes += length
    this.#bytes += length
    if (stream.bytes > limits.lowWaterStreamBytes) stream.high = true
    if (this.#bytes > limits.lowWaterBytes) this.#high = true
  }

  /** Ends the stream after what was written. */
  finish(streamId: number): void {
    const stream = this.#streamOf(streamId)
    if (stream === undefined || stream.finish) return
    if (stream.bytes === 0) this.#wait(stream)
    stream.finish = true
  }

  /** Lower goes first. */
  prioritize(streamId: number, urgency: number): void {
    const stream = this.#streamOf(streamId)
    if (stream === undefined) return
    stream.urgency = urgency
    stream.urgencyTold = false
    this.#waiting.sort((a, b) => a.urgency - b.urgency)
  }

  /** Drops what waits on the stream, and all that is written to it later. */
  stop(streamId: number): void {
    const stream = this.#streamOf(streamId)
    if (stream === undefined) return
    this.#discard(stream)
    this.#waiting = this.#waiting.filter(other => other !== stream)
  }

  /** Hands the sink all it takes. Throws what the sink throws when it does not concern one stream only. */
  push(sink: StreamSink): void {
    this.#push(sink, Number.POSITIVE_INFINITY)
    this.#isShort = this.#bytes > 0
  }

  /** The same, of no more than whole packets of that size: the next bytes fill up the last one. */
  pushWhole(sink: StreamSink, packetBytes: number): void {
    const payloadBytes = packetBytes - headBytes
    const bytes = this.#bytes - (this.#bytes % payloadBytes)
    const before = this.#bytes
    this.#push(sink, bytes)
    this.#isShort = this.#bytes > before - bytes
  }

  #push(sink: StreamSink, bytesMax: number): void {
    if (this.#waiting.length === 0) return
    this.#left = bytesMax
    let from = 0
    while (from < this.#waiting.length) {
      const to = this.#endOfUrgency(from)
      this.#takeTurns(sink, from, to)
      from = to
    }
    this.#waiting = this.#waiting.filter(stream => stream.bytes > 0 || (stream.finish && !stream.over))
  }

  /** Tells what `push` saw happen. More may be written meanwhile. */
  tell(events: OutgoingEvents): void {
    for (const { id, code } of this.#stopped.splice(0)) events.stopped(id, code)
    for (const id of this.#drained.splice(0)) events.drained(id)
    if (!this.#high || this.#bytes > limits.lowWaterBytes) return
    this.#high = false
    events.drained(undefined)
  }

  /** Drops everything. */
  clear(): void {
    for (const stream of [...this.#streams.values()]) this.#discard(stream)
    this.#waiting = []
  }

  // Undefined for a stream that is over.
  #streamOf(id: number): OutgoingStream | undefined {
    if (this.#over.has(id)) return undefined
    let stream = this.#streams.get(id)
    if (stream === undefined) {
      stream = {
        id,
        urgency: urgencyDefault,
        urgencyTold: true,
        chunks: [],
        bytes: 0,
        high: false,
        finish: false,
        over: false,
      }
      this.#streams.set(id, stream)
    }
    this.#last = stream
    return stream
  }

  #wait(stream: OutgoingStream): void {
    let at = this.#waiting.length
    while (at > 0 && (this.#waiting[at - 1] as OutgoingStream).urgency > stream.urgency) at--
    this.#waiting.splice(at, 0, stream)
  }

  #spread(stream: OutgoingStream, tail: Chunk | undefined, bytes: Uint8Array, start: number, end: number): void {
    let from = start
    let chunk = tail
    while (from < end) {
      if (chunk === undefined || chunk.room === 0) {
        chunk = this.#pool.take(stream.chunks.length > 0 || end - from > smallChunkBytes)
        stream.chunks.push(chunk)
      }
      const to = Math.min(end, from + chunk.room)
      fill(chunk, bytes, from, to)
      from = to
    }
  }

  #endOfUrgency(from: number): number {
    const { urgency } = this.#waiting[from] as OutgoingStream
    let to = from + 1
    while (to < this.#waiting.length && (this.#waiting[to] as OutgoingStream).urgency === urgency) to++
    return to
  }

  // Rounds over the streams of one urgency, a chunk each, until the sink takes nothing from any of them. Who
  // came first goes to the back, so that a small window is shared over the flushes too.
  #takeTurns(sink: StreamSink, from: number, to: number): void {
    for (let took = true; took; ) {
      took = false
      for (let at = from; at < to; at++) {
        const stream = this.#waiting[at] as OutgoingStream
        if (this.#pushOne(sink, stream)) took = true
        if (stream.high && stream.bytes <= limits.lowWaterStreamBytes) {
          stream.high = false
          this.#drained.push(stream.id)
        }
      }
    }
    if (to - from > 1) this.#waiting.splice(to - 1, 0, ...this.#waiting.splice(from, 1))
  }

  // Whether it is worth asking again.
  #pushOne(sink: StreamSink, stream: OutgoingStream): boolean {
    const chunk = stream.chunks[0]
    if (stream.over || (chunk === undefined && !stream.finish)) return false
    if (this.#left <= 0) return false
    const length = chunk === undefined ? 0 : Math.min(chunk.end - chunk.start, this.#left)
    const bytes = chunk?.buffer.subarray(chunk.start, chunk.start + length) ?? Buffer.alloc(0)
    const fin = stream.finish && length === stream.bytes
    const taken = this.#send(sink, stream, bytes, fin)
    if (taken === undefined) return false
    if (taken === bytes.length && fin) this.#forget(stream)
    if (chunk === undefined) return false
    chunk.start += taken
    stream.bytes -= taken
    this.#bytes -= taken
    this.#left -= taken
    if (chunk.start < chunk.end) return false
    stream.chunks.shift()
    this.#pool.give(chunk)
    return true
  }

  // Undefined when nothing was taken.
  #send(sink: StreamSink, stream: OutgoingStream, bytes: Uint8Array, fin: boolean): number | undefined {
    try {
      const taken = sink.streamSend(stream.id, bytes, fin)
      if (!stream.urgencyTold) {
        sink.streamPriority(stream.id, stream.urgency, true)
        stream.urgencyTold = true
      }
      return taken ?? undefined
    } catch (error) {
      const name = error instanceof Error ? error.message : ''
      // The peer lets us open more later.
      if (name === 'StreamLimit') return undefined
      if (!/^(StreamStopped|InvalidStreamState|FinalSize)/.test(name)) throw error
      this.#discard(stream)
      this.#stopped.push({ id: stream.id, code: codeIn(name) })
      return undefined
    }
  }

  #discard(stream: OutgoingStream): void {
    for (const chunk of stream.chunks) this.#pool.give(chunk)
    stream.chunks.length = 0
    this.#bytes -= stream.bytes
    stream.bytes = 0
    this.#forget(stream)
  }

  #forget(stream: OutgoingStream): void {
    stream.over = true
    this.#streams.delete(stream.id)
    if (this.#last === stream) this.#last = undefined
    this.#over.add(stream.id)
    if (this.#over.size <= limits.streamsOverMax) return
    for (const oldest of this.#over) {
      this.#over.delete(oldest)
      return
    }
  }
}

/** A copy of less than that is quicker byte by byte than by a call into the engine. */
const copiedBytesMax = 128

function fill(chunk: Chunk, bytes: Uint8Array, start: number, end: number): void {
  const { buffer } = chunk
  let at = chunk.end
  if (end - start > copiedBytesMax) buffer.set(bytes.subarray(start, end), at)
  else for (let from = start; from < end; from++) buffer[at++] = bytes[from] as number
  chunk.end += end - start
}
