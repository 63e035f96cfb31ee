/** One user stream of this node, whoever opened it: bytes both ways, each with backpressure of its own. */
import type { ReadableStream, WritableStream } from 'node:stream/web'
import type { AnyPid, NodeName } from '@barrel-actors/runtime'
import { quicError } from '../errors.ts'
import { refusalCode, refusalOf, refusalText } from './demux/refusal.ts'
import { IncomingBytes } from './incoming-bytes.ts'
import { limits } from './limits.ts'
import { OutgoingBytes } from './outgoing-bytes.ts'
import type { StreamLink } from './stream-link.ts'

/**
 * A bidirectional stream of bytes to another node, for what is too large for messages. It belongs to a process, and is
 * reset when that ends. Iterating over it reads it; leaving the loop early resets it.
 */
export interface UserStream extends AsyncIterable<Uint8Array> {
  readonly tag: string
  /** The node at the other end. */
  readonly node: NodeName
  /** The process that it belongs to. */
  readonly owner: AnyPid
  /**
   * What the peer writes, in chunks of any size. Once 256 KiB wait to be read, flow control stops the peer. Ends with
   * the peer's `end`; cancelling it resets the stream.
   */
  readonly readable: ReadableStream<Uint8Array>
  /** What the peer reads. Closing it is `end`, aborting it resets the stream. */
  readonly writable: WritableStream<Uint8Array>
  /**
   * Resolves when both sides have ended. The peer may not have read all by then.
   * @throws E_STREAM_RESET, E_STREAM_REFUSED, E_STREAM_OWNER_ENDED, E_CHANNEL_LOST, E_CHANNEL_CLOSED as rejections
   */
  readonly closed: Promise<void>
  /**
   * Writes bytes of any number, which must not change until it has resolved: when all are on their way, and the next
   * write may follow. A peer that does not read holds it up.
   * @throws what `closed` throws, and E_STREAM_ENDED, E_STREAM_BYTES_INVALID, E_STREAM_WRITES_WAITING, as rejections
   */
  write(bytes: Uint8Array): Promise<void>
  /**
   * Says that no more will be written, after what was; resolves when that is on its way. Reading goes on.
   * @throws what `closed` throws, as rejections
   */
  end(): Promise<void>
  /**
   * Gives the stream up in both directions: what waits is dropped, and the peer's `closed` rejects with the code.
   * Harmless when it is over.
   * @param code 0 to 255, with a meaning that the two sides agree on. Default 0.
   * @throws E_STREAM_CODE_INVALID
   */
  reset(code?: number): void
  /**
   * Makes another process of this node the owner. Tell it yourself, with the stream in the message. Harmless when the
   * stream is over.
   * @throws E_STREAM_OWNER_DEAD, E_DESTINATION_INVALID, E_PID_NOT_LOCAL
   */
  handOver(to: AnyPid): void
}

/** What a stream tells the node's table of streams. */
export interface StreamEvents {
  /** It needs its slot no more. Exactly once. */
  over(stream: LiveStream): void
  handOver(stream: LiveStream, to: AnyPid): void
}

export class LiveStream implements UserStream {
  readonly tag: string
  readonly node: NodeName
  readonly closed: Promise<void>
  readonly streamId: number
  /** Set by the table of owners. */
  owner: AnyPid
  readonly #link: StreamLink
  readonly #events: StreamEvents
  readonly #incoming: IncomingBytes
  readonly #outgoing: OutgoingBytes
  #isOver = false
  #close!: () => void
  #fail!: (error: Error) => void

  constructor(
    link: StreamLink,
    events: StreamEvents,
    who: { streamId: number; tag: string; node: NodeName; owner: AnyPid },
  ) {
    this.tag = who.tag
    this.node = who.node
    this.streamId = who.streamId
    this.owner = who.owner
    this.#link = link
    this.#events = events
    this.closed = new Promise<void>((resolve, reject) => {
      this.#close = resolve
      this.#fail = reject
    })
    // Nobody has to wait for the end.
    this.closed.catch(() => {})
    this.#incoming = this.#createIncoming()
    this.#outgoing = this.#createOutgoing()
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#incoming.readable
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#outgoing.writable
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.readable.values()
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#outgoing.write(bytes)
  }

  end(): Promise<void> {
    return this.#outgoing.end()
  }

  reset(code = 0): void {
    if (!Number.isInteger(code) || code < 0 || code > limits.resetCodeMax) {
      throw quicError('E_STREAM_CODE_INVALID', { tag: this.tag, codeMax: limits.resetCodeMax })
    }
    this.#abandon(code, this.#resetBy('this node', code))
  }

  handOver(to: AnyPid): void {
    if (!this.#isOver) this.#events.handOver(this, to)
  }

  received(bytes: Uint8Array, fin: boolean): void {
    this.#incoming.push(bytes, fin)
    if (fin) this.#endIfDone()
  }

  drained(): void {
    this.#outgoing.drained()
  }

  /** The peer gave it up: what it sent in full before can still be read. */
  abandoned(code: number | undefined): void {
    const refusal = refusalOf(code)
    const error =
      refusal === undefined
        ? this.#resetBy('the peer', code)
        : quicError('E_STREAM_REFUSED', { node: this.node, tag: this.tag, reason: refusalText[refusal] })
    // The peer may have given up one direction only.
    this.#abandon(0, error)
  }

  /** Its owner has ended. */
  ownerEnded(): void {
    const { tag, node, owner: pid } = this
    this.#abandon(refusalCode.ownerEnded, quicError('E_STREAM_OWNER_ENDED', { tag, node, pid }))
  }

  /** Its channel has ended. */
  lost(cause: Error): void {
    this.#endWith(cause)
  }

  #createIncoming(): IncomingBytes {
    return new IncomingBytes({
      pause: () => this.#link.pause(this.streamId),
      resume: () => this.#link.resume(this.streamId),
      cancelled: () => this.reset(),
    })
  }

  #createOutgoing(): OutgoingBytes {
    const link = this.#link
    const { streamId } = this
    return new OutgoingBytes({
      get queuedBytes() {
        return link.queuedBytesOf(streamId)
      },
      write: bytes => link.write(streamId, bytes),
      finish: () => {
        link.finish(streamId)
        this.#endIfDone()
      },
      aborted: () => this.reset(),
      error: code => quicError(code, { tag: this.tag, node: this.node, writesMax: limits.writesWaitingMax }),
    })
  }

  #resetBy(side: string, resetCode: number | undefined): Error {
    return quicError('E_STREAM_RESET', { tag: this.tag, node: this.node, side, resetCode: resetCode ?? 'unknown' })
  }

  #abandon(code: number, error: Error): void {
    if (this.#isOver) return
    this.#link.abandon(this.streamId, code)
    this.#endWith(error)
  }

  #endWith(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#incoming.fail(error)
    this.#outgoing.fail(error)
    this.#fail(error)
    this.#events.over(this)
  }

  #endIfDone(): void {
    if (this.#isOver || !this.#incoming.isOver || !this.#outgoing.isOver) return
    this.#isOver = true
    this.#close()
    this.#events.over(this)
  }
}
