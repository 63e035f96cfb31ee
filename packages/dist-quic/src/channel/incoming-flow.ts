/** One flow on its way in: frames become signals, and parts are put together to those that were cut. */
import type { Flow, Signal, SignalDecoder } from '@barrel-actors/runtime'
import { limits } from '../limits.ts'
import { release } from '../memory.ts'
import { FrameReader, type FrameSink } from './frames.ts'

/** What a flow tells its channel. */
export interface IncomingOwner {
  createDecoder(): SignalDecoder
  received(signal: Signal, flow: Flow): void
  /** Whether it may go on: signals that come after the end of the channel are not read. */
  readonly isReading: boolean
  /** Memory of what all flows of the channel are putting together. */
  readonly assembling: { bytes: number }
}

/** A signal that has come in part. */
interface Assembly {
  buffer: Uint8Array
  have: number
  readonly size: number
}

// Most large messages are smaller: what is allocated in steps is copied in steps.
const bufferBytesFirst = 2 * 1024 * 1024

export class IncomingFlow implements FrameSink {
  readonly #flow: number
  readonly #owner: IncomingOwner
  readonly #reader = new FrameReader()
  readonly #decoder: SignalDecoder
  readonly #assemblies = new Map<number, Assembly>()

  constructor(flow: number, owner: IncomingOwner) {
    this.#flow = flow
    this.#owner = owner
    this.#decoder = owner.createDecoder()
  }

  /**
   * Takes the next bytes of the stream.
   * @returns what the peer did wrong
   * @throws E_SIGNAL_INVALID
   */
  push(bytes: Uint8Array): string | undefined {
    return this.#reader.push(bytes, this)
  }

  whole(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#owner.isReading) return
    this.#received(this.#decoder.decode(bytes, start, end))
  }

  part(message: number, size: number | undefined, bytes: number): string | undefined {
    const known = this.#assemblies.get(message)
    if (size === undefined) return known === undefined ? 'a part of a message that has not begun' : fits(known, bytes)
    if (known !== undefined) return 'a message that begins twice'
    if (size === 0 || size > limits.messageBytesMax) return `a message of more than ${limits.messageBytesMax} bytes`
    if (this.#assemblies.size >= limits.messagesUnderWayMax) return 'too many messages at a time'
    const buffer = this.#allocate(Math.min(size, bufferBytesFirst))
    if (buffer === undefined) return tooMuch
    const assembly = { buffer, have: 0, size }
    this.#assemblies.set(message, assembly)
    return fits(assembly, bytes)
  }

  piece(message: number, bytes: Uint8Array, start: number, end: number): string | undefined {
    const assembly = this.#assemblies.get(message) as Assembly
    const have = assembly.have + end - start
    if (have > assembly.buffer.length && !this.#grow(assembly, have)) return tooMuch
    assembly.buffer.set(bytes.subarray(start, end), assembly.have)
    assembly.have = have
    if (have === assembly.size) this.#complete(message, assembly)
    return undefined
  }

  #complete(message: number, { buffer }: Assembly): void {
    this.#assemblies.delete(message)
    this.#owner.assembling.bytes -= buffer.length
    if (this.#owner.isReading) this.#received(this.#decoder.decodeAlone(buffer))
  }

  #received(signal: Signal): void {
    const { heapBytes, refusal } = this.#decoder
    this.#owner.received(signal, { flow: this.#flow, heapBytes, refusal })
  }

  // Memory follows what has come: at most twice of it, or two mebibytes.
  #grow(assembly: Assembly, have: number): boolean {
    const grown = this.#allocate(Math.min(assembly.size, Math.max(2 * assembly.buffer.length, have)))
    if (grown === undefined) return false
    grown.set(assembly.buffer.subarray(0, assembly.have))
    this.#owner.assembling.bytes -= assembly.buffer.length
    release(assembly.buffer)
    assembly.buffer = grown
    return true
  }

  #allocate(bytes: number): Uint8Array | undefined {
    const { assembling } = this.#owner
    if (assembling.bytes + bytes > limits.assemblyBytesMax) return undefined
    assembling.bytes += bytes
    // Not from Node's pool: what is decoded may keep views of it.
    return Buffer.allocUnsafeSlow(bytes)
  }
}

// Known from the head of the part: a message that is whole in the middle of one would leave bytes of nothing.
function fits({ have, size }: Assembly, bytes: number): string | undefined {
  return have + bytes > size ? 'a message that is longer than it said' : undefined
}

const tooMuch = `messages under way of more than ${limits.assemblyBytesMax} bytes`
