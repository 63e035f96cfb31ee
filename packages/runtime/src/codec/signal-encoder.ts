/** Signals to bytes, for one ordered stream: shapes of objects are sent once and then referred to. */

import { Packr, RESERVE_START_SPACE, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr'
import type { NodeLife } from '../carrier.ts'
import { BarrelError, runtimeError } from '../errors.ts'
import { limits } from '../limits.ts'
import { type AnyPid, Pid } from '../pid.ts'
import { exportPid } from '../process/process.ts'
import type { Signal, SignalTarget } from '../signal.ts'
import { type Ends, Lowering } from './lower.ts'
import { signalKind } from './signal-kind.ts'

/** The buffer of msgpackr, and where in it the packed bytes lie, until something else is packed. */
export type Packed = Buffer & { readonly start: number; readonly end: number }

// msgpackr hands out its own buffer, and begins at the same place of it the next time.
const inPlace = REUSE_BUFFER_MODE | RESET_BUFFER_MODE | RESERVE_START_SPACE

function createPackr(): Packr {
  return new Packr({ sequential: true, useToJSON: false } as ConstructorParameters<typeof Packr>[0])
}

export class SignalEncoder implements Ends {
  readonly #packr = createPackr()
  readonly #lowering = new Lowering(this)
  #broken = false
  readonly local: NodeLife
  /** The life at the other end, once it is known: its pids are written short from then on. */
  remote: NodeLife | undefined = undefined

  constructor(local: NodeLife) {
    this.local = local
  }

  /**
   * The bytes of one signal after `headroom` free ones, at most 255, for the carrier's frame: a view that holds
   * until the next call.
   * @throws E_MESSAGE_INVALID where the message cannot be encoded; the stream goes on as if it had not been given
   */
  encode(signal: Signal, headroom = 0): Uint8Array {
    const packed = this.pack(this.lower(signal), headroom)
    return packed.subarray(packed.start, packed.end)
  }

  /** About how many bytes the signal has that was lowered last: text may take up to three times of what is meant here. */
  get bytesAbout(): number {
    return this.#lowering.bytesAbout
  }

  /** The bytes of what `lower` gave, as `encode` gives them, where they lie. */
  pack(lowered: unknown[], headroom: number): Packed {
    if (this.#broken) throw runtimeError('E_ENCODER_BROKEN')
    try {
      return this.#packr.pack(lowered, inPlace | headroom) as Packed
    } catch (error) {
      // Shapes may have been noted that the other end will never see.
      this.#broken = true
      throw error instanceof BarrelError ? error : runtimeError('E_ENCODER_BROKEN', {}, error)
    }
  }

  /**
   * The same, independent of what was encoded before and after: for `decodeAlone`. The bytes are the caller's; they lie
   * in `buffer` where they fit into it.
   * @throws E_MESSAGE_INVALID where it is larger than a signal may be
   */
  packAlone(lowered: unknown[], buffer?: Buffer): Uint8Array {
    const bytes = buffer === undefined ? createPackr().pack(lowered) : packInto(buffer, lowered)
    if (bytes.length <= limits.signalBytesMax) return bytes
    const problem = `it takes ${bytes.length} bytes, more than ${limits.signalBytesMax},`
    throw runtimeError('E_MESSAGE_INVALID', { problem, path: 'its root' })
  }

  /**
   * What will be packed, or is refused. The message is read once; it must be packed before it can change.
   * @throws E_MESSAGE_INVALID
   */
  lower(signal: Signal): unknown[] {
    this.#lowering.begin()
    const kind = signalKind[signal.kind]
    switch (signal.kind) {
      case 'send':
        return [kind, serialOf(signal.from), this.#target(signal.to), this.#lowering.lower(signal.message)]
      case 'aliasSend':
        return [kind, serialOf(signal.from), signal.to.id, signal.to.creation, this.#lowering.lower(signal.message)]
      case 'cast':
        return [kind, serialOf(signal.from), this.#target(signal.to), this.#lowering.lower(signal.request)]
      case 'call':
        return [kind, serialOf(signal.from), this.#target(signal.to), signal.ref, this.#lowering.lower(signal.request)]
      case 'stop':
        return [kind, serialOf(signal.from), this.#target(signal.to), signal.ref, this.#lowering.lower(signal.reason)]
      case 'reply':
        return [kind, signal.ref, this.#lowering.lower(signal.value)]
      case 'link':
        return [kind, serialOf(signal.from), this.#target(signal.to)]
      case 'unlink':
      case 'unlinkAck':
        return [kind, serialOf(signal.from), this.#target(signal.to), signal.id]
      case 'monitor':
        return [kind, serialOf(signal.from), this.#target(signal.to), signal.ref]
      case 'demonitor':
        return [kind, signal.ref]
      case 'down':
        return [kind, signal.ref, this.#lowering.lower(signal.reason)]
      case 'exit':
        return [
          kind,
          serialOf(signal.from),
          this.#target(signal.to),
          this.#lowering.lower(signal.reason),
          signal.linked,
        ]
      default:
        return signal satisfies never
    }
  }

  /** A name, a serial, or a serial with the creation of a life that is not known to be the one at the other end. */
  #target(target: SignalTarget): string | number | [number, number] {
    if (!(target instanceof Pid)) return target as string
    exportPid(target)
    return target.creation === this.remote?.creation ? target.serial : [target.serial, target.creation]
  }
}

function packInto(buffer: Buffer, lowered: unknown[]): Uint8Array {
  const packr = createPackr()
  packr.useBuffer(buffer)
  try {
    return packr.pack(lowered)
  } finally {
    // msgpackr has one buffer for the whole OS process: who packs next must not write into ours.
    packr.useBuffer(Buffer.allocUnsafeSlow(8 * 1024))
  }
}

function serialOf(pid: AnyPid): number {
  exportPid(pid)
  return pid.serial
}
