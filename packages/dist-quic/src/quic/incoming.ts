/** Reads the bytes of streams out of the native connection as soon as they are there, into one buffer. */
import { problemOf } from '../errors.ts'
import type { NativeConnection } from './native.ts'
import { codeIn } from './stream-code.ts'

export type StreamSource = Pick<NativeConnection, 'isReadable' | 'readable' | 'streamReadable' | 'streamRecv'>

export interface IncomingEvents {
  /** The view is valid during the call only. */
  received(streamId: number, bytes: Uint8Array, fin: boolean): void
  /** The peer gave up sending on the stream. */
  reset(streamId: number, code: number | undefined): void
  /** Whether to go on reading. */
  more(): boolean
}

const controlStream = 0

export class Incoming {
  readonly #source: StreamSource
  readonly #buffer: Buffer
  readonly #events: IncomingEvents
  readonly #paused = new Set<number>()
  /** Streams that bytes came from, and may again; as many as may be open at most. */
  readonly #known = new Set<number>()
  /** Until the peer is trusted: streams other than the control stream that it sent something on. */
  #held: Set<number> | undefined

  /** Until `open` only stream 0 is read when `guarded`. */
  constructor(source: StreamSource, buffer: Buffer, events: IncomingEvents, guarded: boolean) {
    this.#source = source
    this.#buffer = buffer
    this.#events = events
    this.#held = guarded ? new Set() : undefined
  }

  /** Streams that wait for `open`. */
  get heldCount(): number {
    return this.#held?.size ?? 0
  }

  /** The peer is trusted: all streams are read from here on. */
  open(): void {
    this.#held = undefined
  }

  /** What the stream's peer sends stays unread, so that flow control stops it. */
  pause(streamId: number): void {
    this.#paused.add(streamId)
  }

  /** Whether it was paused. */
  resume(streamId: number): boolean {
    return this.#paused.delete(streamId)
  }

  /** The stream was given up. */
  forget(streamId: number): void {
    this.#paused.delete(streamId)
    this.#known.delete(streamId)
  }

  /** Reads all there is. */
  read(): void {
    const source = this.#source
    if (!source.isReadable()) return
    // Listing the readable streams costs ten times what asking for those that were read before does.
    for (const streamId of this.#known) {
      if (source.streamReadable(streamId)) this.#readStream(streamId)
    }
    if (!this.#events.more() || !source.isReadable()) return
    for (const streamId of source.readable()) {
      // Asked for each: what one stream brings may make the peer trusted.
      if (this.#held === undefined || streamId === controlStream) this.#readStream(streamId)
      else this.#held.add(streamId)
    }
  }

  #readStream(streamId: number): void {
    while (this.#events.more() && !this.#paused.has(streamId)) {
      const read = this.#receive(streamId)
      if (read === null) return
      const [length, fin] = read
      if (fin) this.#known.delete(streamId)
      else this.#known.add(streamId)
      this.#events.received(streamId, this.#buffer.subarray(0, length), fin)
      if (fin || length < this.#buffer.length) return
    }
  }

  #receive(streamId: number): [number, boolean] | null {
    try {
      return this.#source.streamRecv(streamId, this.#buffer)
    } catch (error) {
      if (!problemOf(error).startsWith('StreamReset')) throw error
      this.#known.delete(streamId)
      this.#events.reset(streamId, codeIn(problemOf(error)))
      return null
    }
  }
}
