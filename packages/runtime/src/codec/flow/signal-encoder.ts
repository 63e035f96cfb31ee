/** Signals to bytes, for one flow: shapes of objects and short texts are sent once and referred to afterwards. */

import type { NodeLife } from '../../carrier.ts'
import { runtimeError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { type AnyPid, Pid } from '../../pid.ts'
import { exportPid } from '../../process/process.ts'
import { AliasRef } from '../../ref.ts'
import type { Signal, SignalTarget } from '../../signal.ts'
import { type MessageBounds, messageBoundsDefaults } from '../bounds.ts'
import { TooLarge } from '../refusals.ts'
import type { WriterMemory } from './byte-writer.ts'
import type { Sent } from './flow-writer.ts'
import { type SentShape, SentShapes } from './sent-shapes.ts'
import { SentTexts } from './sent-texts.ts'
import { signalKind, targetForm } from './signal-kind.ts'
import { ValueWriter } from './value-writer.ts'

/** A buffer that begins with the headroom and a signal, until the next one is written. */
export interface Written {
  readonly buffer: Buffer
  readonly end: number
}

/** One for all flows of the OS process, which write one signal at a time. */
const writer = new ValueWriter()
let isWriting = false
let scratch: Buffer = Buffer.allocUnsafeSlow(128 * 1024)
const written = { buffer: scratch, end: 0 }

const scratchMemory: WriterMemory = {
  take: bytes => Buffer.allocUnsafeSlow(bytes),
  give: () => {},
}
/** A buffer that has grown past this is not kept. */
const scratchBytesKept = 1024 * 1024

/** Room for the head of a signal that is written by itself. */
const aloneBytesFree = 4 * 1024

export class SignalEncoder implements Sent {
  readonly local: NodeLife
  /** The life at the other end, once it is known: its pids are written short from then on. */
  remote: NodeLife | undefined = undefined
  readonly bounds: MessageBounds
  readonly texts: SentTexts = new SentTexts()
  readonly shapes: SentShapes = new SentShapes()
  /** The shape of the last message. */
  #expected: SentShape | undefined

  constructor(local: NodeLife, bounds: MessageBounds = messageBoundsDefaults) {
    this.local = local
    this.bounds = bounds
  }

  /**
   * Writes a signal behind `headroom` free bytes.
   * @returns where it lies; undefined where it takes more than `bytesMax`: it can be written by itself then
   * @throws E_MESSAGE_INVALID where the message cannot be sent; the flow goes on as if it had not been given
   */
  write(signal: Signal, headroom: number, bytesMax: number): Written | undefined {
    const textsMark = this.texts.mark
    const shapesMark = this.shapes.mark
    try {
      this.#write(signal, scratch, headroom, bytesMax, scratchMemory)
      scratch = writer.bytes.length > scratchBytesKept ? scratch : writer.bytes
      written.buffer = writer.bytes
      written.end = writer.at
      return written
    } catch (error) {
      this.texts.rollBack(textsMark)
      this.shapes.rollBack(shapesMark)
      this.shapes.trim()
      this.#expected = undefined
      if (error instanceof TooLarge) return undefined
      throw error
    }
  }

  /**
   * The bytes of one signal: a view that holds until the next call.
   * @throws E_MESSAGE_INVALID
   */
  encode(signal: Signal): Uint8Array {
    const lies = this.write(signal, 0, limits.signalBytesMax)
    if (lies === undefined) throw tooLarge()
    return lies.buffer.subarray(0, lies.end)
  }

  /**
   * The same, independent of what was encoded before and after: for `decodeAlone`. The bytes are the caller's, in a
   * buffer that `memory` gave.
   * @throws E_MESSAGE_INVALID
   */
  encodeAlone(signal: Signal, memory: WriterMemory = scratchMemory): Uint8Array {
    const alone = new SignalEncoder(this.local, this.bounds)
    alone.remote = this.remote
    refuseWithin()
    const buffer = memory.take(writer.takeWanted() + aloneBytesFree)
    try {
      alone.#write(signal, buffer, 0, limits.signalBytesMax, memory)
      return writer.bytes.subarray(0, writer.at)
    } catch (error) {
      memory.give(writer.bytes)
      writer.takeWanted()
      throw error instanceof TooLarge ? tooLarge() : error
    } finally {
      release()
    }
  }

  // Getters of the message may run code that sends.
  #write(signal: Signal, buffer: Buffer, start: number, bytesMax: number, memory: WriterMemory): void {
    refuseWithin()
    isWriting = true
    try {
      writer.begin(buffer, start, bytesMax, memory)
      this.#signal(signal)
      this.shapes.trim()
    } finally {
      isWriting = false
    }
  }

  #signal(signal: Signal): void {
    const kind = signalKind[signal.kind]
    switch (signal.kind) {
      case 'send':
        this.#between(kind, signal.from, signal.to)
        return this.#message(signal.message)
      case 'cast':
        this.#between(kind, signal.from, signal.to)
        return this.#message(signal.request)
      case 'call':
        this.#between(kind, signal.from, signal.to)
        writer.whole(signal.ref)
        return this.#message(signal.request)
      case 'reply':
        this.#head(kind, signal.ref)
        return this.#message(signal.value)
      case 'down':
        this.#head(kind, signal.ref)
        return this.#message(signal.reason)
      case 'demonitor':
        return this.#head(kind, signal.ref)
      case 'aliasSend':
        this.#head(kind, serialOf(signal.from))
        writer.whole(signal.to.id)
        writer.wide(AliasRef.exportKey(signal.to))
        return this.#message(signal.message)
      default:
        return this.#watching(kind, signal)
    }
  }

  #watching(kind: number, signal: Extract<Signal, { kind: WatchingKind }>): void {
    this.#between(kind, signal.from, signal.to)
    switch (signal.kind) {
      case 'link':
        return
      case 'unlink':
      case 'unlinkAck':
        return writer.whole(signal.id)
      case 'monitor':
        return writer.whole(signal.ref)
      case 'stop':
        writer.whole(signal.ref)
        return this.#message(signal.reason)
      case 'exit':
        writer.byte(signal.linked ? 1 : 0)
        return this.#message(signal.reason)
      default:
        return signal satisfies never
    }
  }

  #head(kind: number, first: number): void {
    writer.byte(kind)
    writer.whole(first)
  }

  /** From one process to another one, or to a name. */
  #between(kind: number, from: AnyPid, to: SignalTarget): void {
    if (!(to instanceof Pid)) {
      this.#head(kind + targetForm.name, serialOf(from))
      return writer.name(to as string)
    }
    const isKnownLife = to.creation === this.remote?.creation
    this.#head(isKnownLife ? kind : kind + targetForm.life, serialOf(from))
    writer.whole(serialOf(to))
    if (!isKnownLife) writer.whole(to.creation)
  }

  #message(message: unknown): void {
    this.#expected = writer.message(message, this, this.#expected)
  }
}

