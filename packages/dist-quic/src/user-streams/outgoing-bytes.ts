/** The writing side of a stream: a write waits until the layer below has room for the whole of it, cut to pieces. */
import { WritableStream, type WritableStreamDefaultController } from 'node:stream/web'
import type { BarrelError } from '@barrel-actors/runtime'
import { limits } from './limits.ts'

export interface OutgoingSink {
  readonly queuedBytes: number
  write(bytes: Uint8Array): void
  /** Our side has ended, and nothing waits any more. */
  finish(): void
  /** The writer gave up in the middle. */
  aborted(): void
  error(code: 'E_STREAM_BYTES_INVALID' | 'E_STREAM_ENDED' | 'E_STREAM_WRITES_WAITING'): BarrelError
}

/** A write that waits for room, or without bytes the end. */
interface Waiting {
  readonly bytes: Uint8Array | undefined
  /** Bytes before this place have been written. */
  from: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class OutgoingBytes {
  readonly writable: WritableStream<Uint8Array>
  readonly #sink: OutgoingSink
  #controller!: WritableStreamDefaultController
  #waiting: Waiting[] = []
  #ended: Promise<void> | undefined
  #failure: Error | undefined
  #isOver = false

  constructor(sink: OutgoingSink) {
    this.#sink = sink
    this.writable = new WritableStream<Uint8Array>({
      start: controller => {
        this.#controller = controller
      },
      write: bytes => {
        // Such a write breaks the WritableStream: nobody could end the stream through it any more.
        if (!(bytes instanceof Uint8Array)) this.#sink.aborted()
        return this.write(bytes)
      },
      close: () => this.end(),
      abort: () => this.#sink.aborted(),
    })
  }

  /** Whether our side has ended, in order or not. */
  get isOver(): boolean {
    return this.#isOver
  }

  write(bytes: Uint8Array): Promise<void> {
    if (!(bytes instanceof Uint8Array)) return quietly(Promise.reject(this.#sink.error('E_STREAM_BYTES_INVALID')))
    if (this.#failure !== undefined) return quietly(Promise.reject(this.#failure))
    if (this.#ended !== undefined) return quietly(Promise.reject(this.#sink.error('E_STREAM_ENDED')))
    if (this.#waiting.length >= limits.writesWaitingMax) {
      return quietly(Promise.reject(this.#sink.error('E_STREAM_WRITES_WAITING')))
    }
    return this.#wait(bytes)
  }

  end(): Promise<void> {
    if (this.#failure !== undefined) return quietly(Promise.reject(this.#failure))
    this.#ended ??= this.#wait(undefined)
    return this.#ended
  }

  /** There is room again. */
  drained(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#writeAll(next)) return
      this.#waiting.shift()
      if (next.bytes === undefined) this.#finish()
      next.resolve()
    }
  }

  /** Nothing more goes out. */
  fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#failure = error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#controller.error(error)
  }

  #wait(bytes: Uint8Array | undefined): Promise<void> {
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ bytes, from: 0, resolve, reject })
    })
    if (this.#waiting.length === 1) this.drained()
    return quietly(written)
  }

  // Past the bound the queue is above the low-water mark: `drained` is sure to come.
  #writeAll(next: Waiting): boolean {
    const length = next.bytes?.length ?? 0
    while (next.from < length) {
      const room = limits.sendQueueBytes - this.#sink.queuedBytes
      if (room <= 0) return false
      const end = Math.min(length, next.from + room)
      this.#sink.write(next.bytes?.subarray(next.from, end) as Uint8Array)
      next.from = end
    }
    return true
  }

  #finish(): void {
    this.#isOver = true
    this.#sink.finish()
  }
}

// Who does not await a write hears of a failure from `closed`; a peer must not be able to end this OS process.
function quietly(promise: Promise<void>): Promise<void> {
  promise.catch(() => {})
  return promise
}
