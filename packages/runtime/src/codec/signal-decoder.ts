/** Bytes to signals, for one ordered stream. Whatever comes in, what goes out is a signal or one coded error. */

import { Unpackr } from 'msgpackr'
import type { NodeLife } from '../carrier.ts'
import { runtimeError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { AnyPid } from '../pid.ts'
import { Ref } from '../ref.ts'
import type { Signal, SignalTarget } from '../signal.ts'
import { type PidSource, Raising, WireError, whole } from './raise.ts'
import { signalKind } from './signal-kind.ts'

// Without structured clones: a hundred bytes of references to references would be data that takes years to walk.
function createUnpackr(): Unpackr {
  return new Unpackr({ sequential: true, structuredClone: false } as ConstructorParameters<typeof Unpackr>[0])
}

export class SignalDecoder {
  readonly #unpackr = createUnpackr()
  readonly #source: PidSource
  readonly #peer: NodeLife
  readonly #raising: Raising
  #lastFrom: AnyPid | undefined

  constructor(source: PidSource, peer: NodeLife) {
    this.#source = source
    this.#peer = peer
    this.#raising = new Raising(source, peer)
  }

  /**
   * Reads the one signal that lies between `start` and `end`. What it holds does not refer to `bytes` afterwards.
   * @throws E_SIGNAL_INVALID where it is not what an encoder wrote; the stream cannot go on then
   */
  decode(bytes: Uint8Array, start = 0, end: number = bytes.length): Signal {
    return this.#decode(this.#unpackr, bytes, start, end)
  }

  /**
   * Reads a signal that was packed alone, independent of the stream. The bytes are the decoder's from here on: large
   * ones within the message are views of them.
   * @throws E_SIGNAL_INVALID
   */
  decodeAlone(bytes: Uint8Array): Signal {
    this.#raising.ownedBytes = bytes.length
    try {
      return this.#decode(createUnpackr(), bytes, 0, bytes.length)
    } finally {
      this.#raising.ownedBytes = 0
    }
  }

  #decode(unpackr: Unpackr, bytes: Uint8Array, start: number, end: number): Signal {
    try {
      return this.#signal(unpackr.unpack(bytes, { start, end }))
    } catch (error) {
      const problem = error instanceof WireError ? error.message : 'bytes that are no MessagePack'
      throw runtimeError('E_SIGNAL_INVALID', { node: this.#peer.name, problem }, error)
    }
  }

  #signal(value: unknown): Signal {
    if (!Array.isArray(value)) throw new WireError('a signal that is no array')
    const kind: unknown = value[0]
    const first: unknown = value[1]
    const second: unknown = value[2]
    const third: unknown = value[3]
    const fourth: unknown = value[4]
    switch (kind) {
      case signalKind.send:
        return { kind: 'send', from: this.#from(first), to: this.#target(second), message: this.#value(third) }
      case signalKind.cast:
        return { kind: 'cast', from: this.#from(first), to: this.#target(second), request: this.#value(third) }
      case signalKind.aliasSend:
        return {
          kind: 'aliasSend',
          from: this.#from(first),
          to: this.#alias(second, third),
          message: this.#value(fourth),
        }
      case signalKind.reply:
        return { kind: 'reply', ref: whole(first), value: this.#value(second) }
      case signalKind.demonitor:
        return { kind: 'demonitor', ref: whole(first) }
      case signalKind.down:
        return { kind: 'down', ref: whole(first), reason: this.#value(second) }
      default:
        return this.#between(kind, this.#from(first), this.#target(second), third, fourth)
    }
  }

  #between(kind: unknown, from: AnyPid, to: SignalTarget, third: unknown, fourth: unknown): Signal {
    switch (kind) {
      case signalKind.call:
        return { kind: 'call', from, to, ref: whole(third), request: this.#value(fourth) }
      case signalKind.stop:
        return { kind: 'stop', from, to, ref: whole(third), reason: this.#value(fourth) }
      case signalKind.monitor:
        return { kind: 'monitor', from, to, ref: whole(third) }
      case signalKind.link:
        return { kind: 'link', from, to: this.#pid(to) }
      case signalKind.unlink:
        return { kind: 'unlink', from, to: this.#pid(to), id: whole(third) }
      case signalKind.unlinkAck:
        return { kind: 'unlinkAck', from, to: this.#pid(to), id: whole(third) }
      case signalKind.exit:
        return { kind: 'exit', from, to, reason: this.#value(third), linked: fourth === true }
      default:
        throw new WireError('an unknown kind of signal')
    }
  }

  // Many signals in a row come from one process.
  #from(serial: unknown): AnyPid {
    const last = this.#lastFrom
    if (last !== undefined && last.serial === serial) return last
    const pid = this.#source.pidOf(this.#peer.name, this.#peer.creation, whole(serial))
    this.#lastFrom = pid
    return pid
  }

  #target(target: unknown): SignalTarget {
    if (typeof target === 'string') {
      if (target.length > limits.nameBytesMax) throw new WireError('a name that is too long')
      return target
    }
    const [serial, creation] = Array.isArray(target) ? target : [target, this.#source.creation]
    return this.#source.pidOf(this.#source.name, whole(creation), whole(serial))
  }

  #alias(id: unknown, creation: unknown): Ref {
    return new Ref(this.#source.name, whole(creation), whole(id))
  }

  #pid(target: SignalTarget): AnyPid {
    if (typeof target === 'string') throw new WireError('a link to a name')
    return target
  }

  #value(value: unknown): unknown {
    return this.#raising.raise(value, 0)
  }
}