/** @throws E_MESSAGE_INVALID while a message is being written */
function refuseWithin(): void {
  if (isWriting) throw invalid('it is sent while another message is being read')
}

/** The writer keeps nothing alive that is somebody else's, or large. */
function release(): void {
  writer.begin(scratch, 0, 0, scratchMemory)
  written.buffer = scratch
}

/** The size of a message. */
export interface MessageMeasure {
  /** Values in it: every element, field, key of a map and the containers themselves. */
  readonly nodes: number
  /** Bytes on the wire, by itself. */
  readonly bytes: number
  /** About what it takes on the heap of the receiver. */
  readonly heapBytes: number
}

/**
 * Measures a message as if it were sent to another node.
 * @throws E_MESSAGE_INVALID where it cannot be sent, naming the place
 */
export function measureMessage(message: unknown, bounds?: MessageBounds): MessageMeasure {
  const encoder = new SignalEncoder({ name: '', creation: 0 }, bounds)
  try {
    const { length } = encoder.encode({ kind: 'reply', ref: 0, value: message })
    return { nodes: writer.nodes, bytes: length - replyHeadBytes, heapBytes: writer.heapBytes }
  } finally {
    if (!isWriting) release()
  }
}

const replyHeadBytes = 2

type WatchingKind = 'link' | 'unlink' | 'unlinkAck' | 'monitor' | 'stop' | 'exit'

function serialOf(pid: AnyPid): number {
  exportPid(pid)
  return pid.serial
}

function invalid(problem: string): Error {
  return runtimeError('E_MESSAGE_INVALID', { problem, path: 'its root' })
}

function tooLarge(): Error {
  return invalid(`it takes more than ${limits.signalBytesMax} bytes`)
}
