/**
 * The stream that flows share while they carry small signals only: the library fills a packet from one stream, so that
 * a stream for each flow would take a packet for each. A flow that carries much, or whose receiver is slow, leaves it for
 * ever and goes on in a stream of its own, which the receiver reads from then on and may leave unread.
 *
 *   signal    whole frame: flow (1 byte), the signal
 *   leave     whole frame: 0x80 + flow; what follows of that flow is in its own stream
 */
import { FrameReader, type FrameSink, frameHeadBytes, writeFrameHead } from './frames.ts'
import { flowsCount } from './streams.ts'

/** Before a signal in the shared stream. */
export const sharedHeadBytes: number = frameHeadBytes + 1

/** On the wire. */
const leaves = 0x80

/** Writes the head of the signal that lies between `start` and `end`, the head included. */
export function writeSharedHead(bytes: Uint8Array, start: number, end: number, flow: number): void {
  writeFrameHead(bytes, start, end)
  bytes[start + frameHeadBytes] = flow
}

/** Says that a flow leaves the shared stream. */
export function leaveFrame(flow: number): Uint8Array {
  const frame = Buffer.alloc(sharedHeadBytes)
  writeSharedHead(frame, 0, frame.length, leaves + flow)
  return frame
}

/** Gets what the shared stream brings. */
export interface SharedSink {
  /** A signal of that flow. The bytes are valid during the call only. */
  whole(flow: number, bytes: Uint8Array, start: number, end: number): void
  /** The flow goes on in a stream of its own. Once for each. */
  left(flow: number): void
}

export class SharedReader implements FrameSink {
  readonly #sink: SharedSink
  readonly #reader = new FrameReader()
  readonly #left = new Set<number>()
  #problem: string | undefined

  constructor(sink: SharedSink) {
    this.#sink = sink
  }

  /**
   * Takes the next bytes of the stream. What the sink throws comes through, and ends the stream.
   * @returns what the peer did wrong; the stream cannot go on then
   */
  push(bytes: Uint8Array): string | undefined {
    const problem = this.#reader.push(bytes, this)
    return this.#problem ?? problem
  }

  hasLeft(flow: number): boolean {
    return this.#left.has(flow)
  }

  whole(bytes: Uint8Array, start: number, end: number): void {
    if (this.#problem !== undefined) return
    const head = bytes[start] ?? flowsCount
    const flow = head % leaves
    if (start === end || flow >= flowsCount || this.#left.has(flow)) this.#problem = 'a frame of no flow that is here'
    else if (head < leaves) this.#sink.whole(flow, bytes, start + 1, end)
    else if (end - start > 1) this.#problem = 'a flow that leaves with a signal'
    else {
      this.#left.add(flow)
      this.#sink.left(flow)
    }
  }

  part(): string {
    return 'a part in the stream that flows share'
  }

  piece(): string {
    return this.part()
  }
}
