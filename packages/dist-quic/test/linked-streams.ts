/**
 * The streams of a channel in memory, both ends: windows of flow control a stream, fragments of random sizes that
 * interleave, resets that overtake bytes. As QUIC does, it tells a paused end of no reset, and an end with nothing
 * to send of no peer that stopped reading.
 */
import type { Clock, Random } from '@barrel-actors/runtime'
import type { StreamHandler, StreamLink } from '../src/user-streams/stream-link.ts'

export interface LinkOptions {
  readonly clock: Clock
  readonly random: Random
  /** Bytes of one stream that may be under way or unread. Default 64 KiB. */
  readonly windowBytes?: number
  /** Bytes of the largest fragment. Default 64 KiB. */
  readonly fragmentBytesMax?: number
}

/** One direction of a stream, kept by the end that sends. */
interface Half {
  readonly queue: Uint8Array[]
  queuedBytes: number
  wasHigh: boolean
  finAsked: boolean
  readonly flight: Uint8Array[]
  flightBytes: number
  /** FIN was delivered, or the reset was told. */
  isOver: boolean
  /** The code of a reset that the other end has not been told of. */
  resetCode: number | undefined
  /** The code with which the other end stopped reading, of which this end has not been told. */
  stopCode: number | undefined
}

const lowWaterBytes = 64 * 1024

/** A channel that is up, seen from both ends. */
export class LinkedStreams {
  readonly dialer: LinkedEnd
  readonly acceptor: LinkedEnd
  readonly #options: Required<LinkOptions>
  #isScheduled = false
  isCut = false

  constructor(options: LinkOptions) {
    this.#options = { windowBytes: 64 * 1024, fragmentBytesMax: 64 * 1024, ...options }
    this.dialer = new LinkedEnd(true, () => this.#schedule())
    this.acceptor = new LinkedEnd(false, () => this.#schedule())
    this.dialer.other = this.acceptor
    this.acceptor.other = this.dialer
  }

  /** Streams that are not over in both directions, at either end: what QUIC would still hold. */
  get openCount(): number {
    const ids = [this.dialer, this.acceptor].flatMap(({ halves }) =>
      [...halves].filter(([, half]) => !half.isOver).map(([id]) => id),
    )
    return new Set(ids).size
  }

  /** The channel ends, with the same cause for both. */
  cut(cause: Error): void {
    this.isCut = true
    for (const end of [this.dialer, this.acceptor]) end.handler.closed(cause)
  }

  #schedule(): void {
    if (this.#isScheduled || this.isCut) return
    this.#isScheduled = true
    this.#options.clock.setTimer(this.#random(3), () => {
      this.#isScheduled = false
      const moved = [this.#move(this.dialer, this.acceptor), this.#move(this.acceptor, this.dialer)]
      if (moved.includes(true)) this.#schedule()
    })
  }

  // One fragment a stream, so that streams interleave. Whether there may be more.
  #move(from: LinkedEnd, to: LinkedEnd): boolean {
    let moved = false
    for (const [id, half] of from.halves) {
      if (this.isCut || half.isOver) continue
      if (half.stopCode === undefined) this.#send(half)
      if (half.wasHigh && half.queuedBytes <= lowWaterBytes) {
        half.wasHigh = false
        from.handler.drained(id)
      }
      if (half.resetCode !== undefined || half.stopCode !== undefined) moved = tellEnds(from, to, id, half) || moved
      else moved = this.#deliver(to, id, half) || moved
    }
    return moved
  }

  #send(half: Half): void {
    for (let next = half.queue[0]; next !== undefined; next = half.queue[0]) {
      const room = this.#options.windowBytes - half.flightBytes
      if (room <= 0) return
      const part = next.subarray(0, room)
      half.flight.push(part)
      half.flightBytes += part.length
      half.queuedBytes -= part.length
      if (part.length < next.length) half.queue[0] = next.subarray(part.length)
      else half.queue.shift()
    }
  }

  #deliver(to: LinkedEnd, id: number, half: Half): boolean {
    if (to.paused.has(id) || (half.flightBytes === 0 && !half.finAsked)) return false
    const most = Math.min(half.flightBytes, this.#options.fragmentBytesMax)
    const fragment = cut(half.flight, most === 0 ? 0 : 1 + this.#random(most))
    half.flightBytes -= fragment.length
    const fin = half.finAsked && half.flight.length === 0 && half.queue.length === 0
    if (fin) half.isOver = true
    to.handler.received(id, fragment, fin)
    // The view was valid during the call only.
    fragment.fill(0xee)
    return true
  }

  #random(below: number): number {
    return Math.floor(this.#options.random.next() * below)
  }
}

