/**
 * One flow on its way out: the signals of the senders that share it, in one ordered stream. It begins in the stream
 * that all flows share, and leaves it for one of its own when it carries much. A small signal goes at
 * once. A large one is cut into parts, which take turns with those of other senders; what its own sender sends
 * meanwhile waits behind it. Parts are encoded each message by itself: shapes of objects that a stream remembers hold
 * only for what arrives in the order encoded.
 */
import type { Signal, SignalEncoder } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { frameHeadBytes, partHead, writeFrameHead } from './frames.ts'
import type { ParcelBuffers } from './parcel-buffers.ts'
import { leaveFrame, sharedHeadBytes, writeSharedHead } from './shared-stream.ts'
import { sharedFlow } from './streams.ts'

/** What a flow needs of its channel. */
export interface FlowOwner {
  createEncoder(): SignalEncoder
  /** Queues a copy of the bytes in the stream of that flow, or in the one that flows share. */
  write(flow: number, bytes: Uint8Array, start: number, end: number): void
  /** Queues a copy of the head and the bytes themselves, which stay as they are until `taken` is called, or for ever. */
  hand(flow: number, head: Uint8Array, bytes: Uint8Array, taken?: () => void): void
  /** Bytes that wait in that stream. */
  queuedBytesOf(flow: number): number
  /** Large messages that all flows of the channel have begun to send. */
  readonly underWay: { bytes: number }
  /** What waits in all flows of the channel to be cut into parts. */
  readonly waiting: { bytes: number }
  readonly buffers: ParcelBuffers
}

/** A large message, or one that comes behind one. */
interface Parcel {
  readonly bytes: Uint8Array
  /** Whether its memory is to be used again. */
  readonly isBorrowed: boolean
  /** Its number, once it has begun. */
  message: number
  sent: number
}

/** Parts are handed on while less than this waits in the stream: enough for a flush, short enough to get past. */
const feedBytesMax = 256 * 1024

export class OutgoingFlow {
  readonly #flow: number
  readonly #owner: FlowOwner
  readonly #encoder: SignalEncoder
  /** What waits of each sender, the one whose turn is next first. */
  readonly #waiting = new Map<number, Parcel[]>()
  /** Whether it is in the stream that flows share. */
  #isShared = true
  #underWay = 0
  #lastMessage = 0

  constructor(flow: number, owner: FlowOwner) {
    this.#flow = flow
    this.#owner = owner
    this.#encoder = owner.createEncoder()
  }

  get encoder(): SignalEncoder {
    return this.#encoder
  }

  /** @throws E_MESSAGE_INVALID */
  send(signal: Signal, sender: number): void {
    const written = this.#waiting.has(sender)
      ? undefined
      : this.#encoder.write(signal, sharedHeadBytes, limits.frameBytesMax - 1)
    if (written === undefined) return this.#sendAlone(signal, sender)
    const { buffer, end } = written
    if (this.#isShared && this.#owner.queuedBytesOf(sharedFlow) > limits.sharedBytesMax) this.leave()
    if (this.#isShared) {
      writeSharedHead(buffer, 0, end, this.#flow)
      return this.#owner.write(sharedFlow, buffer, 0, end)
    }
    const start = sharedHeadBytes - frameHeadBytes
    writeFrameHead(buffer, start, end)
    this.#owner.write(this.#flow, buffer, start, end)
  }

  /** Leaves the stream that flows share, for ever: what follows is in its own. */
  leave(): void {
    if (!this.#isShared) return
    this.#isShared = false
    const frame = leaveFrame(this.#flow)
    this.#owner.write(sharedFlow, frame, 0, frame.length)
  }

  #sendAlone(signal: Signal, sender: number): void {
    const { buffers } = this.#owner
    const bytes = this.#encoder.encodeAlone(signal, buffers)
    const isSmall = bytes.length <= limits.partBytesMax
    this.addParcel(sender, isSmall ? Uint8Array.from(bytes) : bytes, !isSmall)
    // A buffer for large messages is not kept for a small one.
    if (isSmall) buffers.give(Buffer.from(bytes.buffer))
  }

  /** A message that is encoded by itself, behind what waits of that sender. */
  addParcel(sender: number, bytes: Uint8Array, isBorrowed = false): void {
    this.leave()
    const parcel: Parcel = { bytes, isBorrowed, message: 0, sent: 0 }
    const behind = this.#waiting.get(sender)
    if (behind === undefined) this.#waiting.set(sender, [parcel])
    else behind.push(parcel)
    this.#owner.waiting.bytes += bytes.length
    this.feed()
  }

  /** Hands on parts while there is room in the stream; called when there is room again. */
  feed(): void {
    while (this.#waiting.size > 0 && this.#owner.queuedBytesOf(this.#flow) < feedBytesMax) {
      if (!this.#sendPart()) return
    }
  }

  /** A part of the first sender that may go on; whether there was one. */
  #sendPart(): boolean {
    for (const [sender, parcels] of this.#waiting) {
      const parcel = parcels[0] as Parcel
      if (parcel.sent === 0 && !this.#mayBegin(parcel)) continue
      this.#waiting.delete(sender)
      if (this.#writePart(parcel)) parcels.shift()
      if (parcels.length > 0) this.#waiting.set(sender, parcels)
      return true
    }
    return false
  }

  // The other end puts together no more than that at a time.
  #mayBegin({ bytes }: Parcel): boolean {
    if (this.#underWay >= limits.messagesUnderWayMax) return false
    const { underWay } = this.#owner
    return underWay.bytes === 0 || underWay.bytes + bytes.length <= limits.underWayBytesMax
  }

  /** Whether it was the last part. */
  #writePart(parcel: Parcel): boolean {
    const { bytes, sent } = parcel
    if (sent === 0) this.#begin(parcel)
    const end = Math.min(bytes.length, sent + limits.partBytesMax)
    const isLast = end === bytes.length
    const head = partHead(parcel.message, end - sent, sent === 0 ? bytes.length : undefined)
    const taken = isLast && parcel.isBorrowed ? this.#returning(bytes) : undefined
    this.#owner.hand(this.#flow, head, bytes.subarray(sent, end), taken)
    parcel.sent = end
    this.#owner.waiting.bytes -= end - sent
    if (!isLast) return false
    this.#underWay--
    this.#owner.underWay.bytes -= bytes.length
    return true
  }

  #returning({ buffer }: Uint8Array): () => void {
    const { buffers } = this.#owner
    return () => buffers.give(Buffer.from(buffer))
  }

  #begin(parcel: Parcel): void {
    this.#lastMessage = (this.#lastMessage + 1) >>> 0
    parcel.message = this.#lastMessage
    this.#underWay++
    this.#owner.underWay.bytes += parcel.bytes.length
  }
}
