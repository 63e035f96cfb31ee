/** Bytes to signals, for one flow. Whatever comes in, what goes out is a signal or one coded error. */

import type { NodeLife } from '../../carrier.ts'
import { runtimeError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { AnyPid } from '../../pid.ts'
import { AliasRef } from '../../ref.ts'
import type { Signal, SignalTarget } from '../../signal.ts'
import { type MessageBounds, messageBoundsDefaults } from '../bounds.ts'
import type { PidSource } from '../pid-source.ts'
import { Malformed, OverBounds } from '../refusals.ts'
import type { Known } from './flow-reader.ts'
import { KnownShapes } from './known-shapes.ts'
import { KnownTexts } from './known-texts.ts'
import { signalKind, targetForm } from './signal-kind.ts'
import { ValueReader } from './value-reader.ts'

const reader = new ValueReader()
const kindMask = 0x0f
const nothing = Buffer.alloc(0)

export class SignalDecoder implements Known {
  readonly source: PidSource
  readonly peer: NodeLife
  readonly bounds: MessageBounds
  readonly texts: KnownTexts = new KnownTexts()
  readonly shapes: KnownShapes = new KnownShapes()
  ownedBytes = 0
  #lastFrom: AnyPid | undefined
  #refusal: string | undefined
  #heapBytes = 0

  constructor(source: PidSource, peer: NodeLife, bounds: MessageBounds = messageBoundsDefaults) {
    this.source = source
    this.peer = peer
    this.bounds = bounds
  }

  /** About what the last message takes on the heap, in bytes. */
  get heapBytes(): number {
    return this.#heapBytes
  }

  /** Why the last message was refused for what it would cost; undefined where it was not. */
  get refusal(): string | undefined {
    return this.#refusal
  }

  /**
   * Reads the one signal that lies between `start` and `end`. What it holds does not refer to `bytes` afterwards. One
   * whose message costs more than the bounds allow comes without the message, and `refusal` says why.
   * @throws E_SIGNAL_INVALID where it is not what an encoder writes; the flow cannot go on then
   */
  decode(bytes: Uint8Array, start = 0, end: number = bytes.length): Signal {
    this.#refusal = undefined
    this.texts.begin()
    reader.beginSignal(bytes, start, end)
    try {
      const signal = this.#signal()
      if (reader.at !== end) throw new Malformed('more than one signal')
      this.#heapBytes = reader.heapBytes
      return signal
    } catch (error) {
      const problem = error instanceof Malformed ? error.message : 'bytes that cannot be read'
      throw runtimeError('E_SIGNAL_INVALID', { node: this.peer.name, problem }, error)
    }
  }

  /**
   * Reads a signal that was encoded alone, independent of the flow. The bytes are the decoder's from here on: large
   * ones within the message are views of them.
   * @throws E_SIGNAL_INVALID
   */
  decodeAlone(bytes: Uint8Array): Signal {
    const alone = new SignalDecoder(this.source, this.peer, this.bounds)
    alone.ownedBytes = bytes.length
    try {
      return alone.decode(bytes)
    } finally {
      this.#refusal = alone.#refusal
      this.#heapBytes = alone.#heapBytes
      // The reader must not keep the last message alive.
      reader.begin(nothing, 0, 0)
    }
  }

  #signal(): Signal {
    const head = reader.byte()
    const form = head & ~kindMask
    const kind = head & kindMask
    if (form !== 0 && !isTargeted(kind, form)) throw new Malformed('an unknown kind of signal')
    const first = reader.whole()
    switch (kind) {
      case signalKind.send:
        return { kind: 'send', from: this.#from(first), to: this.#target(form), message: this.#message() }
      case signalKind.cast:
        return { kind: 'cast', from: this.#from(first), to: this.#target(form), request: this.#message() }
      case signalKind.call:
        return {
          kind: 'call',
          from: this.#from(first),
          to: this.#target(form),
          ref: reader.whole(),
          request: this.#message(),
        }
      case signalKind.reply:
        return { kind: 'reply', ref: first, value: this.#message() }
      case signalKind.down:
        return { kind: 'down', ref: first, reason: this.#message() }
      case signalKind.demonitor:
        return { kind: 'demonitor', ref: first }
      case signalKind.aliasSend:
        return { kind: 'aliasSend', from: this.#from(first), to: this.#alias(), message: this.#message() }
      default:
        return this.#watching(kind, this.#from(first), this.#target(form))
    }
  }

  #watching(kind: number, from: AnyPid, to: SignalTarget): Signal {
    switch (kind) {
      case signalKind.stop:
        return { kind: 'stop', from, to, ref: reader.whole(), reason: this.#message() }
      case signalKind.monitor:
        return { kind: 'monitor', from, to, ref: reader.whole() }
      case signalKind.link:
        return { kind: 'link', from, to: pidOnly(to) }
      case signalKind.unlink:
        return { kind: 'unlink', from, to: pidOnly(to), id: reader.whole() }
      case signalKind.unlinkAck:
        return { kind: 'unlinkAck', from, to: pidOnly(to), id: reader.whole() }
      case signalKind.exit: {
        const linked = reader.byte()
        if (linked > 1) throw new Malformed('an exit that is neither of a link nor of none')
        return { kind: 'exit', from, to, reason: this.#message(), linked: linked === 1 }
      }
      default:
        throw new Malformed('an unknown kind of signal')
    }
  }

  // Many signals in a row come from one process.
  #from(serial: number): AnyPid {
    const last = this.#lastFrom
    if (last !== undefined && last.serial === serial) return last
    const pid = this.source.pidOf(this.peer.name, this.peer.creation, serial)
    this.#lastFrom = pid
    return pid
  }

  #target(form: number): SignalTarget {
    if (form === targetForm.name) {
      const name = reader.plainText()
      if (name.length > limits.nameBytesMax) throw new Malformed('a name that is too long')
      return name
    }
    const serial = reader.whole()
    const creation = form === targetForm.life ? reader.whole() : this.source.creation
    return this.source.pidOf(this.source.name, creation, serial)
  }

  // The key of an earlier life opens nothing in this one.
  #alias(): AliasRef {
    const { name, creation } = this.source
    return new AliasRef(name, creation, reader.whole(), reader.wide())
  }

  /** Reads over a refused message for its definitions: the next signals refer to them. */
  #passOver(start: number, textsMark: number, shapesMark: number): void {
    reader.heapBytes = 0
    // No signal follows one that is alone.
    if (this.ownedBytes > 0) reader.at = reader.end
    else {
      this.texts.rollBack(textsMark)
      this.shapes.rollBack(shapesMark)
      reader.at = start
      reader.skip()
    }
  }

  #message(): unknown {
    const { at } = reader
    const textsMark = this.texts.mark
    const shapesMark = this.shapes.mark
    try {
      return reader.message(this)
    } catch (error) {
      if (!(error instanceof OverBounds)) throw error
      this.#refusal = error.message
      this.#passOver(at, textsMark, shapesMark)
      return undefined
    }
  }
}

function isTargeted(kind: number, form: number): boolean {
  if (form !== targetForm.name && form !== targetForm.life) return false
  return (
    kind !== signalKind.reply &&
    kind !== signalKind.down &&
    kind !== signalKind.demonitor &&
    kind !== signalKind.aliasSend
  )
}

function pidOnly(target: SignalTarget): AnyPid {
  if (typeof target === 'string') throw new Malformed('a link to a name')
  return target
}
