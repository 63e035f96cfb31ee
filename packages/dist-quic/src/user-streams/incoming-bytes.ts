/** The reading side of a stream: what came waits in a ReadableStream, and past its bound the peer is stopped. */
import { ReadableStream, type ReadableStreamDefaultController } from 'node:stream/web'
import { limits } from './limits.ts'

export interface IncomingEvents {
  pause(): void
  resume(): void
  /** The reader wants no more, though more may come. */
  cancelled(): void
}

export class IncomingBytes {
  readonly readable: ReadableStream<Uint8Array>
  readonly #events: IncomingEvents
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #isPaused = false
  #isOver = false

  constructor(events: IncomingEvents) {
    this.#events = events
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          this.#controller = controller
        },
        pull: () => this.#resume(),
        cancel: () => this.#cancel(),
      },
      {
        highWaterMark: limits.receiveBufferBytes,
        size: chunk => chunk.byteLength + limits.chunkOverheadBytes,
      },
    )
  }

  /** Whether nothing more will come: FIN, or a failure. What came before FIN can still be read. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Copies the bytes. */
  push(bytes: Uint8Array, fin: boolean): void {
    if (this.#isOver) return
    if (bytes.length > 0) this.#controller.enqueue(new Uint8Array(bytes))
    if (fin) {
      this.#isOver = true
      this.#controller.close()
    } else if ((this.#controller.desiredSize ?? 0) <= 0) this.#pause()
  }

  /** What has not been read is dropped, and reading fails. */
  fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#controller.error(error)
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#events.pause()
  }

  #resume(): void {
    if (!this.#isPaused || this.#isOver) return
    this.#isPaused = false
    this.#events.resume()
  }

  #cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#events.cancelled()
  }
}