// The other end hears of a reset unless it has paused, this end hears that nobody reads when it has bytes to send.
function tellEnds(from: LinkedEnd, to: LinkedEnd, id: number, half: Half): boolean {
  const { stopCode, resetCode } = half
  if (stopCode !== undefined && (half.queue.length > 0 || half.finAsked)) {
    half.stopCode = undefined
    half.isOver = true
    drop(half)
    from.handler.abandoned(id, stopCode)
    return true
  }
  if (resetCode === undefined || to.paused.has(id)) return false
  half.resetCode = undefined
  half.isOver = true
  if (!to.abandoned.has(id)) to.handler.abandoned(id, resetCode)
  return true
}

function cut(parts: Uint8Array[], size: number): Uint8Array {
  const fragment = new Uint8Array(size)
  for (let at = 0; at < size; ) {
    const next = parts[0] as Uint8Array
    const part = next.subarray(0, size - at)
    fragment.set(part, at)
    at += part.length
    if (part.length < next.length) parts[0] = next.subarray(part.length)
    else parts.shift()
  }
  return fragment
}

function drop(half: Half): void {
  half.queue.length = 0
  half.flight.length = 0
  half.queuedBytes = 0
  half.flightBytes = 0
}

/** One end. Its handler must be there before anything comes. */
export class LinkedEnd implements StreamLink {
  readonly dialed: boolean
  readonly halves = new Map<number, Half>()
  readonly paused = new Set<number>()
  readonly abandoned = new Set<number>()
  handler!: StreamHandler
  other!: LinkedEnd
  /** The most that ever waited on one of its streams. */
  queuedBytesPeak = 0
  readonly #wake: () => void
  #next: number

  constructor(dialed: boolean, wake: () => void) {
    this.dialed = dialed
    this.#wake = wake
    // Stream 0 is the carrier's.
    this.#next = dialed ? 4 : 1
  }

  open(): number {
    const id = this.#next
    this.#next += 4
    return id
  }

  write(id: number, bytes: Uint8Array): void {
    const half = this.#half(id)
    if (half.isOver || half.finAsked || half.resetCode !== undefined) return
    half.queue.push(new Uint8Array(bytes))
    half.queuedBytes += bytes.length
    if (half.queuedBytes > lowWaterBytes) half.wasHigh = true
    this.queuedBytesPeak = Math.max(this.queuedBytesPeak, half.queuedBytes)
    this.#wake()
  }

  finish(id: number): void {
    this.#half(id).finAsked = true
    this.#wake()
  }

  abandon(id: number, code: number): void {
    this.abandoned.add(id)
    this.paused.delete(id)
    const half = this.#half(id)
    if (!half.isOver) half.resetCode ??= code
    half.stopCode = undefined
    drop(half)
    const back = this.other.#half(id)
    if (!back.isOver) back.stopCode ??= code
    back.flight.length = 0
    back.flightBytes = 0
    this.#wake()
  }

  pause(id: number): void {
    this.paused.add(id)
  }

  resume(id: number): void {
    if (this.paused.delete(id)) this.#wake()
  }

  queuedBytesOf(id: number): number {
    return this.halves.get(id)?.queuedBytes ?? 0
  }

  #half(id: number): Half {
    let half = this.halves.get(id)
    if (half === undefined) {
      half = {
        queue: [],
        queuedBytes: 0,
        wasHigh: false,
        finAsked: false,
        flight: [],
        flightBytes: 0,
        isOver: false,
        resetCode: undefined,
        stopCode: undefined,
      }
      this.halves.set(id, half)
    }
    return half
  }
}
